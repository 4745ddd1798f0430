/** Tests the SQLite store with enough entities to make it choose between indexes: it finds what the memory store finds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import type { Filter, Query, QValue } from '../../src/core/language/filter.ts';
import type { Write } from '../../src/core/language/write.ts';
import { orderedNumber } from '../../src/core/language/order.ts';
import type { Json } from '../../src/core/model/json.ts';
import type { AccessReport, Store, ValueOrder } from '../../src/core/port/store.ts';
import { createMemoryStores } from '../../src/store/memory/stores.ts';
import { createIndexAdvisor } from '../../src/store/sqlite/search/index-advisor.ts';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';

const directory = mkdtempSync(join(tmpdir(), 'mlaka-index-'));
const file = join(directory, 'default.db');
// Long reads pause often, so that they run beside each other.
let breaths = 0;
const yieldToEventLoop = () => {
  breaths += 1;
  return breaths % 20 === 0 ? new Promise<void>((resolve) => setImmediate(resolve)) : undefined;
};
const sqliteStores = createSqliteStores({ directory, yieldToEventLoop });
const memoryStores = createMemoryStores();
let sqlite: Store;
let memory: Store;

const at = '2026-01-01T00:00:00Z';
const iri = (name: string): string => `https://example.org/${name}`;
const count = 4000;

/** Texts that an index cuts within a character, that have half a one, and others. */
const oddText = (n: number): string =>
  n % 100 === 0
    ? `${'x'.repeat(79)}😀${n % 3}`
    : n % 100 === 1
      ? 'half \ud83d'
      : n % 100 === 2
        ? 'nul \u0000'
        : `t${n}`;

const creation = (n: number): Write => ({
  mutation: {
    op: 'create',
    id: `urn:${n}`,
    entity: {
      types: [iri(n % 3 === 0 ? 'Bench' : 'Lamp')],
      attrs: {
        [iri('level')]: [
          { kind: 'Property', value: n },
          ...(n % 50 === 0 ? [{ kind: 'Property' as const, value: n + 1, datasetId: 'urn:d' }] : []),
        ],
        [iri('height')]: [{ kind: 'Property', value: (n * 7919) % count }],
        [iri('rest')]: [{ kind: 'Property', value: n % 4 }],
        [iri('note')]: [{ kind: 'Property', value: `${'x'.repeat(100)}${n % 7}` }],
        [iri('odd')]: [{ kind: 'Property', value: oddText(n) }],
        [iri('place')]: [{ kind: 'GeoProperty', value: { type: 'Point', coordinates: [14 + n / 10_000, 46] } }],
      },
    },
  },
});

async function applyToBoth(writes: readonly Write[]): Promise<void> {
  expect(await sqlite.apply(writes, at)).toEqual(await memory.apply(writes, at));
}

beforeAll(async () => {
  const [one, other] = [await sqliteStores.open('', true), await memoryStores.open('', true)];
  if (!one || !other) throw new Error('A default tenant is not there.');
  [sqlite, memory] = [one, other];
  await applyToBoth(Array.from({ length: count }, (_, n) => creation(n)));
});
afterAll(async () => {
  await sqliteStores.close();
  rmSync(directory, { recursive: true, force: true });
});

const path = (name: string) => ({ attr: iri(name), sub: [], inside: [], text: name });
const json = (value: number | string): QValue => ({ kind: 'json', value });
const is = (name: string, op: '==' | '>' | '<=' | '!=', value: QValue): Query => ({ op, path: path(name), value });
const near = (metres: number): Filter => ({
  geo: {
    relation: { georel: 'near', maxDistanceMetres: metres },
    geometry: { type: 'Point', coordinates: [14.2, 46] },
    geoproperty: iri('place'),
  },
});
const lamps: Filter = { selectors: [{ types: { op: 'type', type: iri('Lamp') } }] };
const odd: Query = { op: '~=', path: path('note'), pattern: { source: '3$' } };

