/** Takes out of data what names a subject. What does not name it is returned as the same object. */
import type { AttributeChange, Change } from '../change.ts';
import type { Attributes, Instance } from '../attribute.ts';
import type { Entity } from '../entity.ts';
import { isArray, isObject, type Json, type JsonObject } from '../json.ts';
import type { Named } from './named.ts';

/**
 * Without the texts that name the subject: elements of arrays and members of objects that hold them go, and an array or object that becomes
 * empty goes too. Undefined: nothing is left.
 */
export function withoutNamed(json: Json, isNamed: Named): Json | undefined {
  if (typeof json === 'string') return isNamed(json) ? undefined : json;
  if (isArray(json)) return arrayWithoutNamed(json, isNamed);
  return isObject(json) ? objectWithoutNamed(json, isNamed) : json;
}

function arrayWithoutNamed(json: readonly Json[], isNamed: Named): Json | undefined {
  const rest = json.flatMap((one) => {
    const left = withoutNamed(one, isNamed);
    return left === undefined ? [] : [left];
  });
  if (rest.length === json.length && rest.every((one, index) => one === json[index])) return json;
  return rest.length === 0 ? undefined : rest;
}

function objectWithoutNamed(json: JsonObject, isNamed: Named): JsonObject | undefined {
  const members = Object.entries(json);
  const rest = members.flatMap(([name, value]): [string, Json][] => {
    const left = isNamed(name) ? undefined : withoutNamed(value, isNamed);
    return left === undefined ? [] : [[name, left]];
  });
  if (rest.length === members.length && rest.every(([, value], index) => value === members[index]?.[1])) return json;
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}

/** What instances in all places have in common. `value` is absent where a store keeps it elsewhere: it is a number then. */
interface InstanceMembers {
  readonly kind?: Instance['kind'];
  readonly value?: Json;
  readonly attrs?: Attributes;
}

/** An instance without what names the subject. Undefined: its value or its dataset names it, and nothing of the instance is left. */
export function redactInstance<Members extends InstanceMembers>(
  instance: Members,
  isNamed: Named,
): Members | undefined {
  const { value, attrs } = instance;
  const left = value === undefined ? undefined : withoutNamed(value, isNamed);
  if (left === undefined && value !== undefined) return undefined;
  const named = Object.entries(instance).filter(([, text]) => typeof text === 'string' && isNamed(text));
  if (named.some(([name]) => name !== 'value')) return undefined;
  const rest = attrs && redactAttributes(attrs, isNamed);
  if (left === value && rest === attrs) return instance;
  return {
    ...instance,
    ...(left === undefined ? undefined : { value: left }),
    ...(rest ? { attrs: rest } : undefined),
  };
}

/** Attributes without the instances that name the subject. The same object when there are none. */
function redactAttributes(attrs: Attributes, isNamed: Named): Attributes {
  let isSame = true;
  const rest: Record<string, readonly Instance[]> = {};
  for (const [name, instances] of Object.entries(attrs)) {
    const left = instances.flatMap((one) => redactInstance(one, isNamed) ?? []);
    isSame &&= left.length === instances.length && left.every((one, index) => one === instances[index]);
    if (left.length > 0) rest[name] = left;
  }
  return isSame ? attrs : rest;
}

/** An entity whose id does not name the subject, without what names it. The same object when nothing does. */
export function redactEntity(entity: Entity, isNamed: Named): Entity {
  const attrs = redactAttributes(entity.attrs, isNamed);
  const { scope: before, owner, ...members } = entity;
  const scope = before === undefined ? undefined : textsWithoutNamed(before, isNamed);
  const isOwned = owner !== undefined && !isNamed(owner);
  if (attrs === entity.attrs && scope === before && isOwned === (owner !== undefined)) return entity;
  return { ...members, ...(scope === undefined ? undefined : { scope }), ...(isOwned ? { owner } : undefined), attrs };
}

function textsWithoutNamed(texts: string | readonly string[], isNamed: Named): string | readonly string[] | undefined {
  if (typeof texts === 'string') return isNamed(texts) ? undefined : texts;
  const rest = texts.filter((text) => !isNamed(text));
  return rest.length === texts.length ? texts : rest.length === 0 ? undefined : rest;
}

/** The id of the entity of changes that were erased. It has no types and no attributes, so that no subscription is about it. */
const erasedId = 'urn:ngsi-ld:Erased';

/** The name of a dataset that was erased, by a number of it: it may be a key of the store. */
export const erasedName = (number: number): string => `${erasedId}:${number}`;

/** What stands in a log for a change that was erased: an update of nothing, which is notified to nobody. Its position stays. */
export const erasedChange = (at: Change['at']): Change => ({
  id: erasedId,
  at,
  event: 'updated',
  entity: { id: erasedId, types: [], createdAt: at, attrs: {} },
  attrs: [],
  scopeChanged: false,
});

/** A change without what names the subject. The same object when nothing does. */
export function redactChange(change: Change, isNamed: Named): Change {
  if (isNamed(change.id)) return erasedChange(change.at);
  const entity = redactEntity(change.entity, isNamed);
  const attrs = change.attrs.flatMap((one) => redactAttributeChange(one, isNamed));
  const isSame = attrs.length === change.attrs.length && attrs.every((one, index) => one === change.attrs[index]);
  return entity === change.entity && isSame ? change : { ...change, entity, attrs };
}

function redactAttributeChange(change: AttributeChange, isNamed: Named): readonly AttributeChange[] {
  const { before, after } = change;
  if (change.datasetId !== undefined && isNamed(change.datasetId)) return [];
  const was = before && redactInstance(before, isNamed);
  const is = after && redactInstance(after, isNamed);
  return was === before && is === after ? [change] : changeBetween(was, is, change);
}

/** The change with these sides. None when the side is gone that the event is about. */
function changeBetween(
  before: Instance | undefined,
  after: Instance | undefined,
  { name, datasetId, event }: AttributeChange,
): readonly AttributeChange[] {
  const known = { name, ...(datasetId === undefined ? undefined : { datasetId }) };
  if (event === 'deleted') return before ? [{ ...known, event, before }] : [];
  if (!after) return [];
  return before ? [{ ...known, event, before, after }] : [{ ...known, event: 'created', after }];
}
