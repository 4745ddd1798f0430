/** A change as somebody sees it who may not see everything. */
import type { Change } from '../model/change.ts';
import type { Entity } from '../model/entity.ts';

/**
 * The part of a change that `see` lets through: the entity with the attributes that may be seen, and the changes of these.
 * Undefined when the entity itself may not be seen. What is hidden can then neither match nor be told.
 */
export function visibleChange<Seen extends Change>(
  change: Seen,
  see: (entity: Entity) => Entity | undefined,
): Seen | undefined {
  const entity = see(change.entity);
  if (!entity) return undefined;
  // Attributes that are gone are asked for by name: the entity after the change has them no more.
  const gone = Object.fromEntries(change.attrs.map(({ name }) => [name, []]));
  const named = see({ ...change.entity, attrs: { ...gone, ...change.entity.attrs } });
  return {
    ...change,
    entity,
    attrs: change.attrs.filter(({ name }) => named !== undefined && Object.hasOwn(named.attrs, name)),
  };
}
