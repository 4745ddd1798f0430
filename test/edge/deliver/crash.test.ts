/** Tests that a killed broker loses no notification: the next one resumes at its position, in order, with the same ids. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { killProcesses, startProcess } from './process.ts';
import { type Received, startReceiver, stopReceivers, valueOf } from './receiver.ts';
import { eventually } from './test-broker.ts';

jest.setTimeout(60_000);

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlaka-crash-'));
});
afterEach(async () => {
  await killProcesses();
  await stopReceivers();
  rmSync(folder, { recursive: true });
});

const numbers = (most: number): number[] => Array.from({ length: most }, (_, index) => index + 1);
/** The values in the order in which they came first. */
const firsts = (received: readonly Received[]): unknown[] => [...new Set(received.map((one) => valueOf(one, 'draft')))];
const has = (draft: number) => (received: readonly Received[]) =>
  received.some((one) => valueOf(one, 'draft') === draft);

test('what happened while the receiver was down is delivered by the broker that comes after', async () => {
  const receiver = await startReceiver();
  const broker = await startProcess(folder);
  const id = await broker.subscribe(receiver.url);
  await broker.sail(1, 1);
  await receiver.until(has(1));
  await receiver.down();
  for (const draft of numbers(150)) await broker.sail(1, draft + 1);
  await broker.kill();
  await receiver.up();
  const next = await startProcess(folder);
  await next.sail(1, 152);
  const received = await receiver.until(has(152));
  expect(firsts(received)).toEqual(numbers(152));
  // What came more than once can be told by its id.
  expect(new Set(received.map(({ body }) => body.id)).size).toBe(152);
  expect(await next.notification(id)).toMatchObject({ status: 'ok' });
});

test('killed in the midst of delivering, it misses nothing and repeats little', async () => {
  const receiver = await startReceiver();
  let broker = await startProcess(folder);
  await broker.subscribe(receiver.url);
  await broker.subscribe(`${receiver.url}/throttled`, { throttling: 0.05 });
  for (const round of [0, 1, 2]) {
    for (const draft of numbers(40)) await broker.sail(1, round * 40 + draft);
    await broker.kill();
    broker = await startProcess(folder);
  }
  await broker.sail(1, 121);
  const received = await receiver.until((all) => has(121)(all.filter(({ path }) => path === '/notify')));
  const plain = received.filter(({ path }) => path === '/notify');
  expect(firsts(plain)).toEqual(numbers(121));
  expect(new Set(plain.map(({ body }) => body.id)).size).toBe(121);
});

test('it keeps its counters, and does not tell again what it has told', async () => {
  const receiver = await startReceiver();
  const broker = await startProcess(folder);
  const id = await broker.subscribe(receiver.url);
  for (const draft of numbers(5)) await broker.sail(1, draft);
  await receiver.until(has(5));
  await eventually(
    () => broker.notification(id),
    ({ timesSent, status }) => timesSent === 5 && status === 'ok',
  );
  // Progress is written down every second.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await broker.kill();
  const next = await startProcess(folder);
  expect(await next.notification(id)).toMatchObject({ timesSent: 5, timesFailed: 0 });
  await next.sail(1, 6);
  const received = await receiver.until(has(6));
  expect(received.map((one) => valueOf(one, 'draft'))).toEqual(numbers(6));
});

test('a subscription that was deleted is not told any more', async () => {
  const receiver = await startReceiver();
  await receiver.down();
  const broker = await startProcess(folder);
  const gone = await broker.subscribe(receiver.url);
  await broker.subscribe(`${receiver.url}/stays`);
  await broker.sail(1, 1);
  await broker.send(`DELETE /subscriptions/${gone}`);
  await broker.kill();
  await receiver.up();
  const next = await startProcess(folder);
  await next.sail(1, 2);
  const received = await receiver.until(has(2));
  expect(received.map(({ path }) => path)).toEqual(['/notify/stays', '/notify/stays']);
});
