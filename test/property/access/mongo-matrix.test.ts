/** Tests the matrix of operations, senders and grants on MongoDB. */
import { openMongoStores } from '../../../src/store/mongo/stores.ts';
import { createTestDatabases } from '../../mongo/database.ts';
import '../../seed.ts';
import { testMatrix } from './matrix.ts';

testMatrix(
  'mongo',
  async () => {
    const databases = createTestDatabases();
    const stores = await openMongoStores({ url: databases.url });
    return { ...stores, close: () => stores.close().finally(() => databases.drop()) };
  },
  3,
);
