/** Aggregates are the same to the last bit, whether they come of instances, of rollups, or of both; also when instances go. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import type { Instance } from '../../src/core/model/attribute.ts';
import { weightOf } from '../../src/core/model/history.ts';
import { type Instant, instantOf } from '../../src/core/model/instant.ts';
import { dayMicros, hourMicros } from '../../src/core/model/tally.ts';
import type { RetentionSlice, Store } from '../../src/core/port/store.ts';
import { aggregate, type Aggregation, rollupFor } from '../../src/core/representation/aggregate.ts';
import { createMemoryStores } from '../../src/store/memory/stores.ts';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';
import { startWriter } from '../../src/store/sqlite/writer/writer.ts';

const root = mkdtempSync(join(tmpdir(), 'mlaka-rollups-'));
const writer = startWriter({ observe: () => undefined, limits: { pendingWrites: 20_000, pendingBytes: 1e8 } });
afterAll(async () => {
  await writer.close();
  rmSync(root, { recursive: true, force: true });
});

const iri = (name: string): string => `https://example.org/${name}`;
const start = Date.UTC(2026, 0, 1) * 1000;
const now = instantOf(start + 100 * dayMicros);
const daysAfter = (days: number): Instant => instantOf(start + days * dayMicros);

interface Pair {
  readonly memory: Store;
  readonly sqlite: Store;
  readonly database: Database.Database;
  readonly close: () => Promise<void>;
}

async function openPair(): Promise<Pair> {
  const directory = mkdtempSync(join(root, 'data-'));
  const stores = createSqliteStores({ directory, breathe: () => undefined, writer });
  const [memory, sqlite] = [await createMemoryStores().open('', true), await stores.open('', true)];
  if (!memory || !sqlite) throw new Error('The default tenant is not there.');
  const database = new Database(join(directory, 'default.db'), { readonly: true });
  return {
    memory,
    sqlite,
    database,
    close: async () => {
      database.close();
      await stores.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Waits until every day that is not the last one of its series is worked out. */
async function workedOut(database: Database.Database): Promise<void> {
  const left = database
    .prepare(
      `SELECT count(*) FROM rollup r WHERE state = 0 AND EXISTS (SELECT 1 FROM history h
         WHERE h.subject = r.subject AND h.name = r.name AND h.dataset = r.dataset AND h.at >= (r.day + 1) * ${dayMicros})`,
    )
    .pluck();
  for (let tries = 0; Number(left.get()) > 0; tries += 1) {
    if (tries > 20_000) throw new Error('The rollups are not worked out.');
    await new Promise(setImmediate);
  }
}

const rollupsIn = (database: Database.Database): Readonly<Record<string, number>> =>
  Object.fromEntries(
    database
      .prepare<[], { state: number; days: number }>('SELECT state, count(*) AS days FROM rollup GROUP BY state')
      .all()
      .map(({ state, days }) => [['stale', 'fresh', 'mixed', 'kept'][state] ?? '', days] as const),
  );

interface Question {
  readonly aggregation: Aggregation;
  readonly from?: number;
  readonly to?: number;
}

/** The aggregates of every series in the store; of its instances alone where `isRaw`. */
async function answer(store: Store, { aggregation, from, to }: Question, isRaw = false): Promise<unknown> {
  const rollup = isRaw ? undefined : rollupFor(aggregation);
  const interval =
    from === undefined
      ? {}
      : to === undefined
        ? { timerel: 'after' as const, timeAt: from }
        : { timerel: 'between' as const, timeAt: from, endTimeAt: to };
  const found = await store.history({
    filter: {},
    temporal: { timeproperty: 'observedAt', ...interval },
    limit: 100,
    limitInstances: 1e6,
    now,
    ...(rollup ? { rollup } : undefined),
  });
  return found.map(({ id, attrs }) => ({
    id,
    attrs: Object.fromEntries(
      Object.entries(attrs).map(([name, instances]) => [
        name,
        Object.fromEntries(
          [...Map.groupBy(instances, ({ datasetId = '@none' }) => datasetId)].map(([dataset, series]) => [
            dataset,
            aggregate(series, 'observedAt', aggregation),
          ]),
        ),
      ]),
    ),
  }));
}

const methods = ['totalCount', 'sum', 'avg', 'min', 'max', 'stddev', 'sumsq'] as const;
const questionOf = (period: { months?: number; micros?: number }, from?: number, to?: number): Question => ({
  aggregation: {
    methods,
    period: { months: 0, micros: 0, ...period },
    ...(from === undefined ? {} : { start: from }),
    ...(to === undefined ? {} : { end: to }),
  },
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
});

const past = (at: number, value: Instance['value'], datasetId?: string) => ({
  id: 'urn:a',
  types: [iri('Thing')],
  name: iri('level'),
  instance: {
    kind: 'Property' as const,
    value,
    observedAt: instantOf(at),
    ...(datasetId === undefined ? {} : { datasetId }),
  },
});