const filters: readonly (readonly [string, Filter])[] = [
  ['a value that few have', { q: is('level', '==', json(1234)) }],
  ['a value that many have', { q: is('rest', '==', json(3)) }],
  ['a value that many have, and a type', { ...lamps, q: is('rest', '==', json(3)) }],
  ['one of several values', { q: is('rest', '==', { kind: 'list', values: [json(1), json(3), json(9)] }) }],
  ['a value that nobody has', { q: is('rest', '==', json('3')) }],
  ['numbers above', { q: is('level', '>', json(3990)) }],
  ['numbers below, which are many', { q: is('level', '<=', json(2500)) }],
  ['a range', { q: is('level', '==', { kind: 'range', from: json(700), to: json(710) }) }],
  ['a range that many are in', { q: is('height', '<=', json(2500)) }],
  ['a range that many are in, and a type', { ...lamps, q: is('height', '>', json(700)) }],
  [
    'two ranges that many are in',
    { q: { op: 'and', parts: [is('height', '>', json(700)), is('level', '<=', json(3000))] } },
  ],
  [
    'a value that many have, a range and a type',
    { ...lamps, q: { op: 'and', parts: [is('height', '>', json(700)), is('rest', '==', json(3))] } },
  ],
  ['a range and a place that many are near', { ...lamps, ...near(20_000), q: is('height', '>', json(700)) }],
  ['long texts that begin alike', { q: is('note', '==', json(`${'x'.repeat(100)}5`)) }],
  ['a text that is cut within a character', { q: is('odd', '==', json(`${'x'.repeat(79)}😀1`)) }],
  ['another one that begins alike', { q: is('odd', '==', json(`${'x'.repeat(79)}😂1`)) }],
  ['texts with half a character', { q: is('odd', '==', { kind: 'list', values: [json('half \ud83d'), json('t7')] }) }],
  ['texts with a zero', { q: is('odd', '==', json('nul \u0000')) }],
  ['two values', { q: { op: 'and', parts: [is('rest', '==', json(2)), is('level', '>', json(3900))] } }],
  ['either of two values', { q: { op: 'or', parts: [is('rest', '==', json(2)), is('level', '>', json(3900))] } }],
  ['a place that few are near', near(300)],
  ['a place that all are near', near(100_000)],
  [
    'a place that all are near, and a rare condition',
    { ...near(100_000), q: { op: 'and', parts: [odd, is('level', '>', json(3950))] } },
  ],
  [
    'a place that many are near, and a condition of the last ones',
    {
      ...lamps,
      ...near(100_000),
      q: { op: 'and', parts: [odd, is('level', '!=', json(3))] },
      also: [{ selectors: [{ idPattern: { source: '^urn:39' } }] }],
    },
  ],
];

/** What the order says, by comparing all entities. */
async function inOrder(filter: Filter, { attr, isDescending }: ValueOrder): Promise<readonly object[]> {
  const all = (await memory.find({ filter, limit: 10_000, now: at })).flatMap(({ id, entity }) => {
    const place = orderedNumber(entity(), attr);
    return place === undefined ? [] : [{ id, place }];
  });
  return all.sort((a, b) => (isDescending ? b.place - a.place : a.place - b.place));
}

async function expectSame(filter: Filter): Promise<void> {
  const plan = { filter, limit: 10_000, now: at };
  const all = (await memory.find(plan)).map(({ id }) => id);
  const cursor = (await sqlite.find(plan))[2]?.cursor;
  expect((await sqlite.find(plan)).map(({ id }) => id)).toEqual(all);
  expect(await sqlite.count(plan)).toBe(all.length);
  expect((await sqlite.find({ ...plan, limit: 5 })).map(({ id }) => id)).toEqual(all.slice(0, 5));
  expect((await sqlite.find({ ...plan, limit: 5, offset: 7 })).map(({ id }) => id)).toEqual(all.slice(7, 12));
  if (cursor === undefined) return;
  expect((await sqlite.find({ ...plan, limit: 5, after: cursor })).map(({ id }) => id)).toEqual(all.slice(3, 8));
}

describe('before there is an index over values', () => {
  test.each(filters)('finds by %s', (_what, filter) => expectSame(filter));
});

test('indexes are made of what queries keep asking for, and of nothing else', async () => {
  const database = new Database(file, { readonly: true });
  const indexed = database
    .prepare<[], string>('SELECT text FROM indexed JOIN name ON num = name WHERE complete > 0')
    .pluck();
  for (let tries = 0; tries < 1000 && indexed.all().length < 5; tries += 1) {
    for (const query of [
      is('level', '>', json(5000)),
      is('height', '>', json(5000)),
      is('rest', '==', json(9)),
      is('note', '==', json('y')),
      is('odd', '==', json('z')),
      is('none', '==', json(1)),
    ]) {
      await sqlite.count({ filter: { q: query }, limit: 1, now: at });
    }
    await new Promise(setImmediate);
  }
  expect(indexed.all().sort()).toEqual(['height', 'level', 'note', 'odd', 'rest'].map(iri));
  database.close();
});

