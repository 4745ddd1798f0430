/** Tests the writer of the SQLite store under stress: overload, invalid requests, a thread that dies. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import type { Write } from '../../src/core/language/write.ts';
import type { Observation } from '../../src/core/port/observe.ts';
import type { Store } from '../../src/core/port/store.ts';
import { createSqliteStores, type SqliteOptions } from '../../src/store/sqlite/stores.ts';
import { createConnectedWriter } from '../../src/store/sqlite/writer/connected-writer.ts';
import { startWriter } from '../../src/store/sqlite/writer/writer.ts';

const root = mkdtempSync(join(tmpdir(), 'mlaka-writer-'));
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const at = '2026-01-01T00:00:00Z';
const plan = { filter: {}, limit: 1000, now: at };
const type = 'https://example.org/Thing';
const level = 'https://example.org/level';

const creation = (id: string, value: number | string = 1): Write => ({
  mutation: { op: 'create', id, entity: { types: [type], attrs: { [level]: [{ kind: 'Property', value }] } } },
});

interface Opened {
  readonly store: Store;
  readonly file: string;
  readonly seen: readonly Observation[];
}

async function openStore(options: Partial<SqliteOptions> = {}): Promise<Opened> {
  const directory = mkdtempSync(join(root, 'data-'));
  const seen: Observation[] = [];
  const observe = (observation: Observation) => void seen.push(observation);
  const stores = createSqliteStores({ directory, observe, yieldToEventLoop: () => undefined, ...options });
  closing.push(() => stores.close());
  const store = await stores.open('', true);
  if (!store) throw new Error('The default tenant is not there.');
  return { store, file: join(directory, 'default.db'), seen };
}

test('documents that are put together are all there, or none of them is', async () => {
  const { store, file } = await openStore();
  const collection = store.collection('progress');
  const tenure = { part: 0, term: 1 };
  await collection.put('b', 'before');
  const database = new Database(file);
  database.exec(
    "CREATE TRIGGER bad BEFORE INSERT ON shelf WHEN NEW.key = 'c' BEGIN SELECT RAISE(ABORT, 'no room'); END",
  );
  const documents = ['a', 'b', 'c', 'd'].map((key) => ({ key, document: 'after' }));
  const results = await Promise.allSettled([collection.putFenced(documents, tenure), collection.put('e', 'beside')]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(await collection.list()).toEqual([
    { key: 'b', document: 'before' },
    { key: 'e', document: 'beside' },
  ]);
  database.exec('DROP TRIGGER bad');
  database.close();
  expect(await collection.putFenced(documents, tenure)).toBe(true);
  expect(await collection.keys()).toEqual(['a', 'b', 'c', 'd', 'e']);
});

describe('tenants take turns', () => {
  const names = Array.from({ length: 20 }, (_, n) => `https://example.org/level${n}`);
  const large = (id: string): Write => ({
    mutation: {
      op: 'create',
      id,
      entity: {
        types: [type],
        attrs: Object.fromEntries(names.map((name) => [name, [{ kind: 'Property', value: 1 }]])),
      },
    },
  });

  async function openTwo(options: Partial<SqliteOptions> = {}): Promise<readonly [Store, Store]> {
    const directory = mkdtempSync(join(root, 'data-'));
    const stores = createSqliteStores({ directory, yieldToEventLoop: () => undefined, ...options });
    closing.push(() => stores.close());
    const [one, other] = await Promise.all([stores.open('one', true), stores.open('other', true)]);
    if (!one || !other) throw new Error('The tenants are not there.');
    return [one, other];
  }

  test('twenty writes of one are done while a batch of the other is written, which becomes visible as a whole', async () => {
    const [one, other] = await openTwo();
    const done: string[] = [];
    const batch = one
      .apply(
        Array.from({ length: 10_000 }, (_, n) => large(`urn:large:${n}`)),
        at,
      )
      .then((outcomes) => done.push(`batch of ${outcomes.length}`));
    const counts = new Set<number>();
    for (let n = 0; n < 20; n += 1) {
      await other.apply([creation(`urn:small:${n}`)], at);
      done.push('small');
      counts.add(await one.count(plan));
    }
    await batch;
    expect(done).toEqual([...Array<string>(20).fill('small'), 'batch of 10000']);
    expect([...counts]).toEqual([0]);
    expect(await one.count(plan)).toBe(10_000);
  }, 60_000);

  test('one write of very many attributes does not hold up others, nor does one that deletes them', async () => {
    const [one, other] = await openTwo();
    const types = Array.from({ length: 20 }, (_, n) => `https://example.org/Type${n}`);
    const attrs = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, n) => [
        `https://example.org/a${n}`,
        [{ kind: 'Property', value: n }] as const,
      ]),
    );
    const mutations: readonly Write['mutation'][] = [
      { op: 'create', id: 'urn:many', entity: { types, attrs } },
      { op: 'delete', id: 'urn:many' },
    ];
    for (const mutation of mutations) {
      const done: string[] = [];
      const long = one.apply([{ mutation }], at).then((outcomes) => done.push(...outcomes.map(({ status }) => status)));
      for (let n = 0; n < 5; n += 1) {
        await other.apply([creation(`urn:${mutation.op}:${n}`)], at);
        done.push('small');
      }
      await long;
      expect(done).toEqual([...Array<string>(5).fill('small'), `${mutation.op}d`]);
    }
  }, 60_000);

  test('writes of one tenant stay in order, whether they are long or short', async () => {
    const [one] = await openTwo();
    const long = Array.from({ length: 200 }, (_, n) => large(`urn:large:${n}`));
    const outcomes = await Promise.all([
      one.apply([creation('urn:1', 1)], at),
      one.apply([...long, { mutation: { op: 'delete', id: 'urn:1' } }], at),
      one.apply([creation('urn:1', 2)], at),
    ]);
    expect(outcomes.map((all) => all.at(-1))).toEqual([
      { status: 'created' },
      { status: 'deleted' },
      { status: 'created' },
    ]);
    expect((await one.get('urn:1', at))?.entity().attrs[level]?.[0]?.value).toBe(2);
  });

  test('what one tenant has waiting does not keep others out', async () => {
    const [one, other] = await openTwo({ limits: { pendingWrites: 100 } });
    const results = await Promise.allSettled([
      one.apply(
        Array.from({ length: 100 }, (_, n) => creation(`urn:${n}`)),
        at,
      ),
      one.apply([creation('urn:100')], at),
      other.apply([creation('urn:0')], at),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('when more comes than the disk can take', () => {
  test('writes above the bound are refused, and those below it are carried out', async () => {
    const { store } = await openStore({ limits: { pendingWrites: 5 } });
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => store.apply([creation(`urn:${n}`)], at)),
    );
    expect(results.map(({ status }) => status)).toEqual([
      ...Array<string>(5).fill('fulfilled'),
      ...Array<string>(3).fill('rejected'),
    ]);
    expect(results[7]).toMatchObject({ reason: { name: 'Problem', type: 'Unavailable' } });
    expect(await store.count(plan)).toBe(5);
    expect(await store.apply([creation('urn:9')], at)).toEqual([{ status: 'created' }]);
  });

  test('documents count by their size', async () => {
    const { store } = await openStore({ limits: { pendingBytes: 5000 } });
    const large = 'x'.repeat(3000);
    const results = await Promise.allSettled([1, 2].map((n) => store.apply([creation(`urn:${n}`, large)], at)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  test('a request that is larger than the bound is carried out when it is alone', async () => {
    const { store } = await openStore({ limits: { pendingWrites: 5 } });
    const outcomes = await store.apply(
      Array.from({ length: 20 }, (_, n) => creation(`urn:${n}`)),
      at,
    );
    expect(outcomes.every(({ status }) => status === 'created')).toBe(true);
  });
});

describe('a request that cannot be carried out', () => {
  test('fails alone: the others of its group are durable', async () => {
    const { store, file } = await openStore();
    const faulty = JSON.parse('{"mutation":{"op":"create","id":"urn:faulty","entity":null}}') as Write;
    const results = await Promise.allSettled([
      store.apply([creation('urn:1')], at),
      store.apply([creation('urn:half'), faulty], at),
      store.apply([creation('urn:2')], at),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await store.find(plan)).map(({ id }) => id)).toEqual(['urn:1', 'urn:2']);
    expect(await store.log.position()).toBe(2);
    expect((await store.summary()).entities).toBe(2);
    expect(await store.apply([creation('urn:3')], at)).toEqual([{ status: 'created' }]);
    const database = new Database(file, { readonly: true });
    expect(database.prepare('SELECT count(*) FROM history').pluck().get()).toBe(3);
    database.close();
  });
});

describe('when the writer has ended', () => {
  test('those who wait are told, later writes are refused, and reads go on', async () => {
    const writer = startWriter({ observe: () => undefined, limits: { pendingWrites: 100, pendingBytes: 1e6 } });
    const { store } = await openStore({ writer });
    await store.apply([creation('urn:1')], at);
    await writer.close();
    await expect(store.apply([creation('urn:2')], at)).rejects.toMatchObject({ type: 'Unavailable' });
    expect((await store.find(plan)).map(({ id }) => id)).toEqual(['urn:1']);
  });
});

describe('when the thread of the writer dies', () => {
  const limits = { pendingWrites: 100, pendingBytes: 1e9 };
  /** More than the thread has memory for. */
  const huge = { mutation: { op: 'create', id: 'urn:huge', entity: {} } } as unknown as Write;
  const makeHuge = (): Write =>
    ({ ...huge, mutation: { ...huge.mutation, entity: { types: [type], attrs: { [level]: many() } } } }) as Write;
  const many = (): object[] =>
    Array.from({ length: 400_000 }, (_, n) => ({ kind: 'Property', datasetId: `urn:${n}`, value: n }));

  test('it is started again: who waited is told, nothing that was answered is lost, and followers go on', async () => {
    const writer = startWriter({ observe: () => undefined, limits, heapMegabytes: 32 });
    closing.push(() => writer.close());
    const { store } = await openStore({ writer });
    const positions: number[] = [];
    store.log.follow((position) => void positions.push(position));
    await store.apply([creation('urn:1')], at);
    await expect(store.apply([makeHuge()], at)).rejects.toMatchObject({ type: 'Unavailable' });
    expect(await store.apply([creation('urn:2')], at)).toEqual([{ status: 'created' }]);
    expect((await store.find(plan)).map(({ id }) => id)).toEqual(['urn:1', 'urn:2']);
    expect(positions).toEqual([1, 2]);
  });

  test('other threads are told too, and go on with it: their writes and those of the main thread have one order', async () => {
    const writer = startWriter({ observe: () => undefined, limits, heapMegabytes: 32 });
    closing.push(() => writer.close());
    const { store, file } = await openStore({ writer });
    const far = createConnectedWriter(1, limits);
    writer.connect(1, far.usePort);
    closing.push(() => far.close());
    const { store: other } = await openStore({ directory: dirname(file), writer: far, isOpenElsewhere: true });
    const positions: number[] = [];
    store.log.follow((position) => void positions.push(position));
    await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? store : other).apply([creation(`urn:${n}`)], at)));
    expect(await other.log.position()).toBe(20);
    await expect(other.apply([makeHuge()], at)).rejects.toMatchObject({ type: 'Unavailable' });
    expect(await other.apply([creation('urn:20')], at)).toEqual([{ status: 'created' }]);
    expect(await store.apply([creation('urn:20')], at)).toMatchObject([{ status: 'refused' }]);
    expect((await store.find(plan)).map(({ id }) => id).sort()).toEqual(
      (await other.find(plan)).map(({ id }) => id).sort(),
    );
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    expect(positions.at(-1)).toBe(21);
  });

  test('again and again, that is told, and nothing more is taken', async () => {
    const told: Error[] = [];
    const fatal = (cause: Error): void => void told.push(cause);
    const writer = startWriter({ observe: () => undefined, limits, heapMegabytes: 32, fatal });
    closing.push(() => writer.close());
    const { store } = await openStore({ writer });
    const write = makeHuge();
    for (let deaths = 0; deaths < 5; deaths += 1)
      await expect(store.apply([write], at)).rejects.toMatchObject({ type: 'Unavailable' });
    expect(told).toMatchObject([{ message: expect.stringContaining('died 5 times') }]);
    await expect(store.apply([creation('urn:1')], at)).rejects.toMatchObject({ type: 'Unavailable' });
    expect(await store.find(plan)).toEqual([]);
  });
});

describe('followers of the log', () => {
  test('that throw disturb nobody', async () => {
    const { store, seen } = await openStore();
    const positions: number[] = [];
    store.log.follow(() => {
      throw new Error('a faulty follower');
    });
    store.log.follow((position) => void positions.push(position));
    await store.apply([creation('urn:1')], at);
    expect(positions).toEqual([1]);
    expect(seen).toMatchObject([
      { kind: 'failed', where: 'store: follower of the log', cause: new Error('a faulty follower') },
    ]);
  });
});