describe('rollups', () => {
  test('of days that are over are worked out, and give what the instances give', async () => {
    const { sqlite, database, close } = await openPair();
    const rows = Array.from({ length: 1000 }, (_, n) => past(start + n * 300_000_000, 0.1 * (n % 97)));
    await sqlite.record(rows, now);
    await workedOut(database);
    expect(rollupsIn(database)).toEqual({ fresh: 3, stale: 1 });
    for (const period of [{ micros: hourMicros }, { micros: dayMicros }, { months: 1 }, {}]) {
      const question = questionOf(period, start + 2 * hourMicros, start + 3 * dayMicros + 90 * 60_000_000);
      expect(await answer(sqlite, question)).toEqual(await answer(sqlite, question, true));
    }
    await close();
  });

  test('are made anew for late data, and never of what is no number', async () => {
    const { sqlite, database, close } = await openPair();
    await sqlite.record(
      [0, 1, 2].map((day) => past(start + day * dayMicros, day)),
      now,
    );
    await workedOut(database);
    expect(rollupsIn(database)).toEqual({ fresh: 2, stale: 1 });
    const question = questionOf({ micros: dayMicros }, start);
    await sqlite.record([past(start + hourMicros, 9)], now);
    expect(await answer(sqlite, question)).toEqual(await answer(sqlite, question, true));
    await workedOut(database);
    expect(await answer(sqlite, question)).toEqual(await answer(sqlite, question, true));
    await sqlite.record([past(start + 2 * hourMicros, 'broken')], now);
    await workedOut(database);
    expect(rollupsIn(database)).toEqual({ fresh: 1, mixed: 1, stale: 1 });
    expect(await answer(sqlite, question)).toEqual(await answer(sqlite, question, true));
    await close();
  });

  test('put numbers together to the last bit as the instances do, also among booleans', async () => {
    const { memory, sqlite, close } = await openPair();
    const values = [1e15, 0.1, true, -1e15, 0.2, true, 0.3, 1e15, 0.7, false, 0.1];
    const rows = values.map((value, n) => past(start + n * 600_000_000, value));
    for (const store of [memory, sqlite]) await store.record(rows, now);
    for (const period of [{ micros: hourMicros }, { micros: dayMicros }, {}]) {
      const question = questionOf(period, start, start + dayMicros);
      expect(await answer(sqlite, question)).toEqual(await answer(sqlite, question, true));
      expect(await answer(sqlite, question)).toEqual(await answer(memory, question));
    }
    await close();
  });

  test.each([
    ['as many tallies as there is room for', 10, 10, false],
    ['one more', 10, 9, true],
  ])('count as what they stand for where instances are bounded: %s', async (_, hours, limitInstances, truncated) => {
    const { sqlite, close } = await openPair();
    await sqlite.record(
      Array.from({ length: 2 * hours }, (_one, n) => past(start + n * 1_800_000_000, n)),
      now,
    );
    const found = await sqlite.history({
      filter: {},
      temporal: { timeproperty: 'observedAt' },
      rollup: 'hour',
      limit: 1,
      limitInstances,
      now,
    });
    expect(found).toMatchObject([{ id: 'urn:a', truncated }]);
    expect(weightOf(found[0]?.attrs[iri('level')] ?? [])).toBe(hours);
    await close();
  });

  test('stay when their instances are forgotten, and go in their turn', async () => {
    const { memory, sqlite, close } = await openPair();
    const rows = Array.from({ length: 500 }, (_, n) => past(start + n * 1_800_000_000, n));
    const question = questionOf({ micros: dayMicros }, start);
    for (const store of [memory, sqlite]) {
      await store.record(rows, now);
      const before = await answer(store, question);
      const forgotten = await forgetAll(store, {
        retention: { before: daysAfter(5.5), rules: [] },
        rollups: { rules: [] },
      });
      expect(forgotten).toBe(240);
      expect(await answer(store, question)).toEqual(before);
      await store.record([past(start + 10, 1e9)], now);
      expect(await answer(store, question)).toEqual(before);
      await forgetAll(store, {
        retention: { before: daysAfter(20), rules: [] },
        rollups: { before: daysAfter(3), rules: [] },
      });
      expect(await answer(store, question, true)).toEqual([]);
      expect(await answer(store, questionOf({ micros: dayMicros }, start + 3 * dayMicros))).toEqual(
        await answer(store, question),
      );
      expect(await answer(store, questionOf({ micros: dayMicros }, start, start + 3 * dayMicros))).toEqual([]);
      await store.revise({ op: 'deleteHistory', id: 'urn:a' }, now);
      expect(await answer(store, question)).toEqual([]);
    }
    await close();
  });
});

