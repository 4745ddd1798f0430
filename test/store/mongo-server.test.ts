/** Tests servers that stop and return, and servers that are unusable. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../src/core/model/mutation.ts';
import { Problem } from '../../src/core/model/problem.ts';
import type { Store, Stores } from '../../src/core/port/store.ts';
import { openMongoStores } from '../../src/store/mongo/stores.ts';
import { findMongod } from '../mongo/mongod.ts';
import { type ReplicaSet, startReplicaSet, startStandalone } from '../mongo/replica-set.ts';
import { startTestBroker } from '../scenario/scenario.ts';
import { apply, create, iri, minute, now, property, records, thing } from './contract/bench.ts';

const mongod = await findMongod((progress) => process.stderr.write(`${progress}\n`));

const open = (url: string): Promise<Stores> => openMongoStores({ url });

async function openDefault(stores: Stores): Promise<Store> {
  const store = await stores.open('', false);
  if (!store) throw new Error('The default tenant is not there.');
  return store;
}

describe('a server that cannot be used', () => {
  test('because it is in no replica set, is refused with a sentence that says so', async () => {
    const { url, stop } = await startStandalone(mongod);
    await expect(open(url)).rejects.toThrow(/not part of a replica set/);
    await expect(startTestBroker(['--store', 'mongo', '--mongo-url', url])).rejects.toThrow(
      /not part of a replica set/,
    );
    await stop();
  });

  test('because nobody answers, is told of', async () => {
    await expect(open('mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=300')).rejects.toThrow(/127\.0\.0\.1:9/);
  });
});

describe('a replica set', () => {
  let set: ReplicaSet;
  let stores: Stores;
  let store: Store;
  beforeAll(async () => {
    set = await startReplicaSet(mongod);
    stores = await open(set.url.replace('/?', '/mlaka?serverSelectionTimeoutMS=3000&'));
    store = await openDefault(stores);
  }, 60_000);
  afterAll(async () => {
    await stores.close();
    await set.stop();
  });

  test('whose primary is killed loses nothing that was acknowledged, and does nothing half', async () => {
    const acknowledged: string[] = [];
    let isOver = false;
    const write = async (lane: number): Promise<void> => {
      for (let n = 0; !isOver; n += 1) {
        const name = `${lane}-${n}`;
        const done: readonly Outcome[] = await apply(
          store,
          minute(n),
          create(name, thing({ level: property(n) })),
        ).catch(() => []);
        if (done[0]?.status === 'created') acknowledged.push(name);
      }
    };
    const writing = Promise.all([0, 1, 2, 3].map(write));
    await until(() => acknowledged.length > 100);
    const before = acknowledged.length;
    const primary = await primaryOf(set);
    await primary.kill();
    await until(() => acknowledged.length > before + 100);
    await primary.start();
    isOver = true;
    await writing;
    const there = await store.find({ filter: {}, limit: 100_000, now });
    const log = await records(store);
    expect(there.map(({ id }) => id)).toEqual(
      expect.arrayContaining(acknowledged.map((name) => `urn:ngsi-ld:${name}`)),
    );
    expect(log.map(({ position }) => position)).toEqual(log.map((_, n) => n + 1));
    expect(log.map(({ id }) => id)).toEqual(there.map(({ id }) => id));
    expect((await store.summary()).types).toMatchObject([{ type: iri('Thing'), entities: there.length }]);
    const histories = await store.history({
      filter: {},
      limit: 100_000,
      limitInstances: 100_000,
      temporal: { timeproperty: 'modifiedAt' },
      now,
    });
    expect(histories.map(({ id }) => id)).toEqual(there.map(({ id }) => id));
  }, 90_000);

  test('that is away is told of as such, and used again when it is back', async () => {
    const position = await store.log.position();
    await Promise.all(set.members.map((member) => member.kill()));
    const isUnavailable = expect.objectContaining({ type: 'Unavailable' });
    const failures = await Promise.all([
      apply(store, minute(0), create('away')).catch((error: unknown) => error),
      store.find({ filter: {}, limit: 1, now }).catch((error: unknown) => error),
      store.log.position().catch((error: unknown) => error),
    ]);
    expect(failures).toEqual([isUnavailable, isUnavailable, isUnavailable]);
    expect(failures.every((failure) => failure instanceof Problem)).toBe(true);
    await Promise.all(set.members.map((member) => member.start()));
    await until(async () => {
      const [outcome] = await apply(store, minute(1), create('back')).catch(() => []);
      return outcome?.status === 'created' || (await store.get('urn:ngsi-ld:back', now)) !== undefined;
    });
    expect(await store.get('urn:ngsi-ld:away', now)).toBeUndefined();
    expect(await store.log.position()).toBe(position + 1);
  }, 90_000);
});

/** Waits until something is so. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** The member that takes writes. */
async function primaryOf({ url, members }: ReplicaSet): Promise<ReplicaSet['members'][number]> {
  const { MongoClient } = await import('mongodb');
  const client = new MongoClient(url);
  const { primary } = await client.db('admin').command({ hello: 1 });
  await client.close();
  const found = members.find(({ port }) => String(primary).endsWith(`:${port}`));
  if (!found) throw new Error('There is no primary.');
  return found;
}
