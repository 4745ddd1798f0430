/**
 * Measures a store alone, without HTTP. By hand: node test/perf/store.ts [entities] [sqlite|mongo]. For mongo, MLAKA_MONGO_URL names the
 * replica set; `node test/mongo/replica-set-process.ts` runs one and prints its URL.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createYieldToEventLoop } from '../../src/app/process.ts';
import type { Filter, Query } from '../../src/core/language/filter.ts';
import type { Write } from '../../src/core/language/write.ts';
import type { EntityFragment } from '../../src/core/model/entity.ts';
import { instantOf } from '../../src/core/model/instant.ts';
import type { PastInstance, Store, Stores } from '../../src/core/port/store.ts';
import { openMongoStores } from '../../src/store/mongo/stores.ts';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';
import { createTestDatabases } from '../mongo/database.ts';

const total = Number(process.argv[2] ?? 100_000);
const isRemote = process.argv[3] === 'mongo';
const { stores, sizeOf, remove } = await (isRemote ? openMongo() : openSqlite());
const store = await openDefault();
/** Calls of reads: those that cross a network are fewer. */
const reads = isRemote ? 5000 : 100_000;

const iri = (name: string): string => `https://smartdatamodels.org/dataModel.Streetlighting/${name}`;
const idOf = (n: number): string => `urn:ngsi-ld:Streetlight:kranj:${String(n).padStart(8, '0')}`;
const now = (): string => instantOf(Date.now() * 1000);
const say = (what: string, figure: string): void => console.log(`${what.padEnd(58)} ${figure}`);

interface Opened {
  readonly stores: Stores;
  /** Bytes on the disk, once the stores are closed. */
  readonly sizeOf: () => number | undefined;
  readonly remove: () => Promise<void>;
}

function openSqlite(): Promise<Opened> {
  const directory = mkdtempSync(join(tmpdir(), 'mlaka-perf-'));
  return Promise.resolve({
    stores: createSqliteStores({ directory, yieldToEventLoop: createYieldToEventLoop() }),
    sizeOf: () => statSync(join(directory, 'default.db')).size,
    remove: () => {
      rmSync(directory, { recursive: true });
      return Promise.resolve();
    },
  });
}

async function openMongo(): Promise<Opened> {
  const { url, drop } = createTestDatabases();
  return { stores: await openMongoStores({ url }), sizeOf: () => undefined, remove: drop };
}

async function openDefault(): Promise<Store> {
  const found = await stores.open('', true);
  if (!found) throw new Error('The default tenant is not there.');
  return found;
}

/** About 1 kB of JSON. */
function streetlight(n: number): EntityFragment {
  const observedAt = instantOf(1_767_225_600_000_000 + n * 1000);
  return {
    types: [iri('Streetlight')],
    attrs: {
      [iri('powerState')]: [{ kind: 'Property', value: n % 10 === 0 ? 'off' : 'on', observedAt }],
      [iri('illuminanceLevel')]: [{ kind: 'Property', value: n % 1000, observedAt, unitCode: 'LUX' }],
      [iri('lanternHeight')]: [{ kind: 'Property', value: 10, unitCode: 'MTR' }],
      [iri('location')]: [
        {
          kind: 'GeoProperty',
          value: { type: 'Point', coordinates: [14.3 + (n % 317) / 3170, 46.2 + (n % 313) / 3130] },
        },
      ],
      [iri('refStreetlightGroup')]: [{ kind: 'Relationship', value: `urn:ngsi-ld:StreetlightGroup:kranj:${n % 500}` }],
      [iri('description')]: [{ kind: 'Property', value: 'A lamp beside the road. '.repeat(12) }],
    },
  };
}

const creation = (n: number): Write => ({ mutation: { op: 'create', id: idOf(n), entity: streetlight(n) } });
const patch = (n: number, value: number): Write => ({
  mutation: {
    op: 'partialUpdate',
    id: idOf(n),
    attr: iri('illuminanceLevel'),
    fragments: [{ value, observedAt: instantOf(1_777_225_600_000_000 + value * 1_000_000) }],
  },
});

