/**
 * Loads the content of the results of a lazy plan. A lazy plan finds large entities without their content, because a page of them is too
 * large to hold at once.
 */
import type { Filter } from '../language/filter.ts';
import { compileFilter } from '../language/matches/matches.ts';
import type { Entity } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import type { Store, Stored } from '../port/store.ts';

/**
 * A result with its content. A large entity is read in its present state: undefined when it was deleted since it was found, or does not
 * match the filter any more.
 */
export type ContentOf = (stored: Stored) => Stored | Promise<Stored | undefined>;

export function createContentOf(filter: Filter, { store, now }: { store: Store; now: Instant }): ContentOf {
  let compiled: ((entity: Entity) => boolean) | undefined;
  const matches = (entity: Entity): boolean => (compiled ??= compileFilter(filter))(entity);
  return (stored) => {
    if (stored.size === undefined) return stored;
    const { id, version } = stored;
    return store.get(id, now).then((found) => {
      const isSame = found?.version === version && found.isPart !== true;
      return found && (isSame || matches(found.entity())) ? found : undefined;
    });
  };
}
