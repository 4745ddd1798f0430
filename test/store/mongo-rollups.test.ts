/** Tests the rollups of the MongoDB store. */
import { afterAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { dayMicros, hourMicros, type Instant, instantOf } from '../../src/core/model/instant.ts';
import type { Json } from '../../src/core/model/json.ts';
import { dayOf } from '../../src/core/model/rollup.ts';
import { summarize } from '../../src/core/model/numeric-summary.ts';
import type { PastInstance, Store } from '../../src/core/port/store.ts';
import { computeSome } from '../../src/store/mongo/history/rollup-worker.ts';
import { openCollections } from '../../src/store/mongo/open-collections.ts';
import type { Collections } from '../../src/store/mongo/schema.ts';
import { openMongoStores } from '../../src/store/mongo/stores.ts';
import { createTestDatabases } from '../mongo/database.ts';
import { iri } from './contract/bench.ts';
import { describeRollups, type Rolling } from './contract/rollups.ts';

const databases = createTestDatabases();
const client = new MongoClient(databases.url, { readConcern: { level: 'majority' } });
afterAll(async () => {
  await databases.drop();
  await client.close();
});

async function open(): Promise<Rolling> {
  await databases.clear();
  const stores = await openMongoStores({ url: databases.url });
  const store = await stores.open('', true);
  if (!store) throw new Error('The default tenant is not there.');
  const collections = await openCollections(client.db(), () => Promise.resolve(client.startSession()));
  return {
    store,
    async workedOut() {
      while ((await collections.rollups.findOne({ due: true })) !== null) await computeSome(collections);
    },
    states: () => statesIn(collections),
    close: () => stores.close(),
  };
}

async function statesIn({ rollups }: Collections): ReturnType<Rolling['states']> {
  const days = (await rollups.find().toArray()).flatMap((leaf) => leaf.days ?? []);
  return Object.fromEntries(
    [...Map.groupBy(days, ({ state }) => state)].map(([state, of]) => [
      ['', 'fresh', 'mixed', 'kept'][state] ?? '',
      of.length,
    ]),
  );
}

describeRollups(open, 20);

test('a database of the first form has its days worked out, and answers as before', async () => {
  const { store, workedOut, states, close } = await open();
  const collections = await openCollections(client.db(), () => Promise.resolve(client.startSession()));
  const hours = Array.from({ length: 100 * 24 }, (_, n) => past(instantOf((n - 1000) * hourMicros), n / 7));
  await store.record([...hours, past('1970-02-20T00:00:00Z', 'text', 'urn:d:1')], now);
  const before = await dailySums(store);
  await workedOut();
  await close();
  // As it was then: without rollups, and without knowing the newest day.
  await collections.rollups.deleteMany({});
  const ofSeries = { 'series.$[].open.day': '' } as const;
  await collections.subjects.updateMany({}, { $unset: ofSeries });
  await collections.state.updateOne({ _id: 'state' }, { $set: { schema: 1 } });
  const [one, other] = await Promise.all([1, 2].map(() => openMongoStores({ url: databases.url })));
  try {
    const again = await one?.open('', false);
    await other?.open('', false);
    if (!again) throw new Error('The default tenant is not there.');
    expect(await dailySums(again)).toEqual(before);
    await workedOut();
    expect(await states()).toEqual({ fresh: 101, mixed: 1 });
    expect(await dailySums(again)).toEqual(before);
    await again.record([past(instantOf(1400 * hourMicros), 1)], now);
    expect(await dailySums(again)).toEqual([...before.slice(0, -1), (before.at(-1) ?? 0) + 1]);
  } finally {
    await Promise.all([one?.close(), other?.close()]);
  }
});

test('of a series that an earlier version has begun, it is noted once that all of it was observed', async () => {
  const { store, workedOut, close } = await open();
  const { subjects } = await openCollections(client.db(), () => Promise.resolve(client.startSession()));
  const notes = async () => (await subjects.findOne({}))?.series.map(({ unobserved }) => unobserved);
  const forgetNotes = () => subjects.updateMany({}, { $unset: { 'series.$[].unobserved': '' } });
  const hours = Array.from({ length: 100 }, (_, n) => past(instantOf(n * hourMicros), 1));
  try {
    await store.record(hours, now);
    expect(await notes()).toEqual([false]);
    await forgetNotes();
    await workedOut();
    const sums = await dailySums(store, 'any');
    expect(sums).toEqual(await dailySums(store));
    expect(await notes()).toEqual([false]);
    await forgetNotes();
    // An observed one tells nothing of those before it.
    await store.record([past(instantOf(0), 1)], now);
    expect(await notes()).toEqual([undefined]);
    const { observedAt: _, ...instance } = past(now, 1).instance;
    await store.record([{ ...past(now, 1), instance }], now);
    expect(await notes()).toEqual([true]);
    await forgetNotes();
    expect(await dailySums(store, 'any')).toEqual(sums);
    expect(await notes()).toEqual([undefined]);
  } finally {
    await close();
  }
});

test('of two brokers, one works out by itself what both have written', async () => {
  const { store, states, close } = await open();
  const second = await openMongoStores({ url: databases.url });
  const collections = await openCollections(client.db(), () => Promise.resolve(client.startSession()));
  try {
    const other = await second.open('', false);
    if (!other) throw new Error('The default tenant is not there.');
    const days = Array.from({ length: 40 }, (_, n) => past(instantOf(n * dayMicros), n));
    await store.record(days, now);
    await other.record(
      days.map((one) => ({ ...one, id: 'urn:b' })),
      now,
    );
    for (const end = Date.now() + 15_000; (await collections.rollups.findOne({ due: true })) !== null; ) {
      if (Date.now() > end) throw new Error('The rollups are not worked out.');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await states()).toEqual({ fresh: 78 });
  } finally {
    await second.close();
    await close();
  }
});

const now = '2026-01-01T00:00:00Z';

const past = (observedAt: Instant, value: Json, datasetId?: string): PastInstance => ({
  id: 'urn:a',
  types: [iri('Thing')],
  name: iri('level'),
  instance: { kind: 'Property', value, observedAt, ...(datasetId === undefined ? {} : { datasetId }) },
});

async function dailySums(store: Store, timeproperty: 'observedAt' | 'any' = 'observedAt'): Promise<readonly number[]> {
  const [found] = await store.history({
    filter: {},
    temporal: { timeproperty },
    rollup: { longest: 'day' },
    datasetIds: ['@none'],
    limit: 1,
    limitInstances: 1e6,
    now,
  });
  const summaries = (found?.attrs[iri('level')] ?? []).flatMap((one) => one.summaries ?? []);
  return [...Map.groupBy(summaries, ({ first }) => dayOf(first)).values()].map(
    (ofDay) => summarize(ofDay)?.sum ?? Number.NaN,
  );
}
