/** Queries histories with entity maps: makes a map of all histories that match, or reads one page of a map (clauses 5.5.14, 5.7.4.4). */
import { type EntityMap, type EntityMapContent, type EntitySources, here } from '../../federation/entity-map.ts';
import { Problem } from '../../model/problem.ts';
import { histories } from '../../port/histories.ts';
import { entitiesMax } from '../distributed/ask-sources.ts';
import { registrationsForRead } from '../distributed/distributed-read.ts';
import {
  candidatesIn,
  makeEntityMap,
  type MapRequest,
  mapInUse,
  mapReference,
  pruneEntityMap,
} from '../distributed/entity-maps.ts';
import { type Checked, filterOf, idsHere, idsNamed, readMappedPage } from '../distributed/mapped-page.ts';
import type { CallContext, FoundMap, Page } from '../operation.ts';
import type { readPaging } from '../parameters.ts';
import { historiesElsewhere, type HistoryReading, type SourceHistories } from './distributed-history.ts';

/** The histories of one page. */
interface MappedHistories {
  /** In the order of the page. */
  readonly ids: readonly string[];
  /** What sources have of them. Undefined: nothing. */
  readonly elsewhere: SourceHistories | undefined;
  readonly page: Page;
  readonly entityMap: FoundMap;
}

interface Asking {
  readonly asked: MapRequest;
  readonly pages: ReturnType<typeof readPaging>;
}

/** The page of the map that the request names, or the page of a new map. */
export async function findMapped(
  reading: HistoryReading,
  { asked, pages }: Asking,
  call: CallContext,
): Promise<MappedHistories> {
  const known = await mapInUse(asked, call);
  if (known) return pageOfMap(known, reading, { asked, pages, call });
  const { limit, offset, isCounted } = pages;
  const { map, elsewhere } = await mapHistories(reading, asked, call);
  const { size } = map.entities;
  return {
    ids: [...map.entities.keys()].slice(offset, offset + limit),
    elsewhere,
    page: { limit, offset, hasMore: size > offset + limit, ...(isCounted ? { count: size } : undefined) },
    entityMap: mapReference(map, asked, true),
  };
}

/** Makes a map of all histories that match. */
export async function mapHistories(
  reading: HistoryReading,
  asked: Pick<MapRequest, 'lifetime'>,
  call: CallContext,
): Promise<{ readonly map: EntityMap; readonly elsewhere: SourceHistories | undefined }> {
  const { entityMapLifetime } = reading.params;
  const makes = entityMapLifetime === undefined ? {} : { entityMapLifetime };
  const elsewhere = await historiesElsewhere({ ...reading, makes }, call);
  return { map: await mapWith(elsewhere, reading, { asked, call }), elsewhere };
}

/** Makes a map of what sources have, and of all histories at this broker that match. */
export async function mapWith(
  elsewhere: SourceHistories | undefined,
  reading: HistoryReading,
  { asked, call }: { readonly asked: Pick<MapRequest, 'lifetime'>; readonly call: CallContext },
): Promise<EntityMap> {
  const sources = new Map<string, readonly string[]>();
  for (const id of await idsFound(reading, call)) sources.set(id, [here]);
  for (const [id, others] of elsewhere?.sources ?? []) sources.set(id, [...(sources.get(id) ?? []), ...others]);
  if (sources.size > entitiesMax)
    throw new Problem('TooManyResults', `An entity map has at most ${entitiesMax} entities; narrow the query.`);
  const { linked = {} } = elsewhere ?? {};
  const entities = ordered(sources, reading.params['orderBy']);
  return makeEntityMap({ entities, linked, temporal: intervalOf(reading) }, asked, call);
}

/** By id, as merged histories are. */
const ordered = (sources: EntitySources, orderBy: string | undefined): EntitySources => {
  const sorted = [...sources].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(orderBy?.endsWith('desc') === true ? sorted.reverse() : sorted);
};

/** The interval that histories must have an instance in. */
const intervalOf = ({ parts: { temporal } }: HistoryReading): string => {
  const { timerel, timeAt, endTimeAt, timeproperty } = temporal;
  return JSON.stringify([timerel, timeAt, endTimeAt, timeproperty]);
};

/** The ids of the histories at this broker that match. */
async function idsFound({ filter, parts }: HistoryReading, call: CallContext): Promise<readonly string[]> {
  const { rollup: _rollup, ...all } = parts;
  const ids: string[] = [];
  for await (const { id } of histories({ filter, parts: { ...all, limitEach: 1 } }, entitiesMax + 1, call)) {
    ids.push(id);
    if (ids.length > entitiesMax) break;
  }
  return ids;
}

async function pageOfMap(
  map: EntityMap,
  reading: HistoryReading,
  { asked, pages, call }: Asking & { readonly call: CallContext },
): Promise<MappedHistories> {
  const { limit, offset, isCounted } = pages;
  const isLocal = (await registrationsForRead(reading.params, call, 'history')) === undefined;
  const candidates = candidatesIn(map, { ids: idsNamed(reading.filter), isLocal });
  const parts: SourceHistories[] = [];
  const keepsAll = map.temporal !== intervalOf(reading);
  const { places, gone } = await readMappedPage({ candidates, map, keepsAll }, pages, async (part) => {
    const { elsewhere, ...checked } = await checkPart(part, reading, call);
    if (elsewhere) parts.push(elsewhere);
    return checked;
  });
  await pruneEntityMap(map.id, gone, call);
  return {
    ids: places.slice(0, limit).flatMap((one) => one?.id ?? []),
    elsewhere: joined(parts),
    page: {
      limit,
      offset,
      hasMore: places.length > limit,
      ...(isCounted ? { count: candidates.length - gone.size } : undefined),
    },
    entityMap: mapReference(map, asked, false),
  };
}

type CheckedHistories = Checked<{ readonly id: string }> & { readonly elsewhere?: SourceHistories | undefined };

/** The entities of the part that have a history that matches. */
async function checkPart(
  part: EntityMapContent,
  reading: HistoryReading,
  call: CallContext,
): Promise<CheckedHistories> {
  const elsewhere = await historiesElsewhere({ ...reading, map: part }, call);
  const own = filterOf(reading.filter, idsHere(part));
  const local = own ? await idsFound({ ...reading, filter: own }, call) : [];
  const found = [...new Set([...local, ...(elsewhere?.sources.keys() ?? [])])].map((id) => ({ id }));
  return { found, failed: elsewhere?.failed ?? new Set(), elsewhere };
}

/** What sources have of several parts of a map. */
function joined(parts: readonly SourceHistories[]): SourceHistories | undefined {
  const [first, ...others] = parts;
  if (!first || others.length === 0) return first;
  return {
    ...first,
    warnings: [...new Set(parts.flatMap(({ warnings }) => warnings))],
    async merged(local, ids) {
      const found = new Map(local.map((one) => [one.id, one]));
      for (const part of parts) for (const one of await part.merged([...found.values()], ids)) found.set(one.id, one);
      return [...found.values()];
    },
  };
}
