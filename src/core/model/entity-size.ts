/** Bounds what an entity may grow to: every write to it costs as much as the whole of it. */
import type { Attributes } from './attribute.ts';
import type { Entity } from './entity.ts';
import { isArray, isObject, type Json } from './json.ts';
import { badData } from './problem.ts';
import type { Mutated } from './settle.ts';

/** Most types of an entity: its attributes are counted for each of them. */
const typesMax = 100;
/** Most scopes of an entity: queries look at each. */
const scopesMax = 100;

/**
 * What came of a mutation; a refusal (BadRequestData, which names the bound) where the entity would have more attributes, types or scopes than it may, and
 * more than before: one that was so before may be changed, and become smaller.
 */
export function refuseLarger(mutated: Mutated, before: Entity | undefined, attributesMax: number): Mutated {
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

/** Members of an entity and of an attribute that are no attributes, at most. */
const otherMembers = 20;

/**
 * Throws BadRequestData where the JSON of an entity, or of a part of one, names more attributes or sub-attributes than an entity
 * may have, before they are read one by one.
 */
export function refuseManyMembers(json: Json | undefined, { attributesMax }: { readonly attributesMax: number }): void {
  if (!isObject(json)) return;
  const most = attributesMax + otherMembers;
  const isTooMany = (object: Json | undefined): boolean => isObject(object) && Object.keys(object).length > most;
  const isFull = (member: Json): boolean =>
    isArray(member)
      ? member.some(isFull)
      : isObject(member) && ('value' in member || 'object' in member) && isTooMany(member);
  if (isTooMany(json) || Object.values(json).some(isFull))
    throw badData(`The body, or a part of it, names more than ${attributesMax} attributes (--attributes-max).`);
}

const countScopes = ({ scope }: Entity): number => (Array.isArray(scope) ? scope.length : 1);

const refused = (detail: string): Mutated => ({ outcome: { status: 'refused', problem: badData(detail).report } });

/** All instances, of sub-attributes too. Every write asks for this: a loop, so that nothing is allocated. */
function countAttributes(attrs: Attributes): number {
  let count = 0;
  for (const name in attrs) {
    for (const { attrs: inner } of attrs[name] ?? []) count += 1 + (inner ? countAttributes(inner) : 0);
  }
  return count;
}
