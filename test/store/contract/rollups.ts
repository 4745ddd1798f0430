/**
 * Tests that aggregates are identical to the last bit, whether they come from instances, rollups, or both, also after instances are
 * deleted.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Instance } from '../../../src/core/model/attribute.ts';
import type { Duration } from '../../../src/core/language/duration.ts';
import { calendarPeriods, type Periods, periodsFrom } from '../../../src/core/language/periods.ts';
import { weightOf } from '../../../src/core/model/history.ts';
import { dayMicros, hourMicros, type Instant, instantOf } from '../../../src/core/model/instant.ts';
import type { RetentionSlice, Store } from '../../../src/core/port/store.ts';
import { runSync } from '../../../src/core/model/interruptible.ts';
import { aggregate, type Aggregation, rollupFor } from '../../../src/core/representation/aggregate.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';
import { iri } from './bench.ts';

/** A store that has rollups, and what can be seen of them from outside. */
export interface Rolling {
  /** Empty. */
  readonly store: Store;
  /** Waits until every day that is not the last one of its series is worked out. */
  readonly workedOut: () => Promise<void>;
  /** How many days there are of each state, but for those that are to be worked out. */
  readonly states: () => Promise<Readonly<Partial<Record<'fresh' | 'mixed' | 'kept', number>>>>;
  readonly close: () => Promise<void>;
}

const start = Date.UTC(2026, 0, 1) * 1000;
const now = instantOf(start + 100 * dayMicros);
const daysAfter = (days: number): Instant => instantOf(start + days * dayMicros);

async function openMemory(): Promise<Store> {
  const store = await createMemoryStores().open('', true);
  if (!store) throw new Error('The default tenant is not there.');
  return store;
}

interface Question {
  readonly aggregation: Aggregation;
  /** `any`: of what was not observed, too. */
  readonly by?: 'observedAt' | 'any';
  readonly from?: number;
  readonly to?: number;
}

/** The aggregates of every series in the store; of its instances alone where `isRaw`. */
async function answer(
  store: Store,
  { aggregation, by = 'observedAt', from, to }: Question,
  isRaw = false,
): Promise<unknown> {
  const rollup = isRaw ? undefined : rollupFor(aggregation);
  const interval =
    from === undefined
      ? {}
      : to === undefined
        ? { timerel: 'after' as const, timeAt: from }
        : { timerel: 'between' as const, timeAt: from, endTimeAt: to };
  const found = await store.history({
    filter: {},
    temporal: { timeproperty: by, ...interval },
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
            runSync(aggregate(series, by, aggregation)),
          ]),
        ),
      ]),
    ),
  }));
}

const methods = ['totalCount', 'sum', 'avg', 'min', 'max', 'stddev', 'sumsq'] as const;
interface Period extends Partial<Duration> {
  readonly zone?: string;
}

const periodsOf = ({ zone, ...period }: Period): Periods => {
  const duration = { months: 0, days: 0, micros: 0, ...period };
  return zone === undefined ? periodsFrom(duration) : calendarPeriods(duration, zone);
};

