/** Server-Sent Events in a real browser: its EventSource follows changes, and comes back by itself where it was. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { type Proxy, startProxy } from '../client/proxy.ts';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';
import { launch } from './launch.ts';

let broker: TestBroker;
let proxy: Proxy;
let browser: Browser;
let page: Page;

/** What the page keeps between the steps of the test. */
interface Kept {
  seen: number[];
  gaps: number;
  opened: number;
}

beforeAll(async () => {
  broker = await startTestBroker();
  proxy = await startProxy(broker.url);
  browser = await launch();
  page = await browser.newPage();
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

test('an EventSource sees every change once, whatever becomes of its connections', async () => {
  await write(0);
  await page.evaluate(() => {
    const kept = globalThis as unknown as Kept;
    Object.assign(kept, { seen: [], gaps: 0, opened: 0 });
    const query = 'type=Counter&format=simplified&snapshot=true&notificationTrigger=entityCreated,entityUpdated';
    const events = new EventSource(`/ngsi-ld/v1/stream?${query}`);
    events.addEventListener('open', () => (kept.opened += 1));
    events.addEventListener('gap', () => (kept.gaps += 1));
    events.addEventListener('notification', (event) => {
      const { data } = JSON.parse((event as MessageEvent).data as string) as { data: { n: number }[] };
      kept.seen.push(...data.map(({ n }) => n));
    });
  });
  const has = (n: number) => page.waitForFunction((wanted) => (globalThis as unknown as Kept).seen.includes(wanted), n);
  await has(0);
  for (let n = 1; n <= 3; n += 1) {
    await write(2 * n - 1);
    await has(2 * n - 1);
    proxy.cut();
    await write(2 * n);
    await has(2 * n);
  }
  const { seen, gaps, opened } = await page.evaluate(() => {
    const kept = globalThis as unknown as Kept;
    return { seen: kept.seen, gaps: kept.gaps, opened: kept.opened };
  });
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(gaps).toBe(0);
  expect(opened).toBeGreaterThan(3);
}, 60_000);
