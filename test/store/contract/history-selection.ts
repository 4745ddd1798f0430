/** Tests which histories a plan finds, and which of their instances. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { TemporalQuery } from '../../../src/core/language/filter.ts';
import { type HistoricInstance } from '../../../src/core/model/history.ts';
import type { HistoryPlan } from '../../../src/core/port/store.ts';
import {
  apply,
  type Bench,
  byObservedAt,
  compare,
  create,
  exists,
  historyOf,
  historyPlan,
  instance,
  iri,
  micros,
  minute,
  names,
  ofType,
  past,
  path,
  pastValues,
  property,
  remove,
  selecting,
  setTo,
  thing,
  urn,
} from './bench.ts';

const between = (from: number, to: number): TemporalQuery => ({
  ...byObservedAt,
  timerel: 'between',
  timeAt: micros(minute(from)),
  endTimeAt: micros(minute(to)),
});
const before = (moment: number): TemporalQuery => ({
  ...byObservedAt,
  timerel: 'before',
  timeAt: micros(minute(moment)),
});
const after = (moment: number): TemporalQuery => ({
  ...byObservedAt,
  timerel: 'after',
  timeAt: micros(minute(moment)),
});

/** `a` has `level` observed at the minutes 0 to 9, written at 100 to 109, in two datasets; `other` without observation. */
async function fill({ store }: Bench): Promise<void> {
  const levels = (n: number) => [
    property(n, { observedAt: minute(n) }),
    property(n * 10, { observedAt: minute(n), datasetId: urn('d') }),
  ];
  await apply(store(), minute(100), create('a', thing({ level: levels(0), other: property('o0') })));
  for (let n = 1; n < 10; n += 1)
    await apply(store(), minute(100 + n), setTo('a', { level: levels(n), other: property(`o${n}`) }));
}