/** Keeps `concurrency` calls under way. Answers calls per second and the delay of the event loop at its worst. */
async function pressed(calls: number, concurrency: number, call: (n: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const start = performance.now();
  const run = async (): Promise<void> => {
    while (next < calls) await call(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, run));
  return calls / ((performance.now() - start) / 1000);
}

/** The median and the worst of some calls, in milliseconds. */
async function timed(calls: number, call: (n: number) => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let n = 0; n < calls; n += 1) {
    const start = performance.now();
    await call(n);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return `${(times[Math.floor(calls / 2)] ?? 0).toFixed(2)} ms median, ${(times.at(-1) ?? 0).toFixed(2)} ms worst`;
}

async function measureWrites(): Promise<void> {
  const rate = await pressed(total, 64, (n) => store.apply([creation(n)], now()));
  say(`create, ${total} entities, 64 at a time`, `${rate.toFixed(0)}/s`);
  const updates = await pressed(20_000, 64, (n) => store.apply([patch((n * 7919) % total, n)], now()));
  say('partial update, anywhere, 64 at a time', `${updates.toFixed(0)}/s`);
  const single = await pressed(500, 1, (n) => store.apply([patch(n, n + 30_000)], now()));
  say('partial update, one at a time', `${single.toFixed(0)}/s`);
  const batches = await pressed(20, 2, (n) =>
    store.apply(
      Array.from({ length: 1000 }, (_, k) => creation(total + n * 1000 + k)),
      now(),
    ),
  );
  say('create in batches of 1,000', `${(batches * 1000).toFixed(0)}/s`);
}

async function measureReads(): Promise<void> {
  const rate = await pressed(reads, 1, (n) => store.get(idOf((n * 7919) % total), now()));
  say('get by id', `${rate.toFixed(0)}/s`);
  const parsed = await pressed(reads, 1, async (n) => (await store.get(idOf((n * 7919) % total), now()))?.entity());
  say('get by id, parsed', `${parsed.toFixed(0)}/s`);
  const beside = pressed(10_000, 64, (n) => store.apply([patch((n * 104_729) % total, n + 50_000)], now()));
  const busy = await pressed(reads / 2, 1, async (n) => {
    if (n % 20 === 0) await nextTurn();
    return store.get(idOf((n * 7919) % total), now());
  });
  say('get by id, while 64 writers write', `${busy.toFixed(0)}/s (${(await beside).toFixed(0)} writes/s)`);
}

const path = (name: string) => ({ attr: iri(name), sub: [], inside: [], text: name });
const compare = (name: string, op: '==' | '>' | '<', value: number | string): Query => ({
  op,
  path: path(name),
  value: { kind: 'json', value },
});
const lamps: Filter = { selectors: [{ types: { op: 'type', type: iri('Streetlight') } }] };
const near = (metres: number): Filter => ({
  ...lamps,
  geo: {
    relation: { georel: 'near', maxDistanceMetres: metres },
    geometry: { type: 'Point', coordinates: [14.35, 46.24] },
    geoproperty: iri('location'),
  },
});

async function measureQueries(): Promise<void> {
  const questions: readonly (readonly [string, Filter])[] = [
    ['type', lamps],
    ['type and q that 90 % meet', { ...lamps, q: compare('powerState', '==', 'on') }],
    ['type and q that 10 % meet', { ...lamps, q: compare('powerState', '==', 'off') }],
    ['type and q that 1 % meet', { ...lamps, q: compare('illuminanceLevel', '>', 989) }],
    ['type and q that 0.1 % meet', { ...lamps, q: compare('illuminanceLevel', '==', 777) }],
    ['near, 200 m', near(200)],
    ['near, 2 km', near(2000)],
  ];
  for (const [what, filter] of questions) {
    const plan = { filter, limit: 100, now: now() };
    const found = await store.find(plan);
    // The first times are without the index that they ask for; it is made in a moment of quiet.
    for (let n = 0; n < 3; n += 1) await store.find(plan);
    await new Promise((resolve) => setTimeout(resolve, total / 20));
    say(`find 100 by ${what} (${found.length} found)`, await timed(100, () => store.find(plan)));
    say(`count by ${what} (${await store.count(plan)})`, await timed(3, () => store.count(plan)));
  }
}

async function measureHistory(): Promise<void> {
  const points = 200_000;
  const start = 1_500_000_000_000_000;
  const past = (n: number): PastInstance => ({
    id: idOf(n % 20),
    types: [iri('Streetlight')],
    name: iri('illuminanceLevel'),
    instance: { kind: 'Property', value: n / 7, unitCode: 'LUX', observedAt: instantOf(start + n * 1_000_000) },
  });
  const rate = await pressed(points / 1000, 2, (n) =>
    store.record(
      Array.from({ length: 1000 }, (_, k) => past(n * 1000 + k)),
      now(),
    ),
  );
  say('record past instances, 1,000 at a time', `${(rate * 1000).toFixed(0)}/s`);
  const range = (n: number) => {
    const timeAt = start + (n % 100) * 1_000_000;
    return store.history({
      filter: { selectors: [{ ids: [idOf(n % 20)] }] },
      attrs: [iri('illuminanceLevel')],
      temporal: { timeproperty: 'observedAt', timerel: 'between', timeAt, endTimeAt: timeAt + 20_000 * 1_000_000 },
      limit: 1,
      limitInstances: 10_000,
      now: now(),
    });
  };
  const [first] = await range(0);
  say(`range of ${Object.values(first?.attrs ?? {})[0]?.length ?? 0} points`, await timed(200, range));
}

await measureWrites();
await measureReads();
await measureQueries();
await measureHistory();
await stores.close();
const size = sizeOf();
if (size !== undefined) say('size of the file', `${(size / 1e6).toFixed(0)} MB`);
say('memory of the process', `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);
await remove();