const questionOf = (period: Period, from?: number, to?: number): Question => ({
  aggregation: {
    methods,
    periods: periodsOf(period),
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

/** It stands at the time of its write, which has milliseconds. */
const written = (value: Instance['value']) => ({ ...past(0, value), instance: { kind: 'Property' as const, value } });

const moment = fc
  .tuple(
    fc.integer({ min: -1, max: 3 }),
    fc.integer({ min: 0, max: 23 }),
    fc.constantFrom(0, 1, 900_000_000, 3_599_999_999),
  )
  .map(([day, hour, more]) => start + day * dayMicros + hour * hourMicros + more);
// Without -0, which JSON shows as 0 and SQLite stores as 0.
const value = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((one) => one + 0) },
  { weight: 3, arbitrary: fc.constantFrom(0.1, 0.2, 1e15, -1e15) },
  { weight: 1, arbitrary: fc.constantFrom('x', true, [1, 2]) },
);
const instances = fc.array(
  fc.tuple(moment, value, fc.constantFrom(undefined, undefined, 'urn:d:1')).map((one) => past(...one)),
  { minLength: 1, maxLength: 60 },
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('record' as const), instances }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('write' as const), at: moment, value }) },
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
  // So that a month later is among the instances.
  moment.map((at) => at - 30 * dayMicros),
);
const question = fc
  .tuple(
    fc.constantFrom(
      { micros: hourMicros },
      { micros: 5 * hourMicros },
      { days: 1 },
      { days: 2 },
      { days: 2, micros: 5 * hourMicros },
      { months: 1 },
      { months: 1, zone: 'Europe/Ljubljana' },
      { days: 1, zone: 'Europe/Ljubljana' },
      { days: 1, zone: 'Asia/Kolkata' },
      { days: 7, zone: 'America/St_Johns' },
      { micros: hourMicros, zone: 'Asia/Kolkata' },
      { micros: 6 * hourMicros, zone: 'Europe/Ljubljana' },
      { months: 1, micros: 3 * hourMicros },
      {},
      { micros: 420_000_000 },
    ),
    fc.option(border),
    fc.option(border),
    fc.constantFrom('observedAt' as const, 'any' as const),
  )
  .map(([period, one, other, by]) => {
    const asked =
      one === null || other === null || one === other
        ? questionOf(period, one ?? undefined)
        : questionOf(period, Math.min(one, other), Math.max(one, other));
    // Sums to the last bit are those of what was observed.
    return by === 'any'
      ? { ...asked, by, aggregation: { ...asked.aggregation, methods: ['totalCount', 'min', 'max'] as const } }
      : asked;
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
    case 'write':
      return store.record([written(one.value)], instantOf(one.at - (one.at % 1000)));
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

async function alike({ store, states }: Rolling, memory: Store, asked: Question): Promise<void> {
  const [rolled, raw] = [await answer(store, asked), await answer(store, asked, true)];
  expect(rolled).toEqual(await answer(memory, asked));
  expect(raw).toEqual(await answer(memory, asked, true));
  if ((await states()).kept === undefined) expect(rolled).toEqual(raw);
}

async function tell(opened: Rolling, steps: readonly (readonly [Step, readonly Question[]])[]): Promise<void> {
  const memory = await openMemory();
  try {
    for (const [one, questions] of steps) {
      expect(await carryOut(opened.store, one)).toEqual(await carryOut(memory, one));
      if (one.do === 'wait') await opened.workedOut();
      for (const asked of questions) await alike(opened, memory, asked);
    }
  } finally {
    await opened.close();
  }
}

const story = fc.array(fc.tuple(step, fc.array(question, { minLength: 1, maxLength: 4 })), {
  minLength: 1,
  maxLength: 12,
  size: 'max',
});

/** Describes the rollups of a store; `runs` is how many random lives it has. */
export function describeRollups(open: () => Promise<Rolling>, runs: number): void {
  describeDays(open);
  test('aggregates are those of memory, whatever comes late, is replaced, deleted or forgotten', async () => {
    const told = fc.asyncProperty(story, async (steps) => tell(await open(), steps));
    await fc.assert(told, { numRuns: Number(process.env['MLAKA_RUNS'] ?? runs) });
  }, 600_000);
}

const describeDays = (open: () => Promise<Rolling>): void =>
  describe('rollups', () => {
    test('of days that are over are worked out, and give what the instances give', async () => {
      const { store, workedOut, states, close } = await open();
      const rows = Array.from({ length: 1000 }, (_, n) => past(start + n * 300_000_000, 0.1 * (n % 97)));
      await store.record(rows, now);
      await workedOut();
      expect(await states()).toEqual({ fresh: 3 });
      for (const period of [
        { micros: hourMicros },
        { days: 1 },
        { days: 1, zone: 'Europe/Ljubljana' },
        { months: 1 },
        {},
      ]) {
        const question = questionOf(period, start + 2 * hourMicros, start + 3 * dayMicros + 90 * 60_000_000);
        expect(await answer(store, question)).toEqual(await answer(store, question, true));
      }
      await close();
    });

    test('serve periods that begin within days: only the instances of these days are read', async () => {
      const { store, workedOut, close } = await open();
      const rows = Array.from({ length: 100 * 8 }, (_, n) => past(start + n * 3 * hourMicros + 1000, 0.1 * (n % 97)));
      await store.record(rows, now);
      await workedOut();
      const weightFor = async ({ aggregation, by = 'observedAt', from }: Question): Promise<number> => {
        const rollup = rollupFor(aggregation);
        const temporal =
          from === undefined ? { timeproperty: by } : { timeproperty: by, timerel: 'after' as const, timeAt: from };
        const plan = { filter: {}, temporal, limit: 1, limitInstances: 1e6, now };
        const [found] = await store.history({ ...plan, ...(rollup ? { rollup } : undefined) });
        return weightOf(found?.attrs[iri('level')] ?? []);
      };
      for (const period of [{ months: 1 }, { months: 1, zone: 'Europe/Ljubljana' }, { days: 7 }, { days: 2 }])
        for (const from of [undefined, start + 10])
          for (const by of ['observedAt', 'any'] as const) {
            const question = { ...questionOf(period, from), by };
            expect(await answer(store, question)).toEqual(await answer(store, question, true));
            // The newest day, and one in two when periods have two days, are read as instances.
            expect(await weightFor(question)).toBeLessThan(period.days === 2 ? 500 : 240);
          }
      await close();
    });

    test('are not made of an hour in which a period begins, nor when the first instance is no number', async () => {
      for (const first of [0.1, true, 'x']) {
        const { store, workedOut, close } = await open();
        const later = [0.2, 0.3, 0.4, 0.5].map((value, n) =>
          past(start + 2 * dayMicros + 30 * 60_000_000 + (n - 2) * 1000, value),
        );
        await store.record([past(start + 30 * 60_000_000, first), ...later, past(start + 9 * dayMicros, 1)], now);
        for (const by of ['observedAt', 'any'] as const) {
          const question = { ...questionOf({ days: 2 }), by };
          expect(await answer(store, question)).toEqual(await answer(store, question, true));
          await workedOut();
          expect(await answer(store, question)).toEqual(await answer(store, question, true));
        }
        await close();
      }
    });

    test.each([
      ['go with the instances', false],
      ['stay', true],
    ])('that %s are right for late data on the day of the bound', async (_what, areKept) => {
      const { store, workedOut, close } = await open();
      const hour = (day: number, at: number) => past(start + day * dayMicros + at * hourMicros, 1);
      const hours = [0, 1, 2].flatMap((day) => Array.from({ length: 24 }, (_, n) => hour(day, n)));
      const forget = (days: number) =>
        forgetAll(store, {
          retention: { before: daysAfter(days), rules: [] },
          ...(areKept ? { rollups: { rules: [] } } : undefined),
        });
      const counts = async (): Promise<unknown> => {
        const [found] = (await answer(store, questionOf({ micros: dayMicros }, start, start + 3 * dayMicros))) as {
          attrs: Record<string, Record<string, { totalCount: [number, Instant, Instant][] }>>;
        }[];
        return found?.attrs[iri('level')]?.['@none']?.totalCount.map(([count, from]) => [from, count]);
      };
      const perDay = (...each: readonly number[]) =>
        each.flatMap((count, day) => (count === 0 ? [] : [[daysAfter(day), count]]));
      const twice = async (...each: readonly number[]): Promise<void> => {
        expect(await counts()).toEqual(perDay(...each));
        await workedOut();
        expect(await counts()).toEqual(perDay(...each));
      };
      await store.record(hours, now);
      await twice(24, 24, 24);
      // With rollups that stay, instances go by whole days.
      expect(await forget(1.5)).toBe(areKept ? 24 : 36);
      await (areKept ? twice(24, 24, 24) : twice(0, 12, 24));
      await store.record([hour(1, 11.5), hour(1, 13.5)], now);
      await (areKept ? twice(24, 26, 24) : twice(0, 14, 24));
      expect(await forget(1.5)).toBe(areKept ? 0 : 1);
      await (areKept ? twice(24, 26, 24) : twice(0, 13, 24));
      // What comes for a day of which the rollups are all that is left does not count, and goes.
      await store.record([hour(0, 5.5)], now);
      await (areKept ? twice(24, 26, 24) : twice(1, 13, 24));
      expect(await forget(2)).toBe(areKept ? 27 : 14);
      await (areKept ? twice(24, 26, 24) : twice(0, 0, 24));
      await close();
    });

    test('are made anew for late data, and never of what is no number', async () => {
      const { store, workedOut, states, close } = await open();
      await store.record(
        [0, 1, 2].map((day) => past(start + day * dayMicros, day)),
        now,
      );
      await workedOut();
      expect(await states()).toEqual({ fresh: 2 });
      const question = questionOf({ micros: dayMicros }, start);
      await store.record([past(start + hourMicros, 9)], now);
      expect(await answer(store, question)).toEqual(await answer(store, question, true));
      await workedOut();
      expect(await answer(store, question)).toEqual(await answer(store, question, true));
      await store.record([past(start + 2 * hourMicros, 'broken')], now);
      await workedOut();
      expect(await states()).toEqual({ fresh: 1, mixed: 1 });
      expect(await answer(store, question)).toEqual(await answer(store, question, true));
      await close();
    });

    test('put numbers together to the last bit as the instances do, also among booleans', async () => {
      const { store: own, close } = await open();
      const memory = await openMemory();
      const values = [1e15, 0.1, true, -1e15, 0.2, true, 0.3, 1e15, 0.7, false, 0.1];
      const rows = values.map((value, n) => past(start + n * 600_000_000, value));
      for (const store of [memory, own]) await store.record(rows, now);
      for (const period of [{ micros: hourMicros }, { micros: dayMicros }, {}]) {
        const question = questionOf(period, start, start + dayMicros);
        expect(await answer(own, question)).toEqual(await answer(own, question, true));
        expect(await answer(own, question)).toEqual(await answer(memory, question));
      }
      await close();
    });

    test.each([
      ['as many tallies as there is room for', 10, 10, false],
      ['one more', 10, 9, true],
    ])('count as what they stand for where instances are bounded: %s', async (_, hours, limitInstances, truncated) => {
      const { store, close } = await open();
      await store.record(
        Array.from({ length: 2 * hours }, (_one, n) => past(start + n * 1_800_000_000, n)),
        now,
      );
      const found = await store.history({
        filter: {},
        temporal: { timeproperty: 'observedAt' },
        rollup: { longest: 'hour' },
        limit: 1,
        limitInstances,
        now,
      });
      expect(found).toMatchObject([{ id: 'urn:a', truncated }]);
      expect(weightOf(found[0]?.attrs[iri('level')] ?? [])).toBe(hours);
      await close();
    });

    test('tell nothing of what was not observed: that comes beside them, however much was observed before it', async () => {
      const { store, workedOut, close } = await open();
      const limitInstances = 40;
      const { aggregation } = questionOf({});
      const ask = async (rollup: 'day' | undefined) => {
        const temporal = { timeproperty: 'any' } as const;
        const most = rollup ? limitInstances : 1e6;
        const [found] = await store.history({
          filter: {},
          temporal,
          limit: 1,
          limitInstances: most,
          now,
          ...(rollup ? { rollup: { longest: rollup } } : undefined),
        });
        return runSync(aggregate(found?.attrs[iri('level')] ?? [], 'any', aggregation));
      };
      const hours = Array.from({ length: 10 * 24 }, (_, n) => past(start + n * hourMicros, n));
      await store.record(hours, now);
      await workedOut();
      expect(await ask('day')).toEqual(await ask(undefined));
      await store.record([written(1000)], now);
      expect(await ask('day')).toEqual(await ask(undefined));
      await store.record([past(start, 5)], now);
      await workedOut();
      expect(await ask('day')).toEqual(await ask(undefined));
      expect(await ask('day')).toMatchObject({ totalCount: [[241, expect.any(String), expect.any(String)]] });
      await close();
    });

    test('count what an entity was created with, though it was not observed', async () => {
      const { store, workedOut, close } = await open();
      const level = { kind: 'Property' as const, value: 1000 };
      const entity = { types: [iri('T')], attrs: { [iri('level')]: [level] } };
      await store.apply([{ mutation: { op: 'create', id: 'urn:a', entity } }], now);
      const hours = Array.from({ length: 10 * 24 }, (_, n) => past(start + n * hourMicros, n));
      await store.record(hours, now);
      await workedOut();
      const asked: Question = { aggregation: { ...questionOf({}).aggregation, methods: ['totalCount'] }, by: 'any' };
      expect(await answer(store, asked)).toEqual(await answer(store, asked, true));
      expect(JSON.stringify(await answer(store, asked))).toContain('[241,');
      await close();
    });

    test('of the newest day count what is appended to it, also after something in it was deleted', async () => {
      const { store, workedOut, close } = await open();
      const question = questionOf({ micros: dayMicros }, start);
      await store.record([past(start, 1), past(start + dayMicros, 2), past(start + dayMicros + 1, 4)], now);
      const meant = await nthOf(store, 2);
      const part = { id: 'urn:a', name: iri('level'), instanceId: meant?.instanceId ?? '' };
      await store.revise({ op: 'deleteInstance', ...part }, now);
      // Behind what is there: each is looked at anew after the days have been worked out.
      for (const at of [2, 3, 4, 5]) {
        await workedOut();
        await store.record([past(start + dayMicros + at, at)], now);
        expect(await answer(store, question)).toEqual(await answer(store, question, true));
      }
      await workedOut();
      expect(await answer(store, question)).toEqual(await answer(store, question, true));
      await close();
    });

    test('stay when their instances are forgotten, and go in their turn', async () => {
      const { store: own, close } = await open();
      const rows = Array.from({ length: 500 }, (_, n) => past(start + n * 1_800_000_000, n));
      const question = questionOf({ micros: dayMicros }, start);
      for (const store of [await openMemory(), own]) {
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
