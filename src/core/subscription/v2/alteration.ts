/** Decides whether a change is one of those that a v2 subscription asks for: `alterationTypes`, `attrs`, `notifyOnMetadataChange`. */
import type { AttributeChange, Change } from '../../model/change.ts';
import { sameJson } from '../../model/json.ts';
import type { AlterationType } from '../../v2/subscription/subscription.ts';

export interface AlterationCondition {
  readonly alterationTypes: ReadonlySet<AlterationType>;
  /** Expanded names. Absent: any attribute. */
  readonly watched?: ReadonlySet<string>;
  readonly notifyOnMetadataChange: boolean;
}

/** What made the notification necessary; undefined when the change is none that is asked for. */
export function alterationOf(change: Change, condition: AlterationCondition): AlterationType | undefined {
  const { alterationTypes: asked } = condition;
  if (change.event === 'deleted') return asked.has('entityDelete') ? 'entityDelete' : undefined;
  const written = change.attrs.filter(({ name }) => condition.watched?.has(name) ?? true);
  if (condition.watched && written.length === 0) return undefined;
  if (change.event === 'created') return asked.has('entityCreate') ? 'entityCreate' : undefined;
  const event = written.some((one) => counts(one, condition)) ? 'entityChange' : 'entityUpdate';
  return asked.has(event) || asked.has('entityUpdate') ? event : undefined;
}

/** True when an attribute is another one than before: in its value or type, or in its metadata if these count. */
export function counts(
  { event, before, after }: AttributeChange,
  { notifyOnMetadataChange }: Pick<AlterationCondition, 'notifyOnMetadataChange'>,
): boolean {
  if (event === 'rewritten') return false;
  if (event !== 'updated' || notifyOnMetadataChange || !before || !after) return true;
  return before.kind !== after.kind || before.valueType !== after.valueType || !sameJson(before.value, after.value);
}
