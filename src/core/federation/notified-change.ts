/**
 * Reads what context sources notify (clauses 5.3.1, 5.8.6): entities in normalized form, with deleted attributes and previous values. The
 * log of notified changes keeps them in the same form, with expanded names.
 */
import { type Instance, type Kind, kinds, ngsildNull, nullOf, valueMember } from '../model/attribute.ts';
import type { AttributeChange, Change } from '../model/change.ts';
import { instanceOf } from '../model/dataset.ts';
import type { Entity, Terms } from '../model/entity.ts';
import { type Instant, isInstant } from '../model/instant.ts';
import { isArray, isObject, type Json, type JsonObject, sameJson } from '../model/json.ts';
import { badData, unreadable } from '../model/problem.ts';
import { isEntityMember } from '../model/read/entity.ts';
import type { LogRecord, Position } from '../port/store.ts';
import { expandedTerms } from './expanded-terms.ts';
import { readCopy } from './read-copy.ts';

/** A change that a source notified to one subscription. `entity` is what `readNotified` reads. */
export const notifiedJson = (onlyFor: string, at: Instant, entity: JsonObject): Json => ({ onlyFor, at, entity });

/** The record of a document that `notifiedJson` made. Throws ResourceNotFound for other JSON. */
export function notifiedRecord(json: Json, position: Position): LogRecord {
  const { onlyFor, at, entity } = isObject(json) ? json : {};
  if (typeof onlyFor !== 'string' || !isInstant(at) || !isObject(entity))
    throw unreadable('A notification of a context source');
  return { ...readNotified(entity, expandedTerms, at), position, onlyFor };
}

/** What became of one instance of an attribute. */
interface Part {
  /** The instance as it is now. Absent: it was deleted. */
  readonly present?: Json;
  /** The instance as it was before, with its previous value. */
  readonly previous?: JsonObject;
  /** Of a deleted instance without a previous value. */
  readonly gone?: Instance;
}

/** The change of an entity of a notification. A time that it does not say is `now`. Throws BadRequestData. */
export function readNotified(json: Json, terms: Terms, now: Instant): Change {
  if (!isObject(json)) throw badData('An entity of a notification must be an object.');
  const { deletedAt } = json;
  const isDeleted = isInstant(deletedAt);
  const attributes = Object.entries(json).filter(([name]) => !isEntityMember(name));
  const parts = attributes.map(([name, member]) => [name, listOf(member).map(partOf)] as const);
  const [present, previous] = (['present', 'previous'] as const).map((which) =>
    Object.fromEntries(
      parts.flatMap(([name, list]) => {
        const shown = list.flatMap((part) => part[which] ?? []);
        return shown.length === 0 ? [] : [[name, shown.length === 1 ? (shown[0] ?? null) : shown] as const];
      }),
    ),
  );
  const head = Object.fromEntries(Object.entries(json).filter(([name]) => isEntityMember(name)));
  const after = readCopy({ ...head, ...present }, terms, now);
  const before = readCopy({ ...head, ...previous }, terms, now);
  const gone = parts.map(([name, list]) => [terms.expand(name), list.flatMap((part) => part.gone ?? [])] as const);
  const entity = isDeleted ? before : after;
  return {
    id: entity.id,
    at: isDeleted ? deletedAt : now,
    event: isDeleted ? 'deleted' : 'updated',
    entity,
    attrs: [...changesOf(before, after), ...gone.flatMap(([name, list]) => list.map((one) => lost(name, one)))],
    scopeChanged: false,
  };
}

/** Several instances of an attribute are an array of objects. */
const listOf = (member: Json): readonly Json[] =>
  isArray(member) && member.length > 0 && member.every(isObject) ? member : [member];

const previousOf = (member: string): string => `previous${member.charAt(0).toUpperCase()}${member.slice(1)}`;

function partOf(json: Json): Part {
  if (json === ngsildNull) return { gone: { kind: 'Property', value: ngsildNull } };
  if (!isObject(json)) return { present: json };
  const kind = kindOf(json);
  const member = valueMember[kind];
  const { [previousOf(member)]: previous, deletedAt: _deletedAt, ...present } = json;
  const before = previous === undefined ? {} : { previous: { ...present, [member]: previous } };
  const { [member]: value = null, datasetId } = json;
  if (value !== ngsildNull && !sameJson(value, nullOf(kind))) return { present, ...before };
  if (previous !== undefined) return before;
  return { gone: { kind, value, ...(typeof datasetId === 'string' ? { datasetId } : undefined) } };
}

const kindOf = ({ type }: JsonObject): Kind => kinds.find((kind) => kind === type) ?? 'Property';

/** The changes of the instances whose previous values are known. */
const changesOf = (before: Entity, after: Entity): readonly AttributeChange[] =>
  Object.entries(before.attrs).flatMap(([name, instances]) =>
    instances.map((was): AttributeChange => {
      const is = instanceOf(after.attrs[name] ?? [], was.datasetId);
      return is ? { ...placeOf(name, was), event: 'updated', before: was, after: is } : lost(name, was);
    }),
  );

const lost = (name: string, before: Instance): AttributeChange => ({
  ...placeOf(name, before),
  event: 'deleted',
  before,
});

const placeOf = (name: string, { datasetId }: Instance): Pick<AttributeChange, 'name' | 'datasetId'> => ({
  name,
  ...(datasetId === undefined ? undefined : { datasetId }),
});
