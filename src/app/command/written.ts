/** Extracts from an answer what a client may write: every member that a client can set, without the members that only brokers set. */
import { valueMember } from '../../core/model/attribute.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';

/** Members that brokers generate and do not accept from clients (CIM 009 clauses 4.5.2, 4.8). */
const outputs = new Set(['createdAt', 'modifiedAt', 'deletedAt', 'instanceId']);
/** The content of these members belongs to the client, whatever names it contains. */
const opaque: ReadonlySet<string> = new Set(Object.values(valueMember));

/**
 * Converts an entity, or its temporal representation, to the form in which a client writes it. The answer must come with
 * `options=sysAttrs`, because only then are all members present, including `expiresAt`.
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

/** The parts of an entity that have not expired at a time, in milliseconds since 1970; undefined when the whole entity has expired. */
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
