/** Tests several brokers on one replica set: what each of them sees of the writes of others. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Position, Store, Stores } from '../../src/core/port/store.ts';
import { openMongoStores } from '../../src/store/mongo/stores.ts';
import { createTestDatabases } from '../mongo/database.ts';
import {
  apply,
  create,
  entityOf,
  minute,
  now,
  property,
  records,
  setTo,
  statuses,
  thing,
  urn,
} from './contract/bench.ts';

const databases = createTestDatabases();
afterAll(() => databases.drop());

let nodes: readonly Stores[];
let stores: readonly [Store, Store];

const openDefault = async (node: Stores): Promise<Store> => {
  const store = await node.open('', false);
  if (!store) throw new Error('The default tenant is not there.');
  return store;
};

beforeEach(async () => {
  await databases.clear();
  const open = () => openMongoStores({ url: databases.url });
  const [one, other] = await Promise.all([open(), open()]);
  nodes = [one, other];
  // Both make what is not there, at the same time.
  stores = await Promise.all([openDefault(one), openDefault(other)]);
});
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.close()));
});

describe('two brokers on one database', () => {
  test('write the same entities, and nothing is lost', async () => {
    await apply(stores[0], minute(0), create('a', thing({ level: property(0) })));
    const rounds = 60;
    const write = (store: Store, node: number) =>
      Promise.all(
        Array.from({ length: rounds }, (_, n) =>
          apply(
            store,
            minute(n + 1),
            setTo('a', { [`own-${node}-${n}`]: property(n) }),
            create(`e-${n}`),
            create(`e-${node}-${n}`),
          ),
        ),
      );
    const outcomes = (await Promise.all(stores.map(write))).flat();
    const taken = outcomes.flat().filter(({ status }) => status === 'refused');
    // Of each entity that both create, one is refused.
    expect(statuses(taken)).toEqual(Array.from({ length: rounds }, () => 'AlreadyExists'));
    for (const store of stores) {
      expect(Object.keys((await entityOf(store, 'a')).attrs)).toHaveLength(1 + 2 * rounds);
      const positions = (await records(store)).map(({ position }) => position);
      expect(positions).toEqual(Array.from({ length: 1 + 5 * rounds }, (_, n) => n + 1));
      expect((await store.summary()).entities).toBe(1 + 3 * rounds);
      const cursors = (await store.find({ filter: {}, limit: 1000, now })).map(({ cursor }) => cursor);
      expect(new Set(cursors).size).toBe(1 + 3 * rounds);
    }
  });

  test('see no position before all that come before it', async () => {
    const [one, other] = stores;
    const rounds = 40;
    const isDone = { yes: false };
    const seen: Position[] = [];
    const read = async (): Promise<void> => {
      for (let after = 0; !isDone.yes || after < (await other.log.position()); ) {
        const found = await other.log.read(after, 1000);
        seen.push(...found.map(({ position }) => position));
        after = found.at(-1)?.position ?? after;
      }
    };
    const reading = read();
    await Promise.all(
      [one, other].flatMap((store, node) =>
        Array.from({ length: rounds }, (_, n) =>
          apply(store, minute(n), create(`${node}-${n}`), create(`${n}-${node}-b`)),
        ),
      ),
    );
    isDone.yes = true;
    await reading;
    expect(seen).toEqual(Array.from({ length: 4 * rounds }, (_, n) => n + 1));
  });

  test('hear of what the other has written', async () => {
    const [one, other] = stores;
    const heard: Position[] = [];
    const all = new Promise<void>((resolve) => {
      other.log.follow((position) => {
        heard.push(position);
        if (position === 4) resolve();
      });
    });
    await apply(one, minute(0), create('a'), create('b'));
    await apply(other, minute(1), create('c'));
    await apply(one, minute(2), setTo('a', { level: property(1) }));
    await all;
    expect(heard).toEqual([...new Set(heard)].sort((a, b) => a - b));
    expect((await records(other)).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'a'].map(urn));
  });

  test('take each note once, whoever left it', async () => {
    const [one, other] = nodes as [Stores, Stores];
    const keys = Array.from({ length: 20 }, (_, n) => `note-${n}`);
    await Promise.all(keys.map((key) => one.oneTimeStore.put(key, `text of ${key}`, 60_000)));
    const taken = await Promise.all(
      keys.flatMap((key) => [one, other, one].map(({ oneTimeStore }) => oneTimeStore.take(key))),
    );
    expect(taken.filter((text) => text !== undefined)).toEqual(keys.map((key) => `text of ${key}`));
    expect(await other.oneTimeStore.take('note-0')).toBeUndefined();
    expect(await other.oneTimeStore.take('')).toBeUndefined();
  });

  test('find tenants, shelves and histories of the other', async () => {
    const [one, other] = nodes as [Stores, Stores];
    const made = await one.open('City', true);
    await made?.collection('one').put('a', 1);
    const found = await other.open('City', false);
    expect(await found?.collection('one').get('a')).toBe(1);
    expect(await other.tenants()).toEqual(['', 'City']);
    const levels = Array.from({ length: 250 }, (_, n) => n);
    for (const n of levels) {
      const at = minute(n);
      await apply(stores[n % 2] as Store, at, {
        op: 'upsert',
        id: urn('a'),
        entity: thing({ level: property(n, { observedAt: at }) }),
        mode: 'update',
      });
    }
    const [history] = await stores[0].history({
      filter: {},
      limit: 1,
      limitInstances: 1000,
      temporal: { timeproperty: 'observedAt', lastN: 120 },
      now,
    });
    expect(Object.values(history?.attrs ?? {})[0]?.map(({ value }) => value)).toEqual(levels.slice(-120));
  });
});
