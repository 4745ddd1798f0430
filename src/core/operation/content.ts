/** Reads the content of what a lazy plan has found: large entities are found without it, since a page of them is too much at a time. */
import type { Filter } from '../language/filter.ts';
import { compileFilter } from '../language/matches/matches.ts';
import type { Entity } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import type { Store, Stored } from '../port/store.ts';

/**
 * What was found, with its content. A large entity is read as it is now: undefined when it has gone since it was found, or is not
 * what is looked for any more.
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
