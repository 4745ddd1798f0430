/** Limits the size of an entity, because the cost of a write grows with the whole entity. */
import { type Attributes, valueMember } from './attribute.ts';
import type { Entity } from './entity.ts';
import { isArray, isObject, type Json, type JsonObject } from './json.ts';
import { badData } from './problem.ts';
import type { Mutated } from './apply-draft.ts';

/** The maximum number of types of an entity. Its attributes are counted once per type. */
const typesMax = 100;
/** The maximum number of scopes of an entity. Queries check every scope. */
const scopesMax = 100;

/**
 * The given result, or a refusal (BadRequestData, which names the limit) when the entity would exceed the maximum of attributes, types or
 * scopes. An entity that already exceeds a limit can still be changed, but cannot grow.
 */
export function refuseGrowth(mutated: Mutated, before: Entity | undefined, attributesMax: number): Mutated {
  const { next } = mutated;
  if (!next) return mutated;
  if (next.types.length > Math.max(typesMax, before?.types.length ?? 0))
    return refused(`The entity ${next.id} would have more than ${typesMax} types.`);
  if (countScopes(next) > Math.max(scopesMax, before ? countScopes(before) : 0))
    return refused(`The entity ${next.id} would have more than ${scopesMax} scopes.`);
  const count = countAttributes(next.attrs);
  if (count <= attributesMax || (before && count <= countAttributes(before.attrs))) return mutated;
  return refused(
    `The entity ${next.id} would have more than ${attributesMax} attributes, counted with all instances and sub-attributes (--attributes-max).`,
  );
}

/** The maximum number of members of an entity or attribute that are not attributes. */
const otherMembers = 20;

const valueMembers = new Set<string>(Object.values(valueMember));

/** True for the JSON of an attribute. Other objects with many members may be values. */
function hasValue(object: JsonObject): boolean {
  for (const name of valueMembers) if (name in object) return true;
  return false;
}

/**
 * Throws BadRequestData when the JSON of an entity, or of a part of it, has more attributes or sub-attributes than an entity can have. It
 * runs before the attributes are read one by one.
 */
export function refuseManyMembers(json: Json | undefined, { attributesMax }: { readonly attributesMax: number }): void {
  if (!isObject(json)) return;
  const most = attributesMax + otherMembers;
  const isTooMany = (object: Json | undefined): boolean => isObject(object) && Object.keys(object).length > most;
  const isFull = (member: Json): boolean =>
    isArray(member) ? member.some(isFull) : isObject(member) && hasValue(member) && isTooMany(member);
  if (isTooMany(json) || Object.values(json).some(isFull))
    throw badData(`The body, or a part of it, names more than ${attributesMax} attributes (--attributes-max).`);
}

const countScopes = ({ scope }: Entity): number => (Array.isArray(scope) ? scope.length : 1);

const refused = (detail: string): Mutated => ({ outcome: { status: 'refused', problem: badData(detail).report } });

/** Counts all instances, sub-attributes included. Every write calls this. A loop avoids allocations. */
function countAttributes(attrs: Attributes): number {
  let count = 0;
  for (const name in attrs) {
    for (const { attrs: inner } of attrs[name] ?? []) count += 1 + (inner ? countAttributes(inner) : 0);
  }
  return count;
}
