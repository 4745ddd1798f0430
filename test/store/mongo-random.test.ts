/** Tests the MongoDB store with random writes. */
import { afterAll, test } from '@jest/globals';
import type { Store, Stores } from '../../src/core/port/store.ts';
import { openMongoStores } from '../../src/store/mongo/stores.ts';
import { createTestDatabases } from '../mongo/database.ts';
import { type StoreUnderTest, sameAsMemory } from './contract/random-writes.ts';

const databases = createTestDatabases();
afterAll(() => databases.drop());

async function open(): Promise<StoreUnderTest> {
  await databases.clear();
  let stores: Stores | undefined;
  const openStore = async (): Promise<Store> => {
    await stores?.close();
    stores = await openMongoStores({ url: databases.url });
    const store = await stores.open('', true);
    if (!store) throw new Error('The default tenant is not there.');
    return store;
  };
  return { store: await openStore(), reopen: openStore, close: async () => stores?.close() };
}

test('memory and MongoDB give the same answers', () => sameAsMemory(open, 30), 600_000);