test('an attribute is noticed however many were asked for before', () => {
  const wanted: string[] = [];
  const notice = createIndexAdvisor((job) => {
    if (job.op === 'index') wanted.push(job.name);
    return Promise.resolve(undefined as never);
  });
  for (let n = 0; n < 3000; n += 1) notice({ q: is(`rare-${n}`, '==', json(1)) }, 1000);
  for (let n = 0; n < 3; n += 1) notice({ q: is('late', '==', json(1)) }, 1000);
  expect(wanted).toEqual([iri('late')]);
});

describe('when there is an index over values', () => {
  test.each(filters)('finds by %s', (_what, filter) => expectSame(filter));

  test.each([
    ['a type', lamps],
    ['a type and a value', { ...lamps, q: is('rest', '==', json(3)) }],
    ['a type and a range', { ...lamps, q: is('height', '>', json(2000)) }],
    ['two ranges', { q: { op: 'and', parts: [is('height', '>', json(2000)), is('level', '>', json(2000))] } }],
    ['a value and a range', { q: { op: 'and', parts: [is('rest', '==', json(3)), is('height', '>', json(2000))] } }],
  ] satisfies [string, Filter][])('only what a page needs is read for %s', async (_what, filter) => {
    const before = breaths;
    expect(await sqlite.find({ filter, limit: 5, now: at })).toHaveLength(5);
    // The budget of time is asked before each entity.
    expect(breaths - before).toBeLessThan(10);
  });

  test('the entities before a page of a type are not read', async () => {
    const before = breaths;
    expect(await sqlite.find({ filter: lamps, limit: 5, offset: 2000, now: at })).toHaveLength(5);
    expect(breaths - before).toBeLessThan(10);
  });

  test.each([
    ['ids', { selectors: [{ ids: ['urn:7'] }] }, { access: 'ids', read: 1 }],
    ['a type', lamps, { access: 'types', read: 5 }],
    ['nothing', {}, { access: 'all', read: 5 }],
    ['a rare value', { q: is('level', '==', json(1234)) }, { access: 'list', index: iri('level'), read: 1 }],
    ['a value that many have', { q: is('rest', '==', json(3)) }, { access: 'order', index: iri('rest'), read: 5 }],
    // The box around the place has one more.
    ['a place', near(300), { access: 'list', index: iri('place'), read: 6 }],
  ] satisfies [string, Filter, AccessReport][])(
    'it is told how entities are found by %s',
    async (_what, filter, how) => {
      const reports: AccessReport[] = [];
      await sqlite.find({ filter, limit: 5, now: at, onDone: (report) => void reports.push(report) });
      expect(reports).toEqual([how]);
    },
  );

  const orders: readonly (readonly [string, Filter])[] = [
    ['of all', {}],
    ['of a type', lamps],
    ['of a type with a value', { ...lamps, q: is('rest', '==', json(3)) }],
    ['of those in a range and near a place', { ...near(20_000), q: is('height', '>', json(700)) }],
    ['of some that are no index', { ...lamps, q: odd }],
  ];
  test.each(orders)('entities %s come in the order of a value', async (_what, filter) => {
    for (const attr of ['height', 'rest'].map(iri)) {
      for (const isDescending of [false, true]) {
        const wanted = await inOrder(filter, { attr, isDescending });
        const found = await sqlite.find({ filter, limit: 300, now: at, byValue: { attr, isDescending } });
        expect(found.map(({ id, place }) => ({ id, place }))).toEqual(wanted.slice(0, 300));
      }
    }
  });

  test('only the first entities of an order are read', async () => {
    for (const isDescending of [false, true]) {
      const reports: AccessReport[] = [];
      const byValue = { attr: iri('height'), isDescending };
      const onDone = (report: AccessReport): void => void reports.push(report);
      await sqlite.find({ filter: lamps, limit: 20, now: at, byValue, onDone });
      expect(reports).toEqual([{ access: 'values', index: iri('height'), read: 20 }]);
    }
  });

  test('an order begins with numbers, unless it is descending and something is no number', async () => {
    const one = (value: Json): Write => ({
      mutation: { op: 'update', id: 'urn:10', fragment: { attrs: { [iri('rest')]: [{ kind: 'Property', value }] } } },
    });
    const count = async (isDescending: boolean): Promise<number> =>
      (await sqlite.find({ filter: {}, limit: 9, now: at, byValue: { attr: iri('rest'), isDescending } })).length;
    for (const value of [{ a: 1 }, [1, 2], null, 'text', true]) {
      await sqlite.apply([one(value)], at);
      expect([await count(false), await count(true)]).toEqual([9, 0]);
    }
    await sqlite.apply([one(2)], at);
    expect([await count(false), await count(true)]).toEqual([9, 9]);
    // Texts were in this index before, and there is none over this attribute.
    for (const attr of ['odd', 'none'].map(iri))
      expect(await sqlite.find({ filter: {}, limit: 9, now: at, byValue: { attr, isDescending: true } })).toEqual([]);
  });

  test('an entity that moves in an order while it is read is found once', async () => {
    const height = (value: number): Write => ({
      mutation: { op: 'update', id: 'urn:0', fragment: { attrs: { [iri('height')]: [{ kind: 'Property', value }] } } },
    });
    const byValue = { attr: iri('height'), isDescending: false };
    const finding = sqlite.find({ filter: {}, limit: count + 1, now: at, byValue });
    await sqlite.apply([height(count)], at);
    const ids = (await finding).map(({ id }) => id);
    await sqlite.apply([height(0)], at);
    expect(ids.filter((id) => id === 'urn:0')).toHaveLength(1);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('all of them are found at once, while others write', async () => {
    const writing = Array.from({ length: 50 }, (_, n) =>
      sqlite.apply([{ mutation: { op: 'delete', id: `urn:none:${n}` } }], at),
    );
    const marks = Array.from({ length: 50 }, (_, n) => sqlite.collection('marks').put(String(n), n));
    await Promise.all([...filters.map(([, filter]) => expectSame(filter)), ...writing, ...marks]);
    expect(await sqlite.collection('marks').list()).toHaveLength(50);
  });

  test('it follows the changes', async () => {
    const change = (n: number, value: number | string): Write => ({
      mutation: {
        op: 'update',
        id: `urn:${n}`,
        fragment: { attrs: { [iri('level')]: [{ kind: 'Property', value }] } },
      },
    });
    // Entities that are created later have far higher numbers.
    for (let n = 0; n < 22; n += 1)
      await sqlite.apply(
        Array.from({ length: 1000 }, (_, m) => change(1, m)),
        at,
      );
    await applyToBoth([
      change(1, 9000),
      change(2, 'high'),
      change(3, 3995),
      { mutation: { op: 'delete', id: 'urn:3999' } },
      creation(4000),
    ]);
    await expectSame({ q: is('level', '>', json(3990)) });
    await expectSame({ q: is('level', '==', json('high')) });
    await expectSame({ q: is('level', '<=', json(5)) });
    await expectSame({ q: is('height', '<=', json(3000)) });
    await expectSame({ q: is('rest', '==', json(0)) });
  });

  test('histories are found by it too', async () => {
    for (const [, filter] of filters) {
      const plan = {
        filter,
        temporal: { timeproperty: 'modifiedAt' as const },
        limit: 7,
        limitInstances: 100_000,
        now: at,
      };
      const ids = (await memory.history(plan)).map(({ id }) => id);
      expect((await sqlite.history(plan)).map(({ id }) => id)).toEqual(ids);
    }
  });

  test('histories of those that are gone, that came back and that stayed are in one order', async () => {
    const gone = Array.from({ length: 300 }, (_, n) => n * 7 + 5);
    await applyToBoth(gone.map((n): Write => ({ mutation: { op: 'delete', id: `urn:${n}` } })));
    await applyToBoth(gone.filter((n) => n % 2 === 0).map(creation));
    for (const filter of [{}, lamps]) {
      const plan = {
        filter,
        temporal: { timeproperty: 'modifiedAt' as const },
        limit: 3000,
        limitInstances: 100_000,
        now: at,
      };
      const ids = (await memory.history(plan)).map(({ id }) => id);
      expect((await sqlite.history(plan)).map(({ id }) => id)).toEqual(ids);
      expect((await sqlite.history({ ...plan, limit: 9, offset: 90 })).map(({ id }) => id)).toEqual(ids.slice(90, 99));
    }
  });
});
