/** The client library in a real browser, as the broker serves it: a replica that outlives its connection, and requests. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type * as client from '../../src/client/client.ts';
import { type Proxy, startProxy } from '../client/proxy.ts';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';
import { complaintsOf, launch } from './launch.ts';

let broker: TestBroker;
let proxy: Proxy;
let browser: Browser;
let page: Page;
let complaints: readonly string[];

/** What the page keeps between the steps of a test. */
interface Kept {
  replica: client.Replica;
  client: client.Client;
}

beforeAll(async () => {
  broker = await startTestBroker();
  proxy = await startProxy(broker.url);
  browser = await launch();
  page = await browser.newPage();
  complaints = complaintsOf(page);
  // The page itself comes through the proxy, so that its connections are of the same origin.
  await page.goto(`${proxy.url}/api`);
}, 60_000);
afterAll(async () => {
  await browser.close();
  await proxy.stop();
  await broker.stop();
});

async function write(n: number): Promise<void> {
  const body = JSON.stringify([{ id: 'urn:x:1', type: 'Counter', n }]);
  const headers = { 'Content-Type': 'application/json' };
  const url = `${broker.url}/ngsi-ld/v1/entityOperations/upsert`;
  expect((await fetch(url, { method: 'POST', body, headers })).ok).toBe(true);
}

/** The counter, as the page's replica has it. */
const counter = (n: number) =>
  page.waitForFunction(
    (wanted) => (globalThis as unknown as Kept).replica.entities.get('urn:x:1')?.['n'] === wanted,
    n,
  );

describe('in a browser, the client', () => {
  test('is imported from the broker, and keeps a replica', async () => {
    await write(0);
    await page.evaluate(async (url) => {
      const { connect } = (await import(`${url}/client/client.js`)) as typeof client;
      const kept = globalThis as unknown as Kept;
      kept.client = connect(url, { retryLeastMs: 20 });
      kept.replica = kept.client.replica({ entities: [{ type: 'Counter' }], notification: { format: 'simplified' } });
      await kept.replica.ready;
    }, proxy.url);
    await counter(0);
    await write(1);
    await counter(1);
  });

  test('goes on over lost connections', async () => {
    for (let n = 2; n < 8; n += 1) {
      proxy.cut();
      await write(n);
      await counter(n);
    }
  });

  test('carries out operations', async () => {
    const answer = await page.evaluate(() =>
      (globalThis as unknown as Kept).client.request('retrieveEntity', { id: 'urn:x:1' }),
    );
    expect(answer).toMatchObject({ status: 200, body: { id: 'urn:x:1', n: { value: 7 } } });
    const reason = await page.evaluate(() =>
      (globalThis as unknown as Kept).client.request('retrieveEntity', { id: 'urn:x:none' }).then(() => '', String),
    );
    expect(reason).toContain('urn:x:none');
    expect(complaints.filter((text) => !text.includes('WebSocket connection'))).toEqual([]);
  });
});
