/** Tests expiry: expired data is invisible from that moment, and is deleted by the sweep. */
import { describe, expect, test } from '@jest/globals';
import type { Store } from '../../../src/core/port/store.ts';
import {
  apply,
  applyOne,
  attrs,
  type Bench,
  compare,
  create,
  exists,
  entityOf,
  historyOf,
  historyPlan,
  iri,
  minute,
  names,
  namesFound,
  ofType,
  past,
  path,
  pastValues,
  plan,
  property,
  records,
  remove,
  setTo,
  statuses,
  storedOf,
  thing,
  urn,
} from './bench.ts';

const level = iri('level');

export function describeExpiry(bench: Bench): void {
  describe('lets entities expire', () => {
    const fill = (store: Store) =>
      apply(
        store,
        minute(0),
        create('first', thing({ level: property(1) })),
        create('brief', thing({ level: property(2) }, { expiresAt: minute(10) })),
        create('long', thing({ level: property(3) }, { expiresAt: minute(20) })),
        create('last', thing({ level: property(4) })),
      );

    test('at their moment', async () => {
      const store = bench.store();
      await fill(store);
      expect((await entityOf(store, 'brief', minute(9, 59))).expiresAt).toBe(minute(10));
      expect(await store.get(urn('brief'), minute(10))).toBeUndefined();
      expect(await namesFound(store, {}, { now: minute(9) })).toEqual(['first', 'brief', 'long', 'last']);
      expect(await namesFound(store, {}, { now: minute(10) })).toEqual(['first', 'long', 'last']);
      expect(await namesFound(store, {}, { now: minute(20) })).toEqual(['first', 'last']);
      expect(await namesFound(store, {}, { now: minute(10), limit: 2 })).toEqual(['first', 'long']);
      expect(await namesFound(store, {}, { now: minute(10), limit: 2, offset: 1 })).toEqual(['long', 'last']);
      expect(await namesFound(store, { q: compare(path('level'), '>=', 2) }, { now: minute(10) })).toEqual([
        'long',
        'last',
      ]);
      expect(
        await namesFound(store, { selectors: [{ ids: [urn('brief'), urn('last')] }] }, { now: minute(10) }),
      ).toEqual(['last']);
      expect(await store.count(plan({}, { now: minute(9) }))).toBe(4);
      expect(await store.count(plan({}, { now: minute(10) }))).toBe(3);
      expect(await store.count(plan(ofType('Thing'), { now: minute(20) }))).toBe(2);
    });

    test('at once when it lies in the past', async () => {
      const store = bench.store();
      expect((await applyOne(store, minute(5), create('a', thing({}, { expiresAt: minute(1) })))).status).toBe(
        'created',
      );
      expect(await store.get(urn('a'), minute(5))).toBeUndefined();
      expect(await namesFound(store, {}, { now: minute(5) })).toEqual([]);
    });

    test('and counts them as gone for every write', async () => {
      const store = bench.store();
      await fill(store);
      const outcomes = await apply(
        store,
        minute(10),
        setTo('brief', { level: property(9) }),
        remove('brief'),
        create('brief'),
        create('long'),
      );
      expect(statuses(outcomes)).toEqual(['ResourceNotFound', 'ResourceNotFound', 'created', 'AlreadyExists']);
      expect(await entityOf(store, 'brief', minute(10))).toEqual({
        id: urn('brief'),
        types: [iri('Thing')],
        createdAt: minute(10),
        attrs: {},
      });
      expect(await namesFound(store, {}, { now: minute(10) })).toEqual(['first', 'long', 'last', 'brief']);
      expect((await store.summary()).entities).toBe(4);
      expect(await store.sweep(minute(10))).toBe(0);
    });

    test('and sweeps them', async () => {
      const store = bench.store();
      await fill(store);
      expect(await store.sweep(minute(9))).toBe(0);
      expect(await store.sweep(minute(10))).toBe(1);
      expect(await store.sweep(minute(10))).toBe(0);
      expect(await namesFound(store, {}, { now: minute(0) })).toEqual(['first', 'long', 'last']);
      expect(await store.get(urn('brief'), minute(0))).toBeUndefined();
      expect((await store.summary()).entities).toBe(3);
      expect(await store.sweep(minute(30))).toBe(1);
      expect((await store.summary()).types[0]?.attrs).toEqual([{ name: level, kinds: ['Property'], entities: 2 }]);
      expect(statuses(await apply(store, minute(30), create('brief')))).toEqual(['created']);
    });

    test('but keeps their history', async () => {
      const store = bench.store();
      await fill(store);
      const values = () => pastValues(store, ['brief', 'level'], { now: minute(10) });
      expect(await values()).toEqual([2]);
      await store.sweep(minute(10));
      expect(await values()).toEqual([2]);
      expect(names(await store.history(historyPlan(ofType('Thing'), { now: minute(10) })))).toEqual([
        'first',
        'brief',
        'long',
        'last',
      ]);
      await apply(store, minute(11), create('brief', thing({ level: property(5) })));
      expect(await values()).toEqual([2, 5]);
    });

    test('whose history is found as that of others that are gone', async () => {
      const store = bench.store();
      await fill(store);
      const asked = { q: exists(path('level')) };
      const found = async (now: string) => names(await store.history(historyPlan(asked, { now })));
      expect(await found(minute(9))).toEqual(['first', 'brief', 'long', 'last']);
      expect(await found(minute(10))).toEqual(['first', 'long', 'last']);
      await store.sweep(minute(10));
      expect(await found(minute(10))).toEqual(['first', 'long', 'last']);
    });

    test('unless the expiry is moved or taken away', async () => {
      const store = bench.store();
      await fill(store);
      await apply(
        store,
        minute(1),
        { op: 'merge', id: urn('brief'), fragment: { expiresAt: minute(30), attrs: {} } },
        { op: 'merge', id: urn('long'), fragment: { expiresAt: 'urn:ngsi-ld:null', attrs: {} } },
      );
      expect(await namesFound(store, {}, { now: minute(25) })).toEqual(['first', 'brief', 'long', 'last']);
      expect(await store.sweep(minute(25))).toBe(0);
      expect(await store.sweep(minute(30))).toBe(1);
      expect(await namesFound(store, {}, { now: minute(0) })).toEqual(['first', 'long', 'last']);
    });
  });

  describe('lets attribute instances expire', () => {
    const brief = property('brief', { expiresAt: minute(10) });
    const fill = (store: Store) =>
      apply(
        store,
        minute(0),
        create(
          'a',
          thing({
            level: [brief, property('stays', { datasetId: urn('d') })],
            other: brief,
            power: property(1, { attrs: attrs({ inner: brief, outer: property(2) }) }),
          }),
        ),
        create('b', thing({ level: property('stays') })),
      );

    test('at their moment', async () => {
      const store = bench.store();
      await fill(store);
      const early = await entityOf(store, 'a', minute(9));
      expect(Object.keys(early.attrs).sort()).toEqual([level, iri('other'), iri('power')]);
      expect(early.attrs[level]).toHaveLength(2);
      const late = await entityOf(store, 'a', minute(10));
      expect(late.attrs).toEqual(
        attrs({
          level: property('stays', { datasetId: urn('d') }),
          power: property(1, { attrs: attrs({ outer: property(2) }) }),
        }),
      );
      const [found] = await store.find(plan({ selectors: [{ ids: [urn('a')] }] }, { now: minute(10) }));
      expect(found?.entity()).toEqual(late);
    });

    test('for every filter', async () => {
      const store = bench.store();
      await fill(store);
      const filters = [
        { attrs: [iri('other')] },
        { q: compare(path('level'), '==', 'brief') },
        { q: exists(path('power', { sub: [iri('inner')] })) },
        { attrs: [level], datasetIds: ['@none'], selectors: [{ ids: [urn('a')] }] },
      ];
      for (const filter of filters) {
        expect(await namesFound(store, filter, { now: minute(9) })).toEqual(['a']);
        expect(await namesFound(store, filter, { now: minute(10) })).toEqual([]);
        expect(await store.count(plan(filter, { now: minute(10) }))).toBe(0);
      }
    });

    test('and tells that such an entity depends on the time', async () => {
      const store = bench.store();
      await fill(store);
      expect((await storedOf(store, 'a', minute(0))).isPart).toBe(true);
      expect((await storedOf(store, 'b', minute(0))).isPart ?? false).toBe(false);
      await store.sweep(minute(10));
      expect((await storedOf(store, 'a', minute(10))).isPart ?? false).toBe(false);
      await apply(store, minute(11), create('c', thing({}, { expiresAt: minute(100) })));
      expect((await store.find(plan({}, { now: minute(12) }))).map(({ isPart = false }) => isPart)).toEqual([
        false,
        false,
        true,
      ]);
    });

    test('and sweeps them with their history', async () => {
      const store = bench.store();
      await fill(store);
      expect(await store.sweep(minute(10))).toBe(0);
      expect(Object.keys((await entityOf(store, 'a', minute(0))).attrs).sort()).toEqual([level, iri('power')]);
      expect((await historyOf(store, 'a', { now: minute(0) })).attrs[iri('other')]).toBeUndefined();
      expect(await pastValues(store, ['a', 'level'], { now: minute(0) })).toEqual(['stays']);
      const counted = (await store.summary()).types[0]?.attrs.map(({ name, entities }) => [name, entities]);
      expect(new Set(counted)).toEqual(
        new Set([
          [level, 2],
          [iri('power'), 1],
        ]),
      );
      await apply(store, minute(11), setTo('a', { other: property('new') }));
      expect(await pastValues(store, ['a', 'other'], { now: minute(11) })).toEqual(['new']);
    });

    test('and does not show their history before they are swept', async () => {
      const store = bench.store();
      await fill(store);
      expect(await pastValues(store, ['a', 'other'], { now: minute(9) })).toEqual(['brief']);
      expect(await pastValues(store, ['a', 'other'], { now: minute(10) })).toEqual([]);
      expect(await pastValues(store, ['a', 'level'], { now: minute(10) })).toEqual(['stays']);
      expect(await store.history(historyPlan({}, { now: minute(10), attrs: [iri('other')] }))).toEqual([]);
    });

    test('and forgets their history when a write comes before the sweep', async () => {
      const store = bench.store();
      await fill(store);
      await apply(store, minute(10), setTo('a', { other: property('new') }));
      expect(await pastValues(store, ['a', 'other'])).toEqual(['new']);
      expect(await pastValues(store, ['a', 'level'])).toEqual(['stays']);
      expect((await records(store)).at(-1)?.attrs).toEqual([
        { name: iri('other'), event: 'created', after: { ...property('new'), createdAt: minute(10) } },
      ]);
      expect(Object.keys((await entityOf(store, 'a', minute(0))).attrs).sort()).toEqual([
        level,
        iri('other'),
        iri('power'),
      ]);
      await apply(store, minute(11), remove('a'));
      expect(await pastValues(store, ['a', 'level'])).toHaveLength(2);
    });

    test('but keeps the history of what was written over in time, or deleted', async () => {
      const store = bench.store();
      await fill(store);
      await apply(store, minute(5), setTo('a', { other: property('over') }), {
        op: 'deleteAttr',
        id: urn('a'),
        attr: level,
        which: {},
      });
      await store.sweep(minute(10));
      expect(await pastValues(store, ['a', 'other'])).toEqual(['brief', 'over']);
      expect(await pastValues(store, ['a', 'level'], { datasetIds: ['@none'] })).toHaveLength(2);
    });

    test('while past instances that were recorded stay', async () => {
      const store = bench.store();
      await store.record(
        [past(['x', 'level'], property(1, { observedAt: minute(1), expiresAt: minute(10) }))],
        minute(0),
      );
      await store.sweep(minute(20));
      expect(await pastValues(store, ['x', 'level'], { now: minute(20) })).toEqual([1]);
    });
  });

  test('does not take expiry for a change: a sweep leaves no record and no new version', async () => {
    const store = bench.store();
    await apply(
      store,
      minute(0),
      create('a', thing({ level: property(1, { expiresAt: minute(10) }) })),
      create('b', thing({}, { expiresAt: minute(10) })),
    );
    const { version } = await storedOf(store, 'a', minute(0));
    const position = await store.log.position();
    await store.sweep(minute(10));
    expect(await store.log.position()).toBe(position);
    expect(await records(store, position)).toEqual([]);
    expect((await storedOf(store, 'a', minute(10))).version).toBe(version);
  });

  test('sweeps many at once', async () => {
    const store = bench.store();
    await apply(
      store,
      minute(0),
      ...Array.from({ length: 1500 }, (_, n) =>
        create(`e-${n}`, thing({ level: property(n) }, n % 3 === 0 ? {} : { expiresAt: minute(10) })),
      ),
    );
    expect(await store.sweep(minute(10))).toBe(1000);
    expect(await store.count(plan({}, { now: minute(0) }))).toBe(500);
    expect((await store.summary()).entities).toBe(500);
  });
}
