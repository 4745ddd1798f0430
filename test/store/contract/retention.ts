/** Tests retention: old instances are deleted by type and attribute, the present state stays. */
import { describe, expect, test } from '@jest/globals';
import type { Retention } from '../../../src/core/language/retention.ts';
import { scopeSeries } from '../../../src/core/model/history.ts';
import type { Store } from '../../../src/core/port/store.ts';
import {
  apply,
  attrs,
  type Bench,
  byObservedAt,
  create,
  entityOf,
  historyOf,
  historyPlan,
  iri,
  minute,
  past,
  pastValues,
  property,
  remove,
  setTo,
  thing,
  update,
  urn,
} from './bench.ts';

const level = iri('level');

/** Forgets slice by slice. Answers how many instances went, by name. */
export async function forgetAll(
  store: Store,
  retention: Retention,
  isDryRun = false,
): Promise<Readonly<Record<string, number>>> {
  const all: Record<string, number> = {};
  for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const { instances, next } = await store.forgetHistory({
      retention,
      isDryRun,
      ...(after === undefined ? undefined : { after }),
    });
    for (const [name, count] of Object.entries(instances)) all[name] = (all[name] ?? 0) + count;
    after = next;
  }
  return all;
}

/** `a` is a Thing and `b` a Thing and an Other: both have `level` observed at the minutes 1 to 4, and `other` written at 100. */
async function fill(store: Store): Promise<void> {
  const given = { level: property(1, { observedAt: minute(1) }), other: property('x') };
  const both = [iri('Thing'), iri('Other')];
  await apply(store, minute(100), create('a', thing(given)), create('b', { types: both, attrs: attrs(given) }));
  for (const n of [2, 3, 4])
    await apply(
      store,
      minute(100 + n),
      ...['a', 'b'].map((name) => setTo(name, { level: property(n, { observedAt: minute(n) }) })),
    );
}

const levels = async (store: Store, name: string): Promise<readonly unknown[]> =>
  ((await historyOf(store, name)).attrs[level] ?? []).map(({ value }) => value);

export function describeRetention(bench: Bench): void {
  describe('forgets history', () => {
    test('before a moment, by the place in time, and leaves the present', async () => {
      const store = bench.store();
      await fill(store);
      expect(await forgetAll(store, { before: minute(3), rules: [] })).toEqual({ [level]: 4 });
      expect(await levels(store, 'a')).toEqual([3, 4]);
      expect(await forgetAll(store, { before: minute(3), rules: [] })).toEqual({});
      expect(await forgetAll(store, { before: minute(200), rules: [] })).toEqual({ [level]: 4, [iri('other')]: 2 });
      expect(await store.history(historyPlan())).toEqual([]);
      expect((await entityOf(store, 'a')).attrs[level]).toEqual([expect.objectContaining({ value: 4 })]);
      expect(await store.log.position()).toBe(8);
    });

    test('and only counts in a dry run', async () => {
      const store = bench.store();
      await fill(store);
      expect(await forgetAll(store, { before: minute(3), rules: [] }, true)).toEqual({ [level]: 4 });
      expect(await levels(store, 'a')).toEqual([1, 2, 3, 4]);
    });

    test('by the most special rule; of several types the one that keeps longest', async () => {
      const store = bench.store();
      await fill(store);
      const rules = [
        { type: iri('Thing'), before: minute(200) },
        { type: iri('Thing'), attr: level, before: minute(4) },
        { type: iri('Other'), attr: level, before: minute(2) },
        { type: iri('Other') },
        { type: iri('Nobody'), before: minute(200) },
      ];
      expect(await forgetAll(store, { rules })).toEqual({ [level]: 4, [iri('other')]: 1 });
      expect(await levels(store, 'a')).toEqual([4]);
      expect(await levels(store, 'b')).toEqual([2, 3, 4]);
      expect(await forgetAll(store, { before: minute(3), rules: [{ type: iri('Other') }] })).toEqual({});
      expect(await forgetAll(store, { before: minute(3), rules: [{ type: iri('Nobody') }] })).toEqual({ [level]: 1 });
    });

    test('of entities that are gone, by the types that they had, and of those that came back', async () => {
      const store = bench.store();
      await fill(store);
      await apply(store, minute(110), remove('a'), remove('b'));
      await apply(store, minute(111), create('b', thing({ level: property(5, { observedAt: minute(5) }) })));
      expect(await forgetAll(store, { rules: [{ type: iri('Other'), before: minute(200) }] })).toEqual({});
      const things = [{ type: iri('Thing'), attr: level, before: minute(4) }];
      expect(await forgetAll(store, { rules: things })).toEqual({ [level]: 6 });
      expect(await pastValues(store, ['b', 'level'], { temporal: byObservedAt })).toEqual([4, 5]);
    });

    test('but not the scope that still holds', async () => {
      const store = bench.store();
      await apply(store, minute(1), create('a', thing({}, { scope: '/one' })), create('b', thing({}, { scope: '/b' })));
      await apply(store, minute(2), update('a', { attrs: {}, scope: '/two' }), remove('b'));
      await apply(store, minute(9), update('a', { attrs: {}, scope: '/three' }));
      expect(await forgetAll(store, { before: minute(5), rules: [] })).toEqual({ [scopeSeries]: 3 });
      expect((await historyOf(store, 'a')).attrs[scopeSeries]?.map(({ value }) => value)).toEqual(['/two', '/three']);
    });

    test('of a long series and of many entities, slice by slice, with writes in between', async () => {
      const store = bench.store();
      const entities = Array.from({ length: 1500 }, (_, n) => create(`e${n}`, thing({ level: property(n) })));
      await apply(store, minute(0), ...entities);
      const long = Array.from({ length: 2500 }, (_, n) =>
        past(['long', 'level'], property(n, { observedAt: minute(-2500 + n) })),
      );
      await store.record(long, minute(1));
      const retention = { before: minute(-10), rules: [] };
      const first = await store.forgetHistory({ retention });
      expect(first.next).toBeDefined();
      await store.record([past(['long', 'level'], property('late', { observedAt: minute(-5000) }))], minute(2));
      const rest = await forgetAll(store, retention);
      expect((first.instances[level] ?? 0) + (rest[level] ?? 0)).toBe(2491);
      const left = await store.history(historyPlan({ selectors: [{ ids: [urn('long')] }] }));
      expect(left.flatMap(({ attrs: found }) => found[level] ?? [])).toHaveLength(10);
      expect(await forgetAll(store, { before: minute(1), rules: [] }, true)).toEqual({ [level]: 1510 });
    });
  });
}
