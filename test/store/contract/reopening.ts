/** Tests what survives a restart, for persistent stores. */
import { describe, expect, test } from '@jest/globals';
import type { Store } from '../../../src/core/port/store.ts';
import {
  apply,
  type Bench,
  compare,
  create,
  historyPlan,
  iri,
  minute,
  now,
  past,
  path,
  pastValues,
  plan,
  property,
  records,
  remove,
  setTo,
  thing,
  urn,
} from './bench.ts';

export function describeReopening(bench: Bench): void {
  describe('when it is closed and opened again', () => {
    test('has everything that was there', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(0),
        ...Array.from({ length: 20 }, (_, n) => create(`e-${n}`, thing({ level: property(n) }))),
      );
      await apply(
        store,
        minute(1),
        setTo('e-3', { level: property(33), other: property('x', { expiresAt: minute(50) }) }),
        remove('e-5'),
        remove('e-19'),
      );
      await store.record([past(['p', 'level'], property(1, { observedAt: minute(-5) }))], minute(2));
      await store.log.prune({ before: minute(0), records: 7 });
      await store.collection('one').put('a', { b: 1 });
      await (await bench.stores().open('city', true))?.collection('one').put('a', 2);
      const before = await everything(store);
      const again = await bench.reopen();
      if (!again) return;
      expect(await everything(again)).toEqual(before);
      expect([...(await bench.stores().tenants())].sort()).toEqual(['', 'city']);
      expect(await (await bench.stores().open('city', false))?.collection('one').get('a')).toBe(2);
      expect(await bench.stores().open('town', false)).toBeUndefined();
    });

    test('goes on where it was', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', thing({ level: property(1) })), create('b'), create('c'), remove('c'));
      await store.record([past(['p', 'level'], property(1))], minute(0));
      await store.log.prune({ before: minute(1), records: 0 });
      const position = await store.log.position();
      const again = await bench.reopen();
      if (!again) return;
      expect(await again.log.position()).toBe(position);
      expect(await again.log.prunedTo()).toBe(position);
      await apply(
        again,
        minute(1),
        create('c'),
        setTo('a', { level: property(2) }),
        create('d', thing({ level: property(4) })),
      );
      await again.record([past(['p', 'level'], property(2))], minute(1));
      const positions = (await records(again)).map((record) => record.position);
      expect(positions).toHaveLength(3);
      expect(Math.min(...positions)).toBeGreaterThan(position);
      const found = await again.find(plan());
      expect(found.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd'].map(urn));
      expect(found.map(({ cursor }) => cursor)).toEqual(found.map(({ cursor }) => cursor).toSorted((x, y) => x - y));
      expect(await pastValues(again, ['a', 'level'])).toEqual([1, 2]);
      expect(await pastValues(again, ['p', 'level'])).toEqual([1, 2]);
      const ids = (await again.history(historyPlan())).flatMap(({ attrs }) =>
        Object.values(attrs)
          .flat()
          .map(({ instanceId }) => instanceId),
      );
      expect(new Set(ids).size).toBe(ids.length);
      expect((await again.summary()).entities).toBe(4);
    });
  });

  describe('when it is closed', () => {
    test('has first finished the writes that were under way', async () => {
      const store = bench.store();
      const writing = Array.from({ length: 20 }, (_, n) => apply(store, minute(0), create(`e-${n}`)));
      const again = await bench.reopen();
      const outcomes = await Promise.all(writing);
      expect(outcomes.flat().every(({ status }) => status === 'created')).toBe(true);
      if (again) expect(await again.count(plan())).toBe(20);
    });
  });
}

/** All that is in a store, in a form that can be compared. */
async function everything(store: Store): Promise<unknown> {
  const found = await store.find(plan());
  return {
    entities: found.map((stored) => ({ ...stored, entity: stored.entity(), types: stored.types() })),
    level: await store.count(plan({ q: compare(path('level'), '>', 9) })),
    one: (await store.get(urn('e-3'), now))?.entity().attrs[iri('level')],
    history: await store.history(historyPlan()),
    records: await records(store),
    position: await store.log.position(),
    prunedTo: await store.log.prunedTo(),
    summary: await store.summary(),
    collection: await store.collection('one').list(),
  };
}
