/** Tests the order of results, and its parts: limit, offset, after. */
import { describe, expect, test } from '@jest/globals';
import {
  apply,
  type Bench,
  compare,
  create,
  minute,
  names,
  namesFound,
  ofType,
  path,
  plan,
  property,
  remove,
  setTo,
  thing,
} from './bench.ts';

/** Ids in an order that is none of the alphabet's. */
const ten = ['m', 'c', 'z', 'a', 'q', 'b', 'y', 'x', 'd', 'n'];

export function describeOrder(bench: Bench): void {
  describe('finds entities in the order of their creation', () => {
    test('oldest first, whatever they are called', async () => {
      await apply(bench.store(), minute(0), ...ten.slice(0, 5).map((name) => create(name)));
      for (const name of ten.slice(5)) await apply(bench.store(), minute(1), create(name));
      expect(await namesFound(bench.store(), {})).toEqual(ten);
    });

    test('changes do not move them, a new creation does', async () => {
      const store = bench.store();
      await apply(store, minute(0), ...ten.map((name) => create(name)));
      await apply(store, minute(1), setTo('m', { level: property(1) }), setTo('z', { level: property(1) }));
      expect(await namesFound(store, {})).toEqual(ten);
      await apply(store, minute(2), remove('c'), create('c'));
      expect(await namesFound(store, {})).toEqual([...ten.filter((name) => name !== 'c'), 'c']);
    });

    test('with a limit and an offset', async () => {
      const store = bench.store();
      await apply(store, minute(0), ...ten.map((name) => create(name)));
      expect(await namesFound(store, {}, { limit: 3 })).toEqual(ten.slice(0, 3));
      expect(await namesFound(store, {}, { limit: 3, offset: 2 })).toEqual(ten.slice(2, 5));
      expect(await namesFound(store, {}, { limit: 3, offset: 9 })).toEqual(ten.slice(9));
      expect(await namesFound(store, {}, { limit: 3, offset: 10 })).toEqual([]);
      expect(await namesFound(store, {}, { limit: 3, offset: 1000 })).toEqual([]);
      expect(await namesFound(store, {}, { limit: 0 })).toEqual([]);
      expect(await namesFound(store, {}, { limit: Number.MAX_SAFE_INTEGER })).toEqual(ten);
    });

    test('behind a cursor', async () => {
      const store = bench.store();
      await apply(store, minute(0), ...ten.map((name) => create(name)));
      const all = await store.find(plan());
      const cursors = all.map(({ cursor }) => cursor);
      expect(cursors).toEqual([...new Set(cursors)].sort((a, b) => a - b));
      for (const [n, { cursor }] of all.entries()) {
        expect(await namesFound(store, {}, { after: cursor })).toEqual(ten.slice(n + 1));
        expect(await namesFound(store, {}, { after: cursor, limit: 2, offset: 1 })).toEqual(ten.slice(n + 2, n + 4));
      }
      expect(await namesFound(store, {}, { after: 0 })).toEqual(ten);
    });

    test('a cursor holds when its entity goes and others come', async () => {
      const store = bench.store();
      await apply(store, minute(0), ...ten.map((name) => create(name)));
      const [, , third] = await store.find(plan());
      await apply(store, minute(1), remove('z'), remove('m'), setTo('c', { level: property(1) }), create('new'));
      expect(await namesFound(store, {}, { after: third?.cursor ?? -1 })).toEqual([...ten.slice(3), 'new']);
    });

    test('limit, offset and cursor count what the filter finds', async () => {
      const store = bench.store();
      await apply(store, minute(0), ...ten.map((name, n) => create(name, thing({ level: property(n) }))));
      const odd = { anyOf: [1, 3, 5, 7, 9].map((n) => ({ q: compare(path('level'), '==', n) })) };
      expect(await namesFound(store, odd)).toEqual(['c', 'a', 'b', 'x', 'n']);
      expect(await namesFound(store, odd, { limit: 2, offset: 1 })).toEqual(['a', 'b']);
      const [first] = await store.find(plan(odd, { limit: 1 }));
      expect(await namesFound(store, odd, { limit: 2, after: first?.cursor ?? -1 })).toEqual(['a', 'b']);
    });

    test('walking by cursor sees each entity once', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(0),
        ...Array.from({ length: 95 }, (_, n) =>
          create(`e-${n}`, n % 3 === 0 ? thing() : { types: ['urn:x'], attrs: {} }),
        ),
      );
      const seen: string[] = [];
      for (let after = 0; seen.length < 95; ) {
        const page = await store.find(plan(ofType('Thing'), { limit: 7, after }));
        seen.push(...names(page));
        const last = page.at(-1);
        if (!last) break;
        after = last.cursor;
      }
      expect(seen).toEqual(Array.from({ length: 32 }, (_, n) => `e-${n * 3}`));
    });

    test('has the same id, version, cursor and entity by id as in a query', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a'), create('b', thing({ level: property(1) })));
      for (const found of await store.find(plan())) {
        const got = await store.get(found.id, plan().now);
        expect({ ...got, entity: got?.entity(), types: got?.types() }).toEqual({
          ...found,
          entity: found.entity(),
          types: found.types(),
        });
      }
    });
  });

  describe('counts', () => {
    test('what a filter finds, without regard to limit, offset and cursor', async () => {
      const store = bench.store();
      expect(await store.count(plan())).toBe(0);
      await apply(store, minute(0), ...ten.map((name, n) => create(name, thing({ level: property(n) }))));
      expect(await store.count(plan())).toBe(10);
      expect(await store.count(plan({}, { limit: 1, offset: 5 }))).toBe(10);
      expect(await store.count(plan(ofType('Thing'), { limit: 1 }))).toBe(10);
      expect(await store.count(plan(ofType('Other')))).toBe(0);
      expect(await store.count(plan({ q: compare(path('level'), '>', 6) }, { limit: 1, offset: 2 }))).toBe(3);
      await apply(store, minute(1), remove('n'));
      expect(await store.count(plan({ q: compare(path('level'), '>', 6) }))).toBe(2);
    });
  });
}
