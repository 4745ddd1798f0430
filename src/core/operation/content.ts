/**
 * Loads the content of the results of a lazy plan. A lazy plan finds large entities without their content, because a page of them is too
 * large to hold at once.
 */
import type { Filter } from '../language/filter.ts';
import { compileFilter } from '../language/matches/matches.ts';
import type { Entity } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import type { Memory } from '../port/memory.ts';
import type { Store, Stored } from '../port/store.ts';

/**
 * A result with its content. A large entity is read in its present state: undefined when it was deleted since it was found, or does not
 * match the filter any more.
 */
export type ContentOf = (stored: Stored) => Stored | Promise<Stored | undefined>;

interface ContentSource {
  readonly store: Store;
  readonly now: Instant;
  readonly services: { readonly memory: Pick<Memory, 'discardEntity'> };
}

export function createContentOf(filter: Filter, { store, now, services }: ContentSource): ContentOf {
  let compiled: ((entity: Entity) => boolean) | undefined;
  const matches = (entity: Entity): boolean => (compiled ??= compileFilter(filter))(entity);
  return (stored) => {
    if (stored.size === undefined) return stored;
    const { id, version, size } = stored;
    return store.get(id, now).then((found) => {
      services.memory.discardEntity(size);
      const isSame = found?.version === version && found.isPart !== true;
      return found && (isSame || matches(found.entity())) ? found : undefined;
    });
  };
}

/** Bytes of large entities that are in memory together. */
const partBytes = 4 * 2 ** 20;

/** The results with their content, in parts of which the large entities have about `partBytes` bytes at most. */
export async function* contentInParts(found: readonly Stored[], content: ContentOf): AsyncGenerator<readonly Stored[]> {
  let part: Stored[] = [];
  let bytes = 0;
  for (const stored of found) {
    const { size = 0 } = stored;
    if (part.length > 0 && bytes + size > partBytes) {
      yield part;
      [part, bytes] = [[], 0];
    }
    const whole = await content(stored);
    if (whole) part.push(whole);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
