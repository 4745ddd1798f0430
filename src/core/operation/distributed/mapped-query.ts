/** Answers queries of entities with entity maps: makes a map with all results, or reads one page of a map (clauses 5.5.14, 5.7.2.4). */
import { type EntityMap, type EntityMapContent, type EntitySources, here } from '../../federation/entity-map.ts';
import type { Filter } from '../../language/filter.ts';
import type { Order } from '../../language/order.ts';
import { Problem } from '../../model/problem.ts';
import type { Stored } from '../../port/store.ts';
import type { CallContext, FoundMap, Page } from '../operation.ts';
import { findOrdered } from '../ordered.ts';
import type { readPaging } from '../parameters.ts';
import { entitiesMax } from './ask-sources.ts';
import { queryMerged, type Reading } from './distributed-read.ts';
import { candidatesIn, makeEntityMap, type MapRequest, mapInUse, mapReference, pruneEntityMap } from './entity-maps.ts';
import { type Checked, filterOf, idsHere, idsNamed, readMappedPage } from './mapped-page.ts';

/** What a query is about, beside the call. */
export interface MappedReading extends Omit<Reading, 'index' | 'map' | 'makes'> {
  /** Absent: only this broker is asked. */
  readonly index: Reading['index'] | undefined;
  readonly order: Order | undefined;
}

/** One page of results. */
interface MappedResult {
  readonly found: readonly Stored[];
  readonly page: Page;
  readonly warnings: readonly string[];
  readonly entityMap: FoundMap;
}

type Pages = ReturnType<typeof readPaging>;

/** The page of the map that the request names, or the page of a new map. */
export async function queryMapped(
  reading: MappedReading,
  { asked, pages }: { readonly asked: MapRequest; readonly pages: Pages },
  call: CallContext,
): Promise<MappedResult> {
  const known = await mapInUse(asked, call);
  if (known) return pageOfMap(known, { reading, asked, pages }, call);
  const { limit, offset, isCounted } = pages;
  const { map, first, warnings } = await mapQuery(reading, { asked, most: limit === 0 ? 0 : offset + limit }, call);
  const count = isCounted ? { count: map.entities.size } : undefined;
  return {
    found: first.slice(offset),
    page: { limit, offset, hasMore: map.entities.size > offset + limit, ...count },
    warnings,
    entityMap: mapReference(map, asked, true),
  };
}

/** Makes a map with all results. `most`: how many of the results are returned too. */
export async function mapQuery(
  reading: MappedReading,
  { asked, most }: { readonly asked: MapRequest; readonly most: number },
  call: CallContext,
): Promise<{ readonly map: EntityMap; readonly first: readonly Stored[]; readonly warnings: readonly string[] }> {
  const { index } = reading;
  const { entityMapLifetime } = reading.params;
  const makes = entityMapLifetime === undefined ? {} : { entityMapLifetime };
  const merged = index && (await queryMerged({ ...reading, index, makes }, call));
  if (!merged) {
    const { ids, first } = await findHere(reading, most, call);
    const content = { entities: new Map(ids.map((id) => [id, [here]])), linked: {} };
    return { map: await makeEntityMap(content, asked, call), first, warnings: [] };
  }
  const { found, sources, linked, warnings } = merged;
  const entities: EntitySources = new Map(found.map(({ id }) => [id, sources.get(id) ?? []]));
  return { map: await makeEntityMap({ entities, linked }, asked, call), first: found.slice(0, most), warnings };
}

/** Entities that are read from the store at the same time. */
const atOnce = 500;

/** The ids of all results at this broker, and the first results. */
async function findHere(
  { filter, order }: Pick<MappedReading, 'filter' | 'order'>,
  most: number,
  call: CallContext,
): Promise<{ readonly ids: readonly string[]; readonly first: readonly Stored[] }> {
  const plan = { filter, now: call.now, isLazy: true };
  const ids: string[] = [];
  const first: Stored[] = [];
  if (order) {
    const sorted = await findOrdered({ ...plan, limit: entitiesMax + 1 }, order, call);
    ids.push(...sorted.map(({ id }) => id));
    first.push(...sorted.slice(0, most));
  }
  for (let after: number | undefined, isDone = order !== undefined; !isDone && ids.length <= entitiesMax; ) {
    const found = await call.store.find({ ...plan, limit: atOnce, ...(after === undefined ? undefined : { after }) });
    for (const stored of found) {
      if (first.length < most) first.push(stored);
      ids.push(stored.id);
    }
    after = found.at(-1)?.cursor;
    isDone = found.length < atOnce;
  }
  if (ids.length > entitiesMax)
    throw new Problem('TooManyResults', `An entity map has at most ${entitiesMax} entities; narrow the query.`);
  return { ids, first };
}

interface Using {
  readonly reading: MappedReading;
  readonly asked: MapRequest;
  readonly pages: Pages;
}

async function pageOfMap(map: EntityMap, { reading, asked, pages }: Using, call: CallContext): Promise<MappedResult> {
  const { limit, offset, isCounted } = pages;
  const candidates = candidatesIn(map, { ids: idsNamed(reading.filter), isLocal: reading.index === undefined });
  const warnings = new Set<string>();
  const { places, gone } = await readMappedPage({ candidates, map, keepsAll: false }, pages, async (part) => {
    const checked = await checkPart(part, reading, call);
    for (const one of checked.warnings) warnings.add(one);
    return checked;
  });
  await pruneEntityMap(map.id, gone, call);
  return {
    found: places.slice(0, limit).filter((one) => one !== undefined),
    page: {
      limit,
      offset,
      hasMore: places.length > limit,
      ...(isCounted ? { count: candidates.length - gone.size } : undefined),
    },
    warnings: [...warnings],
    entityMap: mapReference(map, asked, false),
  };
}

/** The entities of the part that still fit the query. */
async function checkPart(
  part: EntityMapContent,
  { filter, index, ...reading }: MappedReading,
  call: CallContext,
): Promise<Checked<Stored> & { readonly warnings: readonly string[] }> {
  const merged = index && (await queryMerged({ ...reading, filter, index, map: part }, call));
  if (merged) return merged;
  const own: Filter | undefined = filterOf(filter, idsHere(part));
  const plan = { now: call.now, limit: part.entities.size, isLazy: true };
  return { found: own ? await call.store.find({ ...plan, filter: own }) : [], failed: new Set(), warnings: [] };
}
