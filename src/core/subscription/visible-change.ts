/** Restricts a change to what a principal may see. */
import type { Change } from '../model/change.ts';
import type { Entity } from '../model/entity.ts';

/**
 * The part of a change that `see` lets through: the entity with its visible attributes, and the changes of these. Undefined when the entity
 * itself is not visible. Hidden parts can then neither match nor be notified.
 */
export function visibleChange<Seen extends Change>(
  change: Seen,
  see: (entity: Entity) => Entity | undefined,
): Seen | undefined {
  const entity = see(change.entity);
  if (!entity) return undefined;
  // Deleted attributes are asked for by name, because the entity after the change no longer has them.
  const gone = Object.fromEntries(change.attrs.map(({ name }) => [name, []]));
  const named = see({ ...change.entity, attrs: { ...gone, ...change.entity.attrs } });
  return {
    ...change,
    entity,
    attrs: change.attrs.filter(({ name }) => named !== undefined && Object.hasOwn(named.attrs, name)),
  };
}
