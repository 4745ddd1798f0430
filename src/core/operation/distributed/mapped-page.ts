/** Reads one page of an entity map: checks its entities again, and fills the page (clause 5.5.9.3). Pure, but for what it calls. */
import { type EntityMapContent, here, idsAt } from '../../federation/entity-map.ts';
import type { EntitySelector, Filter } from '../../language/filter.ts';
import { compilePattern } from '../../language/pattern/pattern.ts';

/** What became of some entities of a map. */
export interface Checked<Found> {
  readonly found: readonly Found[];
  /** Registrations whose sources failed: entities that they have may still fit. */
  readonly failed: ReadonlySet<string>;
}

/** A page, with one more place when there is more. */
export interface MappedPage<Found> {
  /** Undefined: an entity that could not be checked, and keeps its place. */
  readonly places: readonly (Found | undefined)[];
  /** Entities that do not fit the query any more. */
  readonly gone: ReadonlySet<string>;
}

/** Fewest entities that are checked together: some of them may not fit. */
const leastAtOnce = 10;

/**
 * Reads the page from the candidates, which are ids in the order of the map. `keepsAll`: an entity that does not fit keeps its place, because
 * the request is about another interval than the map.
 */
export async function readMappedPage<Found extends { readonly id: string }>(
  { candidates, map, keepsAll }: { candidates: readonly string[]; map: EntityMapContent; keepsAll: boolean },
  { limit, offset }: { readonly limit: number; readonly offset: number },
  check: (part: EntityMapContent) => Promise<Checked<Found>>,
): Promise<MappedPage<Found>> {
  const places: (Found | undefined)[] = [];
  const gone = new Set<string>();
  const wanted = limit === 0 ? 0 : limit + 1;
  for (let next = offset; places.length < wanted && next < candidates.length; ) {
    const ids = candidates.slice(next, next + Math.max(leastAtOnce, wanted - places.length));
    next += ids.length;
    const part = partOf(map, ids);
    const { found, failed } = await check(part);
    const byId = new Map(found.map((one) => [one.id, one]));
    for (const [id, sources] of part.entities) {
      const one = byId.get(id);
      if (one || keepsAll || sources.some((source) => failed.has(source))) places.push(one);
      else gone.add(id);
    }
  }
  return { places: places.slice(0, wanted), gone };
}

const partOf = ({ entities, ...map }: EntityMapContent, ids: readonly string[]): EntityMapContent => ({
  ...map,
  entities: new Map(ids.map((id) => [id, entities.get(id) ?? []])),
});

/** The filter for these entities. Undefined when it can match none of them. */
export function filterOf({ selectors = [{}], ...filter }: Filter, ids: readonly string[]): Filter | undefined {
  const narrowed = joinOfAnyId(selectors).flatMap((selector) => {
    const both = ids.filter(compileIds(selector));
    const { idPattern: _idPattern, ...rest } = selector;
    return both.length === 0 ? [] : [{ ...rest, ids: both }];
  });
  return narrowed.length === 0 ? undefined : { ...filter, selectors: narrowed };
}

/** One selector stands for all that allow any id, so that the ids are not repeated for each. */
function joinOfAnyId(selectors: readonly EntitySelector[]): readonly EntitySelector[] {
  const open = selectors.filter(({ ids, idPattern }) => !ids && !idPattern);
  if (open.length < 2) return selectors;
  const parts = open.flatMap(({ types }) => types ?? []);
  const joined: EntitySelector = parts.length < open.length ? {} : { types: { op: 'or', parts } };
  return [joined, ...selectors.filter((one) => one.ids ?? one.idPattern)];
}

function compileIds({ ids, idPattern }: EntitySelector): (id: string) => boolean {
  if (ids) {
    const named = new Set(ids);
    return (id) => named.has(id);
  }
  return idPattern ? compilePattern(idPattern.source) : () => true;
}

/** The ids that the filter names. Undefined: it names none, and any id may match. */
export const idsNamed = ({ selectors = [{}] }: Filter): ReadonlySet<string> | undefined =>
  selectors.every(({ ids }) => ids !== undefined) ? new Set(selectors.flatMap(({ ids = [] }) => ids)) : undefined;

/** The entities of this broker in the part of a map. */
export const idsHere = (map: EntityMapContent): readonly string[] => idsAt({ id: here }, map);
