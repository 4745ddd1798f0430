/** Reads the entities of the catalogue from the store of a call: only what the caller may see. */
import { createHash, type Hash } from 'node:crypto';
import { anyOfTypes, type Filter } from '../../core/language/filter.ts';
import { Problem } from '../../core/model/problem.ts';
import { createContentOf } from '../../core/operation/content.ts';
import type { CallContext } from '../../core/operation/operation.ts';
import type { Stored } from '../../core/port/store.ts';
import { type Dataset, isPublic, nameDatasets } from './dataset.ts';
import { describe, type Description } from './description.ts';
import type { IrisOf } from './terms.ts';

/** The types of the entities that describe data. */
const types = ['Catalogue', 'Dataset', 'Distribution', 'DataService', 'Agent'] as const;
type Type = (typeof types)[number];

export interface Catalogue {
  /** The description of the catalogue itself: the oldest entity of its type. Absent: there is none. */
  readonly about?: Description;
  /** All datasets that the caller may see, in the order of creation. */
  readonly datasets: readonly Dataset[];
  /** Those of the public catalogue. */
  readonly published: readonly Dataset[];
  /** The distributions of a dataset that the data officer describes, in the order of creation. */
  readonly distributionsOf: (about: Description) => readonly Description[];
  readonly services: readonly Description[];
  /** By id. */
  readonly agents: ReadonlyMap<string, Description>;
  /** Changes when any of these entities, or what the caller may see of it, changes. */
  readonly version: string;
}

/** Most entities that a catalogue is made of, and most bytes that they take in memory together. */
const [entitiesMax, bytesMax] = [10_000, 64 * 2 ** 20];
const pageSize = 1000;

/** Throws TooManyResults when more entities describe data than a catalogue can be made of. */
export async function readCatalogue(
  call: Pick<CallContext, 'store' | 'now' | 'services'>,
  irisOf: IrisOf,
): Promise<Catalogue> {
  const { yieldToEventLoop } = call.services;
  const byType = new Map<Type, Description[]>(types.map((type) => [type, []]));
  const hash = createHash('sha256');
  for await (const stored of entitiesOf(call, types.flatMap(irisOf))) {
    const pause = yieldToEventLoop();
    if (pause) await pause;
    const entity = stored.entity();
    addVersion(hash, stored);
    for (const type of types)
      if (irisOf(type).some((iri) => entity.types.includes(iri))) byType.get(type)?.push(describe(entity, irisOf));
  }
  const of = (type: Type): readonly Description[] => byType.get(type) ?? [];
  const [about] = of('Catalogue');
  const datasets = nameDatasets(of('Dataset'));
  return {
    ...(about ? { about } : undefined),
    datasets,
    published: datasets.filter((dataset) => isPublic(dataset.about)),
    distributionsOf: indexDistributions(of('Distribution')),
    services: of('DataService'),
    agents: new Map(of('Agent').map((agent) => [agent.id, agent])),
    version: hash.digest('base64url'),
  };
}

/** A dataset names its distributions, or they name the dataset. */
function indexDistributions(all: readonly Description[]): Catalogue['distributionsOf'] {
  const places = new Map(all.map((one, place) => [one.id, place]));
  const belonging = all.flatMap((one, place) => one.texts('belongsToDataset').map((dataset) => ({ dataset, place })));
  const byDataset = Map.groupBy(belonging, ({ dataset }) => dataset);
  return ({ id, texts }) => {
    const named = texts('distribution').flatMap((distribution) => places.get(distribution) ?? []);
    const found = new Set([...named, ...(byDataset.get(id) ?? []).map(({ place }) => place)]);
    return [...found].sort((a, b) => a - b).flatMap((place) => all[place] ?? []);
  };
}

/** All entities of some types, in the order of creation. */
async function* entitiesOf(
  call: Pick<CallContext, 'store' | 'now' | 'services'>,
  iris: readonly string[],
): AsyncGenerator<Stored> {
  const filter: Filter = { selectors: [{ types: anyOfTypes([...new Set(iris)]) }] };
  const content = createContentOf(filter, call);
  let bytes = 0;
  for await (const stored of foundOf(filter, call)) {
    const known = await content(stored);
    if (!known) continue;
    yield known;
    bytes += known.held ?? 0;
    if (bytes > bytesMax) throw noRoom(`More than ${bytesMax} bytes`);
  }
}

/** What a lazy plan finds, page by page. */
async function* foundOf(filter: Filter, { store, now }: Pick<CallContext, 'store' | 'now'>): AsyncGenerator<Stored> {
  const plan = { filter, now, limit: pageSize, isLazy: true };
  let after: number | undefined;
  for (let count = 0; ; ) {
    const found = await store.find({ ...plan, ...(after === undefined ? {} : { after }) });
    yield* found;
    count += found.length;
    after = found.at(-1)?.cursor;
    if (found.length < pageSize) return;
    if (count >= entitiesMax) throw noRoom(`More than ${entitiesMax} entities`);
  }
}

const noRoom = (what: string): Problem =>
  new Problem('TooManyResults', `${what} describe data; a catalogue has no room for them.`);

/** Adds what tells whether an entity reads as before. Where that depends on the time, it is the content itself. */
export function addVersion(hash: Hash, stored: Stored): void {
  const { id, version, part = '', isPart = false } = stored;
  hash.update(JSON.stringify([id, version, part, isPart ? stored.entity() : null]));
}
