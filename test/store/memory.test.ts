/** Tests the memory store against the contract, with and without pauses, and against itself on random writes. */
import { describe, expect, test } from '@jest/globals';
import { createMemoryStores } from '../../src/store/memory/stores.ts';
import { apply, create, minute, names, plan, remove } from './contract/bench.ts';
import { describeStore } from './contract/contract.ts';
import { sameOnRandom } from './contract/random.ts';

const yieldToEventLoop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describeStore('memory', () => Promise.resolve({ stores: createMemoryStores() }));

describe('the memory store that breathes', () => {
  test('answers the same as one that does not', async () => {
    await sameOnRandom(createMemoryStores(), createMemoryStores({ yieldToEventLoop }), 100);
  });

  test('finds what was there at the beginning, once, whatever is written meanwhile', async () => {
    let pauses = 0;
    const stores = createMemoryStores({
      yieldToEventLoop: () => {
        pauses += 1;
        return yieldToEventLoop();
      },
    });
    const store = await stores.open('', false);
    if (!store) throw new Error('The default tenant is not there.');
    await apply(store, minute(0), create('a'), create('b'), create('c'));
    const finding = store.find(plan());
    await apply(store, minute(1), remove('a'), remove('c'), create('a'), create('d'));
    expect(names(await finding)).toEqual(['a', 'b', 'c']);
    expect(names(await store.find(plan()))).toEqual(['b', 'a', 'd']);
    expect(pauses).toBe(6);
  });
});
