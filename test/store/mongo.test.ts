/** Tests the MongoDB store against the contract, on a real replica set. */
import { afterAll } from '@jest/globals';
import { openMongoStores } from '../../src/store/mongo/stores.ts';
import { createTestDatabases } from '../mongo/database.ts';
import { describeStore } from './contract/contract.ts';

const databases = createTestDatabases();

afterAll(() => databases.drop());

describeStore('mongo', async () => {
  await databases.clear();
  const open = () => openMongoStores({ url: databases.url });
  return { stores: await open(), reopen: open };
});