async function forgetAll(store: Store, slice: RetentionSlice): Promise<number> {
  let count = 0;
  let next: string | undefined;
  do {
    const forgotten = await store.forgetHistory({ ...slice, ...(next === undefined ? undefined : { after: next }) });
    for (const one of Object.values(forgotten.instances)) count += one;
    next = forgotten.next;
  } while (next !== undefined);
  return count;
}

const moment = fc
  .tuple(
    fc.integer({ min: -1, max: 3 }),
    fc.integer({ min: 0, max: 23 }),
    fc.constantFrom(0, 1, 900_000_000, 3_599_999_999),
  )
  .map(([day, hour, more]) => start + day * dayMicros + hour * hourMicros + more);
const value = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 3, arbitrary: fc.constantFrom(0.1, 0.2, 1e15, -1e15) },
  { weight: 1, arbitrary: fc.constantFrom('x', true, [1, 2]) },
);
const instances = fc.array(
  fc.tuple(moment, value, fc.constantFrom(undefined, undefined, 'urn:d:1')).map((one) => past(...one)),
  { minLength: 1, maxLength: 60 },
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('record' as const), instances }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), nth: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), nth: fc.nat(20), moment, value }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteSeries' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('forget' as const),
      before: moment,
      rollupsBefore: fc.option(moment),
      isKept: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

const border = fc.oneof(
  moment,
  fc.integer({ min: -1, max: 4 }).map((day) => start + day * dayMicros),
);
const question = fc
  .tuple(
    fc.constantFrom(
      { micros: hourMicros },
      { micros: 5 * hourMicros },
      { micros: dayMicros },
      { months: 1 },
      {},
      { micros: 420_000_000 },
    ),
    fc.option(border),
    fc.option(border),
  )
  .map(([period, one, other]) => {
    if (one === null || other === null || one === other) return questionOf(period, one ?? undefined);
    return questionOf(period, Math.min(one, other), Math.max(one, other));
  });

/** The same in both stores, though they give instances other ids. */
async function nthOf(store: Store, nth: number) {
  const [found] = await store.history({
    filter: {},
    temporal: { timeproperty: 'observedAt' },
    datasetIds: ['@none'],
    limit: 1,
    limitInstances: 1e6,
    now,
  });
  const all = found?.attrs[iri('level')] ?? [];
  return all[nth % all.length];
}

async function carryOut(store: Store, one: Step): Promise<unknown> {
  const part = { id: 'urn:a', name: iri('level') };
  switch (one.do) {
    case 'record':
      return store.record(one.instances, now);
    case 'delete': {
      const meant = await nthOf(store, one.nth);
      return meant && store.revise({ op: 'deleteInstance', ...part, instanceId: meant.instanceId }, now);
    }
    case 'move': {
      const meant = await nthOf(store, one.nth);
      const { instance } = past(one.moment, one.value);
      return meant && store.revise({ op: 'replaceInstance', ...part, instanceId: meant.instanceId, instance }, now);
    }
    case 'deleteSeries':
      return store.revise({ op: 'deleteSeries', ...part, which: { datasetId: 'urn:d:1' } }, now);
    case 'forget': {
      const rollups = { rules: [], ...(one.rollupsBefore === null ? {} : { before: instantOf(one.rollupsBefore) }) };
      return forgetAll(store, {
        retention: { before: instantOf(one.before), rules: [] },
        ...(one.isKept ? { rollups } : {}),
      });
    }
    case 'wait':
      return undefined;
  }
}

async function alike({ memory, sqlite, database }: Omit<Pair, 'close'>, asked: Question): Promise<void> {
  const [rolled, raw] = [await answer(sqlite, asked), await answer(sqlite, asked, true)];
  expect(rolled).toEqual(await answer(memory, asked));
  expect(raw).toEqual(await answer(memory, asked, true));
  if (rollupsIn(database)['kept'] === undefined) expect(rolled).toEqual(raw);
}

test('memory and SQLite aggregate alike, whatever comes late, is replaced, deleted or forgotten', async () => {
  const story = fc.array(fc.tuple(step, fc.array(question, { minLength: 1, maxLength: 4 })), {
    minLength: 1,
    maxLength: 12,
    size: 'max',
  });
  await fc.assert(
    fc.asyncProperty(story, async (steps) => {
      const { memory, sqlite, database, close } = await openPair();
      try {
        for (const [one, questions] of steps) {
          expect(await carryOut(sqlite, one)).toEqual(await carryOut(memory, one));
          if (one.do === 'wait') await workedOut(database);
          for (const asked of questions) await alike({ memory, sqlite, database }, asked);
        }
      } finally {
        await close();
      }
    }),
    { numRuns: Number(process.env['MLAKA_RUNS'] ?? 40) },
  );
}, 600_000);
