/** Entities as clients write them: with everything that the standard lets a client say, and without what only brokers say. */
import { valueMember } from '../../core/model/attribute.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';

/** What brokers say of entities and attributes by themselves, and do not take from others (CIM 009 clauses 4.5.2, 4.8). */
const outputs = new Set(['createdAt', 'modifiedAt', 'deletedAt', 'instanceId']);
/** Their content is the client's own, whatever the names in it. */
const opaque: ReadonlySet<string> = new Set(Object.values(valueMember));

/**
 * An entity, or the temporal representation of one, out of an answer with `options=sysAttrs`: only with it are all members
 * there, `expiresAt` among them.
 */
export const asWritten = (entity: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(entity)
      .filter(([name]) => !outputs.has(name))
      .map(([name, attribute]) => [name, attributeAsWritten(attribute)]),
  );

function attributeAsWritten(attribute: Json): Json {
  if (isArray(attribute)) return attribute.map(attributeAsWritten);
  return isObject(attribute) ? instanceAsWritten(attribute) : attribute;
}

const instanceAsWritten = (instance: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(instance)
      .filter(([name]) => !outputs.has(name))
      .map(([name, member]) => [name, opaque.has(name) ? member : attributeAsWritten(member)]),
  );

/** What is left of an entity at a moment, in milliseconds since 1970: undefined when all of it has expired. */
export function unexpired(entity: JsonObject, nowMs: number): JsonObject | undefined {
  if (hasExpired(entity, nowMs)) return undefined;
  const kept = Object.entries(entity).flatMap(([name, member]): [string, Json][] => {
    if (opaque.has(name) && !('id' in entity)) return [[name, member]];
    if (isObject(member)) {
      const left = unexpired(member, nowMs);
      return left === undefined ? [] : [[name, left]];
    }
    if (!isArray(member) || !member.some(isObject)) return [[name, member]];
    const [first, ...others] = member.flatMap((one) => (isObject(one) ? (unexpired(one, nowMs) ?? []) : one));
    if (first === undefined) return [];
    return [[name, others.length === 0 ? first : [first, ...others]]];
  });
  return Object.fromEntries(kept);
}

const hasExpired = ({ expiresAt }: JsonObject, nowMs: number): boolean =>
  typeof expiresAt === 'string' && Date.parse(expiresAt) <= nowMs;
