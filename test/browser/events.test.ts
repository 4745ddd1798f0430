/** Tests Server-Sent Events in a real browser: its EventSource receives changes, and reconnects at its last position. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type CounterPage, openCounterPage } from './counter.ts';

let brokerPage: CounterPage;

/** What the page keeps between the steps of the test. */
interface Kept {
  seen: number[];
  gaps: number;
  opened: number;
}

beforeAll(async () => {
  brokerPage = await openCounterPage();
}, 60_000);
afterAll(() => brokerPage.close());

test('an EventSource sees every change once, whatever becomes of its connections', async () => {
  await brokerPage.write(0);
  await brokerPage.page.evaluate(() => {
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
  const has = (n: number) =>
    brokerPage.page.waitForFunction((wanted) => (globalThis as unknown as Kept).seen.includes(wanted), n);
  await has(0);
  for (let n = 1; n <= 3; n += 1) {
    await brokerPage.write(2 * n - 1);
    await has(2 * n - 1);
    brokerPage.proxy.cut();
    await brokerPage.write(2 * n);
    await has(2 * n);
  }
  const { seen, gaps, opened } = await brokerPage.page.evaluate(() => {
    const kept = globalThis as unknown as Kept;
    return { seen: kept.seen, gaps: kept.gaps, opened: kept.opened };
  });
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(gaps).toBe(0);
  expect(opened).toBeGreaterThan(3);
}, 60_000);
