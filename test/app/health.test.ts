/** Tests that the broker reports to be ready if and only if it can read and write. */
import { expect, test } from '@jest/globals';
import { createHealth } from '../../src/app/health.ts';
import type { DocumentCollection, Stores } from '../../src/core/port/store.ts';
import { Problem } from '../../src/core/model/problem.ts';
import { createMemoryStores } from '../../src/store/memory/stores.ts';
import { eventually } from '../edge/deliver/test-broker.ts';

/** Stores of which each document that is put goes through this first. */
function openStores(put: (document: unknown) => Promise<void>): Stores {
  const stores = createMemoryStores();
  return {
    ...stores,
    async open(tenant, create) {
      const store = await stores.open(tenant, create);
      const collection = (name: string): DocumentCollection | undefined => {
        const one = store?.collection(name);
        return one && { ...one, put: (key, document) => put(document).then(() => one.put(key, document)) };
      };
      return store && { ...store, collection: (name) => collection(name) ?? store.collection(name) };
    },
  };
}

test('it is ready while it can read and write', async () => {
  const health = createHealth({ stores: openStores(() => Promise.resolve()), alias: 'a' });
  expect(await health.unready()).toBeUndefined();
});

test('after the disk was full it is ready only when there is room for more than a little', async () => {
  let room = 1000;
  const put = (document: unknown): Promise<void> =>
    String(document).length < room ? Promise.resolve() : Promise.reject(new Problem('InsufficientStorage', 'Full.'));
  const health = createHealth({ stores: openStores(put), alias: 'a' });
  // A result of a moment ago does not count any more.
  expect(await health.unready()).toBeUndefined();
  health.observe({ kind: 'storeFailed', problem: 'InsufficientStorage', reason: 'Full.', isRepeated: false });
  expect(await health.unready()).toBe('The store does not answer: Full.');
  room = 1e6;
  expect(await eventually(health.unready, (reason) => reason === undefined)).toBeUndefined();
});

test('a store that does not answer is told of within seconds, and is not asked again meanwhile', async () => {
  let asked = 0;
  const put = (): Promise<void> => {
    asked += 1;
    return new Promise(() => undefined);
  };
  const health = createHealth({ stores: openStores(put), alias: 'a' });
  expect(await health.unready()).toMatch(/has not answered within 3000 ms/);
  expect(await health.unready()).toMatch(/has not answered/);
  expect(asked).toBe(1);
});
