/** Tests tenants: each has a separate store, and none exists before it is created. */
import { describe, expect, test } from '@jest/globals';
import {
  apply,
  type Bench,
  create,
  historyPlan,
  minute,
  namesFound,
  now,
  property,
  records,
  thing,
  urn,
} from './bench.ts';

export function describeTenants(bench: Bench): void {
  describe('keeps tenants', () => {
    test('of which the default one is always there', async () => {
      expect(await bench.stores().tenants()).toEqual(['']);
      expect(await bench.stores().open('', false)).toBeDefined();
    });

    test('that are there once they are made', async () => {
      const stores = bench.stores();
      expect(await stores.open('city', false)).toBeUndefined();
      expect(await stores.tenants()).toEqual(['']);
      expect(await stores.open('city', true)).toBeDefined();
      expect(await stores.open('city', false)).toBeDefined();
      expect([...(await stores.tenants())].sort()).toEqual(['', 'city']);
    });

    test('that are the same whenever they are opened', async () => {
      const stores = bench.stores();
      const [first, second] = await Promise.all([stores.open('city', true), stores.open('city', true)]);
      const third = await stores.open('city', false);
      if (!first || !second || !third) throw new Error('A tenant was not made.');
      await apply(first, minute(0), create('a'));
      await apply(second, minute(1), create('b'));
      for (const store of [first, second, third]) expect(await namesFound(store, {})).toEqual(['a', 'b']);
      let called = 0;
      third.log.follow(() => void (called += 1));
      const done = new Promise<void>((resolve) => void first.log.follow(() => queueMicrotask(resolve)));
      await apply(first, minute(2), create('c'));
      await done;
      expect(called).toBe(1);
    });

    test('that are gone with everything in them once they are dropped', async () => {
      const stores = bench.stores();
      const city = await stores.open('city', true);
      if (!city) throw new Error('A tenant was not made.');
      await apply(city, minute(0), create('a'));
      await city.collection('one').put('a', 1);
      await stores.drop('city');
      await stores.drop('village');
      expect(await stores.open('city', false)).toBeUndefined();
      expect(await stores.tenants()).toEqual(['']);
      const anew = await stores.open('city', true);
      if (!anew) throw new Error('A tenant was not made.');
      expect(await namesFound(anew, {})).toEqual([]);
      expect(await anew.collection('one').get('a')).toBeUndefined();
      await apply(anew, minute(1), create('b'));
      expect(await namesFound(anew, {})).toEqual(['b']);
    });

    test('whose sizes are told where they are on a disk', async () => {
      const city = await bench.stores().open('city', true);
      if (!city) throw new Error('A tenant was not made.');
      await apply(city, minute(0), create('a'));
      const isOnDisk = (await bench.reopen()) !== undefined;
      const sizes = await bench.stores().sizes();
      expect(sizes.map(({ tenant }) => tenant).sort()).toEqual(isOnDisk ? ['', 'city'] : []);
      for (const { bytes } of sizes) {
        expect(Math.min(...Object.values(bytes))).toBeGreaterThanOrEqual(0);
        expect(Math.max(...Object.values(bytes))).toBeGreaterThan(0);
      }
    });

    test('that know nothing of each other, however they are called', async () => {
      const stores = bench.stores();
      const tenants = [
        'city',
        'City',
        'city_2',
        'ČŠŽ',
        '../escape',
        'a/b',
        'con',
        '.',
        '..',
        'x.db',
        "o'clock",
        '__proto__',
        'x'.repeat(200),
        '🚦',
      ];
      for (const [n, tenant] of ['', ...tenants].entries()) {
        const store = await stores.open(tenant, true);
        if (!store) throw new Error('A tenant was not made.');
        expect(await store.log.position()).toBe(0);
        await apply(store, minute(0), create('a', thing({ level: property(n) })), create(`own-${n}`));
        await store.collection('one').put('a', n);
      }
      expect([...(await stores.tenants())].sort()).toEqual(['', ...tenants].sort());
      for (const [n, tenant] of ['', ...tenants].entries()) {
        const store = await stores.open(tenant, false);
        if (!store) throw new Error('A tenant is gone.');
        expect(await namesFound(store, {})).toEqual(['a', `own-${n}`]);
        expect(Object.values((await store.get(urn('a'), now))?.entity().attrs ?? {})[0]?.[0]?.value).toBe(n);
        expect(await records(store)).toHaveLength(2);
        expect((await store.summary()).entities).toBe(2);
        expect(await store.history(historyPlan())).toHaveLength(1);
        expect(await store.collection('one').get('a')).toBe(n);
      }
    });
  });
}