export function describeHistorySelection(bench: Bench): void {
  describe('selects instances', () => {
    beforeEach(() => fill(bench));

    const levels = (temporal: TemporalQuery) =>
      pastValues(bench.store(), ['a', 'level'], { temporal, datasetIds: ['@none'] });

    test('within an interval, with its beginning and without its end', async () => {
      expect(await levels(between(2, 5))).toEqual([2, 3, 4]);
      expect(await levels(before(3))).toEqual([0, 1, 2]);
      expect(await levels(after(7))).toEqual([7, 8, 9]);
      expect(await levels(byObservedAt)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(await levels({ ...after(7), timeAt: micros(minute(7)) + 1 })).toEqual([8, 9]);
      expect(await levels({ ...before(3), timeAt: micros(minute(3)) + 1 })).toEqual([0, 1, 2, 3]);
      expect(await levels(between(20, 30))).toEqual([]);
      expect(await levels(between(5, 5))).toEqual([]);
    });

    test('the newest of each attribute and dataset', async () => {
      const { attrs: found } = await historyOf(bench.store(), 'a', {
        temporal: { timeproperty: 'modifiedAt', lastN: 2 },
      });
      expect(valuesOf(found[iri('level')])).toEqual(expect.arrayContaining([8, 9, 80, 90]));
      expect(found[iri('level')]).toHaveLength(4);
      expect(valuesOf(found[iri('other')])).toEqual(['o8', 'o9']);
      expect(await levels({ ...before(5), lastN: 3 })).toEqual([2, 3, 4]);
      expect(await levels({ ...between(2, 5), lastN: 1 })).toEqual([4]);
      expect(await levels({ ...after(8), lastN: 100 })).toEqual([8, 9]);
    });

    test('ascending in time, datasets among each other', async () => {
      const { attrs: found } = await historyOf(bench.store(), 'a', { temporal: byObservedAt });
      const times = (found[iri('level')] ?? []).map(({ observedAt }) => micros(observedAt ?? ''));
      expect(times).toHaveLength(20);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    });

    test('of attributes', async () => {
      const { attrs: found } = await historyOf(bench.store(), 'a', { attrs: [iri('other'), iri('none')] });
      expect(Object.keys(found)).toEqual([iri('other')]);
      expect(await bench.store().history(historyPlan({}, { attrs: [iri('none')] }))).toEqual([]);
      expect(await bench.store().history(historyPlan({}, { attrs: [] }))).toEqual([]);
    });

    test('of datasets', async () => {
      const store = bench.store();
      expect(await pastValues(store, ['a', 'level'], { datasetIds: [urn('d')], temporal: before(3) })).toEqual([
        0, 10, 20,
      ]);
      expect(await pastValues(store, ['a', 'level'], { datasetIds: ['@none'], temporal: before(3) })).toEqual([
        0, 1, 2,
      ]);
      expect(
        await pastValues(store, ['a', 'level'], { datasetIds: ['@none', urn('d'), urn('e')], temporal: before(3) }),
      ).toHaveLength(6);
      expect(await store.history(historyPlan({}, { datasetIds: [urn('e')] }))).toEqual([]);
      const { attrs: found } = await historyOf(store, 'a', { datasetIds: [urn('d')] });
      expect(Object.keys(found)).toEqual([iri('level')]);
    });

    test('by the time of observation only those that have one', async () => {
      const { attrs: found } = await historyOf(bench.store(), 'a', { temporal: byObservedAt });
      expect(Object.keys(found)).toEqual([iri('level')]);
    });

    test('by any time all but deletions, those not observed at the time of their writing', async () => {
      const store = bench.store();
      const any: TemporalQuery = { timeproperty: 'any' };
      const others = (temporal: TemporalQuery) => pastValues(store, ['a', 'other'], { temporal });
      expect(await others(any)).toEqual(Array.from({ length: 10 }, (_, n) => `o${n}`));
      expect(await levels(any)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      await apply(
        store,
        minute(200),
        setTo('a', { level: property('now'), other: property('seen', { observedAt: minute(4) }) }),
      );
      expect(await levels({ ...any, lastN: 2 })).toEqual([9, 'now']);
      expect(await others({ ...any, lastN: 2 })).toEqual(['o8', 'o9']);
      expect((await others(any)).slice(0, 2)).toEqual(['seen', 'o0']);
      await apply(store, minute(201), remove('a'));
      expect(await levels({ ...any, lastN: 1 })).toEqual(['now']);
      expect(await others(any)).toHaveLength(11);
    });

    test('where rollups may stand for what was observed, the rest as well', async () => {
      const store = bench.store();
      await apply(store, minute(200), setTo('a', { level: property(70) }));
      const { attrs: found } = await historyOf(store, 'a', {
        temporal: { timeproperty: 'any' },
        attrs: [iri('level')],
        datasetIds: ['@none'],
        rollup: { longest: 'day' },
      });
      const instances = found[iri('level')] ?? [];
      const counts = instances.flatMap(({ summaries = [] }) => summaries.map(({ count }) => count));
      const plain = instances.filter(({ summaries }) => summaries === undefined);
      expect(counts.reduce((sum, one) => sum + one, 0) + plain.length).toBe(11);
      expect(plain.map(({ value }) => value)).toContain(70);
    });

    test('by the time of creation', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(200),
        { op: 'deleteAttr', id: urn('a'), attr: iri('other'), which: 'all' },
        setTo('a', { other: property('again') }),
      );
      const created = (timerel: 'before' | 'after'): TemporalQuery => ({
        timeproperty: 'createdAt',
        timerel,
        timeAt: micros(minute(150)),
      });
      expect(await pastValues(store, ['a', 'other'], { temporal: created('after') })).toEqual(['again']);
      expect((await pastValues(store, ['a', 'other'], { temporal: created('before') })).slice(0, 3)).toEqual([
        'o0',
        'o1',
        'o2',
      ]);
      expect(await pastValues(store, ['a', 'other'], { temporal: { timeproperty: 'createdAt', lastN: 1 } })).toEqual([
        'again',
      ]);
    });

    test('by the time of modification', async () => {
      const modified: TemporalQuery = {
        timeproperty: 'modifiedAt',
        timerel: 'between',
        timeAt: micros(minute(103)),
        endTimeAt: micros(minute(105)),
      };
      const { attrs: found } = await historyOf(bench.store(), 'a', { temporal: modified });
      expect(valuesOf(found[iri('other')])).toEqual(['o3', 'o4']);
      expect(new Set(valuesOf(found[iri('level')]))).toEqual(new Set([3, 30, 4, 40]));
    });

    test('by the time of modification in its order, though observed in another', async () => {
      const store = bench.store();
      await apply(store, minute(200), setTo('a', { level: property('late', { observedAt: minute(-5) }) }));
      const temporal: TemporalQuery = { timeproperty: 'modifiedAt', lastN: 2 };
      expect(await pastValues(store, ['a', 'level'], { temporal, datasetIds: ['@none'] })).toEqual([9, 'late']);
      expect((await levels(byObservedAt)).slice(0, 2)).toEqual(['late', 0]);
    });

    test('by the time of deletion', async () => {
      const store = bench.store();
      expect(await store.history(historyPlan({}, { temporal: { timeproperty: 'deletedAt' } }))).toEqual([]);
      await apply(store, minute(200), {
        op: 'deleteAttr',
        id: urn('a'),
        attr: iri('level'),
        which: { datasetId: urn('d') },
      });
      await apply(store, minute(201), remove('a'));
      const { attrs: found } = await historyOf(store, 'a', { temporal: { timeproperty: 'deletedAt' } });
      expect(found[iri('level')]?.map(({ deletedAt, datasetId }) => [deletedAt, datasetId])).toEqual([
        [minute(200), urn('d')],
        [minute(201), undefined],
      ]);
      expect(found[iri('other')]?.map(({ deletedAt }) => deletedAt)).toEqual([minute(201)]);
      const late: TemporalQuery = { timeproperty: 'deletedAt', timerel: 'before', timeAt: micros(minute(201)) };
      expect(Object.keys((await historyOf(store, 'a', { temporal: late })).attrs)).toEqual([iri('level')]);
    });

    test('only the earliest ones of each series, where no more are wanted', async () => {
      const store = bench.store();
      for (const timeproperty of ['any', 'observedAt', 'modifiedAt', 'createdAt'] as const) {
        const all = await historyOf(store, 'a', { temporal: { timeproperty } });
        for (const limitEach of [1, 2, 7]) {
          const found = await historyOf(store, 'a', { temporal: { timeproperty }, limitEach });
          expect(found.truncated).toBe(false);
          const earliest = Object.entries(all.attrs).map(([name, instances]) => [
            name,
            instances.filter(
              (one, n) =>
                instances.slice(0, n).filter(({ datasetId }) => datasetId === one.datasetId).length < limitEach,
            ),
          ]);
          expect(found.attrs).toEqual(Object.fromEntries(earliest));
        }
      }
    });

    test('only so many in all, and says so', async () => {
      const store = bench.store();
      expect((await historyOf(store, 'a', { limitInstances: 30 })).truncated).toBe(false);
      for (const limitInstances of [29, 7, 1]) {
        const cut = await historyOf(store, 'a', { limitInstances });
        expect(cut.truncated).toBe(true);
        expect(Object.values(cut.attrs).flat()).toHaveLength(limitInstances);
      }
      expect(
        (await historyOf(store, 'a', { temporal: { timeproperty: 'modifiedAt', lastN: 1 }, limitInstances: 3 }))
          .truncated,
      ).toBe(false);
    });
  });

  describe('selects histories', () => {
    const at = (n: number, more = {}) => property(n, { observedAt: minute(n), ...more });

    test('with at least one instance that the plan selects', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(100),
        create('a', thing({ level: at(1) })),
        create('b', thing({ level: at(5) })),
        create('c', thing({ other: at(1) })),
        create('d'),
      );
      expect(names(await store.history(historyPlan({}, { temporal: byObservedAt })))).toEqual(['a', 'b', 'c']);
      expect(names(await store.history(historyPlan({}, { temporal: before(3) })))).toEqual(['a', 'c']);
      expect(names(await store.history(historyPlan({}, { temporal: after(3) })))).toEqual(['b']);
      expect(names(await store.history(historyPlan({}, { temporal: before(3), attrs: [iri('other')] })))).toEqual([
        'c',
      ]);
      expect(names(await store.history(historyPlan({}, { temporal: byObservedAt, datasetIds: [urn('d')] })))).toEqual(
        [],
      );
      expect(names(await store.history(historyPlan({}, { temporal: before(1) })))).toEqual([]);
    });

    test('in the order in which their entities first came, with limit and offset', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(0),
        create('c', thing({ level: property(1) })),
        create('none'),
        create('a', thing({ level: property(1) })),
      );
      await store.record([past(['d', 'level'], property(1))], minute(1));
      await apply(
        store,
        minute(2),
        create('b', thing({ level: property(1) })),
        remove('c'),
        create('e', thing({ level: property(1) }, { types: [iri('Other')] })),
      );
      await apply(
        store,
        minute(3),
        create('d', thing({ level: property(2) })),
        create('c', thing({ level: property(2) })),
      );
      const found = async (more: Partial<HistoryPlan>) => names(await store.history(historyPlan({}, more)));
      expect(await found({})).toEqual(['c', 'a', 'd', 'b', 'e']);
      expect(await found({ limit: 2 })).toEqual(['c', 'a']);
      expect(await found({ limit: 2, offset: 1 })).toEqual(['a', 'd']);
      expect(await found({ limit: 2, offset: 4 })).toEqual(['e']);
      expect(await found({ limit: 2, offset: 5 })).toEqual([]);
      expect(await found({ limit: Number.MAX_SAFE_INTEGER })).toEqual(['c', 'a', 'd', 'b', 'e']);
      expect(names(await store.history(historyPlan(ofType('Thing'), { limit: 2, offset: 2 })))).toEqual(['d', 'b']);
    });

    test('by what the present entity is like', async () => {
      const store = bench.store();
      const kranj = instance('GeoProperty', { type: 'Point', coordinates: [14.3556, 46.2389] });
      await apply(
        store,
        minute(0),
        create('a', thing({ level: property(1), place: kranj }, { scope: '/A/B' })),
        create('b', thing({ level: property(1), place: kranj }, { scope: '/A/B' })),
        create('gone', thing({ level: property(2), place: kranj }, { scope: '/A/B' })),
      );
      await apply(
        store,
        minute(1),
        setTo('b', { level: property(2) }),
        { op: 'deleteAttr', id: urn('b'), attr: 'scope', which: {} },
        { op: 'deleteAttr', id: urn('b'), attr: iri('place'), which: 'all' },
        remove('gone'),
      );
      const found = async (filter: Parameters<typeof historyPlan>[0]) =>
        names(await store.history(historyPlan(filter)));
      expect(await found({ q: compare(path('level'), '==', 1) })).toEqual(['a']);
      expect(await found({ q: compare(path('level'), '==', 2) })).toEqual(['b']);
      expect(await found({ scopeQ: { anyOf: [{ allOf: [{ levels: ['A'], deep: true }] }] } })).toEqual(['a']);
      expect(
        await found({
          geo: {
            relation: { georel: 'near', maxDistanceMetres: 10 },
            geometry: { type: 'Point', coordinates: [14.3556, 46.2389] },
            geoproperty: iri('place'),
          },
        }),
      ).toEqual(['a']);
      expect(await found({ also: [{ q: exists(path('level')) }] })).toEqual(['a', 'b']);
      expect(await found({ anyOf: [{ q: exists(path('level')) }, selecting({ ids: [urn('gone')] })] })).toEqual([
        'a',
        'b',
        'gone',
      ]);
      expect(await found({ also: [{ attrs: [iri('place')] }] })).toEqual(['a']);
    });

    test('by attributes that are in the history, present or not', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(0),
        create('a', thing({ level: property(1), other: [property(1), property(1, { datasetId: urn('d') })] })),
        create('b', thing({ level: property(1) })),
        create('gone', thing({ other: property(1) })),
      );
      await apply(
        store,
        minute(1),
        { op: 'deleteAttr', id: urn('a'), attr: iri('other'), which: 'all' },
        remove('gone'),
      );
      const other = { attrs: [iri('other')] };
      expect(names(await store.history(historyPlan(other)))).toEqual(['a', 'gone']);
      expect(names(await store.history(historyPlan(other, other)))).toEqual(['a', 'gone']);
      expect(names(await store.history(historyPlan({ ...other, datasetIds: [urn('d')] })))).toEqual(['a']);
      expect(names(await store.history(historyPlan({ ...other, datasetIds: ['@none'] })))).toEqual(['a', 'gone']);
      expect(names(await store.history(historyPlan(other, { attrs: [iri('level')] })))).toEqual([]);
      expect(names(await store.history(historyPlan({ attrs: [iri('none')] })))).toEqual([]);
      expect(Object.keys((await store.history(historyPlan(other)))[0]?.attrs ?? {}).sort()).toEqual([
        iri('level'),
        iri('other'),
      ]);
      const deleted: TemporalQuery = { timeproperty: 'deletedAt' };
      expect(names(await store.history(historyPlan(other, { temporal: deleted, attrs: [iri('other')] })))).toEqual([
        'a',
        'gone',
      ]);
    });

    test('up to the one at which there were too many instances, and says so', async () => {
      const store = bench.store();
      for (let n = 0; n < 5; n += 1) {
        const values = Array.from({ length: 4 }, (_, v) =>
          past([`e-${n}`, 'level'], property(v, { observedAt: minute(v) })),
        );
        await store.record(values, minute(100));
      }
      for (const [limitInstances, whole] of [
        [20, 5],
        [19, 4],
        [13, 3],
        [12, 3],
        [3, 0],
      ] as const) {
        const found = await store.history(historyPlan({}, { limitInstances, temporal: byObservedAt }));
        expect(found.map(({ truncated }) => truncated)).toEqual([
          ...Array.from({ length: whole }, () => false),
          ...(whole < 5 ? [true] : []),
        ]);
        expect(found.flatMap(({ attrs: one }) => Object.values(one).flat())).toHaveLength(limitInstances);
      }
      expect(await store.history(historyPlan({}, { limitInstances: 8, limit: 2 }))).toMatchObject([
        { truncated: false },
        { truncated: false },
      ]);
    });

    test('of many instances', async () => {
      const store = bench.store();
      const many = Array.from({ length: 5000 }, (_, n) =>
        past(['a', 'level'], property(n, { observedAt: minute((n * 7919) % 5000) })),
      );
      await store.record(many, minute(0));
      const found = await historyOf(store, 'a', { temporal: byObservedAt });
      const times = found.attrs[iri('level')]?.map(({ observedAt }) => micros(observedAt ?? '')) ?? [];
      expect(times).toHaveLength(5000);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(await pastValues(store, ['a', 'level'], { temporal: { ...before(100), lastN: 2 } })).toEqual(
        [98, 99].map((m) => many.findIndex(({ instance: one }) => one.observedAt === minute(m))),
      );
    });
  });
}

const valuesOf = (instances: readonly HistoricInstance[] | undefined): readonly unknown[] =>
  (instances ?? []).map(({ value }) => value);
