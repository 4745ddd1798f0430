/** Tests the stream when the change log is unreadable. */
import { expect, test } from '@jest/globals';
import { apply, boat, createStarter, everything, put } from './harness.ts';

const start = createStarter();

test('a log that cannot be read ends it with a request to come back', async () => {
  const { connect, store, services, observed } = await start();
  const client = await connect();
  client.send({ op: 'subscribe', id: 'c', subscription: everything });
  await client.next({ op: 'subscribed' });
  store.log.read = () => Promise.reject(new Error('the disk is gone'));
  await apply(store, services, put(boat(1, 1)));
  expect(await client.closed).toBe(4011);
  expect(observed).toContainEqual({ kind: 'failed', where: 'stream', cause: new Error('the disk is gone') });
});
