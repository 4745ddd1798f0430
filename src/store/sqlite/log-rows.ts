/** The form in which changes lie in the table `log`: the entity's text, and what cannot be told from it. */
import type { Instance } from '../../core/model/attribute.ts';
import type { AttributeChange, Change } from '../../core/model/change.ts';
import type { Entity } from '../../core/model/entity.ts';
import { type Instant, instantOf, microsOfInstant } from '../../core/model/instant.ts';
import { instanceOf } from '../../core/model/stamp.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { entityIn, logRestIn } from './own-text.ts';

export interface LogRow {
  readonly position: Position;
  readonly at: number;
  /** The place in `events`. */
  readonly event: number;
  readonly doc: string;
  readonly rest: string | null;
}

const events = ['created', 'updated', 'deleted'] as const;

/** What is not in the entity. Left out: `attrs` when all its instances were created or deleted, a time in its shortest form. */
export interface LogRest {
  readonly attrs?: readonly LoggedAttribute[];
  readonly scopeChanged?: true;
  readonly at?: Instant;
}

/** A change of an attribute. Left out: an `after` that is the entity's instance of that name and dataset. */
type LoggedAttribute = AttributeChange;

/** `doc` is the JSON text of `change.entity`. */
export function logRowOf(change: Change, doc: string): Omit<LogRow, 'position'> {
  const { at, event, scopeChanged } = change;
  const micros = microsOfInstant(at);
  const rest: LogRest = {
    ...(isWhole(change) ? undefined : { attrs: change.attrs.map((one) => withoutKnown(one, change.entity)) }),
    ...(scopeChanged ? { scopeChanged } : undefined),
    ...(instantOf(micros) === at ? undefined : { at }),
  };
  const text = JSON.stringify(rest);
  return { at: micros, event: events.indexOf(event), doc, rest: text === '{}' ? null : text };
}

/** True when the changes are those of `wholeChanges`. */
function isWhole({ event, entity, attrs }: Change): boolean {
  if (event === 'updated') return false;
  const instances = Object.values(entity.attrs).flat();
  const side = event === 'created' ? 'after' : 'before';
  return attrs.length === instances.length && attrs.every((one, index) => one[side] === instances[index]);
}

/** Every instance of an entity as created, or as deleted, with the entity. */
function wholeChanges({ attrs }: Entity, event: 'created' | 'deleted'): readonly AttributeChange[] {
  return Object.entries(attrs).flatMap(([name, instances]) =>
    instances.map((instance) => ({
      name,
      ...(instance.datasetId === undefined ? undefined : { datasetId: instance.datasetId }),
      event,
      ...(event === 'created' ? { after: instance } : { before: instance }),
    })),
  );
}

function withoutKnown(change: AttributeChange, entity: Entity): LoggedAttribute {
  const { after, ...rest } = change;
  return after !== undefined && after === known(change, entity) ? rest : change;
}

function withKnown(change: LoggedAttribute, entity: Entity): AttributeChange {
  if (change.after !== undefined || change.event === 'deleted') return change;
  const after = known(change, entity);
  return after ? { ...change, after } : change;
}

const known = ({ name, datasetId }: LoggedAttribute, entity: Entity): Instance | undefined =>
  instanceOf(Object.hasOwn(entity.attrs, name) ? entity.attrs[name] : undefined, datasetId);

/** The record of a row. */
export function recordIn({ position, at, event, doc, rest }: LogRow): LogRecord {
  const entity = entityIn(doc);
  const { attrs, scopeChanged = false, at: exactAt = instantOf(at) } = rest === null ? {} : logRestIn(rest);
  const what = events[event] ?? 'updated';
  const changes = attrs?.map((one) => withKnown(one, entity)) ?? (what === 'updated' ? [] : wholeChanges(entity, what));
  return { position, id: entity.id, at: exactAt, event: what, entity, attrs: changes, scopeChanged };
}
