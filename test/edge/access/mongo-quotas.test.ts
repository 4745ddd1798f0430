/** Tests that the quota of stored subscriptions holds for several brokers on one database. */
import { expect, test } from '@jest/globals';
import { createQuotas } from '../../../src/core/access/quotas.ts';
import type { Json } from '../../../src/core/model/json.ts';
import { subscriptionCollection } from '../../../src/core/port/subscriptions.ts';
import { openMongoStores } from '../../../src/store/mongo/stores.ts';
import { createTestDatabases } from '../../mongo/database.ts';
import { administrator, startTestServer, type TestServer } from './test-server.ts';

const subscription: Json = {
  type: 'Subscription',
  entities: [{ type: 'Lamp' }],
  notification: { endpoint: { uri: 'http://127.0.0.1:9/' } },
};

function quotasOf(subscriptions: number) {
  const none = { requestsPerMinute: 0, writesPerMinute: 0, bytesPerMinute: 0, requestsAtOnce: 0, streamsAtOnce: 0 };
  return createQuotas({ limits: { ...none, subscriptions }, steadyMs: () => 0, onExceeded: () => undefined });
}

test('of 50 subscriptions that are created at two brokers at the same time, as many are stored as the quota allows', async () => {
  const databases = createTestDatabases();
  const stores = [await openMongoStores(databases), await openMongoStores(databases)];
  const quotas = quotasOf(10);
  const servers: TestServer[] = [];
  for (const one of stores) servers.push(await startTestServer(one, { quotas }));
  try {
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const answer = await servers[n % 2]?.send('POST /subscriptions', { as: administrator, body: subscription });
        return answer?.status;
      }),
    );
    expect(statuses.filter((status) => status === 201)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(40);
    const store = await stores[0]?.open('', false);
    expect(await store?.collection(subscriptionCollection).keys()).toHaveLength(10);
  } finally {
    for (const server of servers) await server.stop();
    for (const one of stores) await one.close();
    await databases.drop();
  }
});
