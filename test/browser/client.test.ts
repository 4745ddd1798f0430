/** Tests the client library in a real browser, as the broker serves it: a replica that survives a lost connection, and requests. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type * as client from '../../src/client/client.ts';
import { type CounterPage, openCounterPage } from './counter.ts';

let brokerPage: CounterPage;

/** What the page keeps between the steps of a test. */
interface Kept {
  replica: client.Replica;
  client: client.Client;
}

beforeAll(async () => {
  brokerPage = await openCounterPage();
}, 60_000);
afterAll(() => brokerPage.close());

/** The counter, as the page's replica has it. */
const counter = (n: number) =>
  brokerPage.page.waitForFunction(
    (wanted) => (globalThis as unknown as Kept).replica.entities.get('urn:x:1')?.['n'] === wanted,
    n,
  );

describe('in a browser, the client', () => {
  test('is imported from the broker, and keeps a replica', async () => {
    await brokerPage.write(0);
    await brokerPage.page.evaluate(async (url) => {
      const { connect } = (await import(`${url}/client/client.js`)) as typeof client;
      const kept = globalThis as unknown as Kept;
      kept.client = connect(url, { retryLeastMs: 20 });
      kept.replica = kept.client.replica({ entities: [{ type: 'Counter' }], notification: { format: 'simplified' } });
      await kept.replica.ready;
    }, brokerPage.proxy.url);
    await counter(0);
    await brokerPage.write(1);
    await counter(1);
  });

  test('goes on over lost connections', async () => {
    for (let n = 2; n < 8; n += 1) {
      brokerPage.proxy.cut();
      await brokerPage.write(n);
      await counter(n);
    }
  });

  test('carries out operations', async () => {
    const answer = await brokerPage.page.evaluate(() =>
      (globalThis as unknown as Kept).client.request('retrieveEntity', { id: 'urn:x:1' }),
    );
    expect(answer).toMatchObject({ status: 200, body: { id: 'urn:x:1', n: { value: 7 } } });
    const reason = await brokerPage.page.evaluate(() =>
      (globalThis as unknown as Kept).client.request('retrieveEntity', { id: 'urn:x:none' }).then(() => '', String),
    );
    expect(reason).toContain('urn:x:none');
    expect(brokerPage.complaints.filter((text) => !text.includes('WebSocket connection'))).toEqual([]);
  });
});
