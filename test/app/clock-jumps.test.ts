/**
 * Tests a broker on SQLite while the wall clock jumps forward a year, back, and back another year, with and without restarts. Everything
 * that depends on time must continue within seconds.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type TestBroker, startTestBroker, stopTestBrokers } from '../edge/deliver/test-broker.ts';

const yearMs = 365 * 86_400_000;
const realNow = Date.now;
let offsetMs = 0;
const inMs = (ms: number): string => new Date(realNow() + offsetMs + ms).toISOString();

/** Paths of the notifications that came. */
const told: string[] = [];
const receiver = createServer((request, response) => {
  told.push(request.url ?? '');
  request.resume().on('end', () => response.end());
});
let receiverUrl = '';
let folder = '';

beforeAll(async () => {
  // Before any broker starts: its clock is this one.
  Date.now = () => realNow() + offsetMs;
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
});
afterAll(() => {
  Date.now = realNow;
  receiver.closeAllConnections();
  receiver.close();
});
beforeEach(() => {
  offsetMs = 0;
  folder = mkdtempSync(join(tmpdir(), 'mlaka-clock-'));
});
afterEach(async () => {
  await stopTestBrokers();
  rmSync(folder, { recursive: true });
});

type Body = Readonly<Record<string, unknown>>;

/** Asks until it is so. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await wait(20);
}

const get = async (broker: TestBroker, path: string): Promise<Body | undefined> =>
  (await broker.send(`GET ${path}`).catch(() => undefined)) as Body | undefined;
const isThere = async (broker: TestBroker, id: string): Promise<boolean> =>
  (await get(broker, `/entities/${id}`)) !== undefined;

/** Subscriptions by the path on which they are told, and what they ask for. */
const subscriptions: Readonly<Record<string, Body>> = {
  '/plain': { entities: [{ type: 'Boat' }] },
  '/throttled': { entities: [{ type: 'Boat' }], throttling: 1 },
  '/interval': { entities: [{ type: 'Boat' }], timeInterval: 1 },
};

async function subscribe(broker: TestBroker, path: string, members: Body): Promise<string> {
  const notification = { endpoint: { uri: `${receiverUrl}${path}` } };
  const location = (await broker.send('POST /subscriptions', {
    type: 'Subscription',
    ...members,
    notification,
  })) as string;
  return location.slice('/ngsi-ld/v1'.length);
}

const create = (broker: TestBroker, id: string, members: Body = {}): Promise<unknown> =>
  broker.send('POST /entities', { id, type: 'Boat', draft: { type: 'Property', value: 1 }, ...members });

/** What must hold wherever the clock is. */
async function goesOn(broker: TestBroker, round: number): Promise<void> {
  told.length = 0;
  // A modification has the time of the clock.
  const before = Date.now();
  await broker.send('PATCH /entities/urn:boat:lasting/attrs/draft', { type: 'Property', value: 1000 + round });
  const { modifiedAt } = (await get(broker, '/entities/urn:boat:lasting?options=sysAttrs')) as Record<string, string>;
  expect(Date.parse(modifiedAt ?? '')).toBeGreaterThanOrEqual(before);
  expect(Date.parse(modifiedAt ?? '')).toBeLessThanOrEqual(Date.now());
  // What expires does so in time.
  await create(broker, `urn:boat:brief:${round}`, { expiresAt: inMs(1500) });
  expect(await isThere(broker, `urn:boat:brief:${round}`)).toBe(true);
  await until(async () => !(await isThere(broker, `urn:boat:brief:${round}`)));
  expect(Date.now()).toBeGreaterThanOrEqual(before + 1500);
  // Who subscribes now is told, and who did before.
  for (const [path, wanted] of Object.entries(subscriptions)) await subscribe(broker, `${path}/${round}`, wanted);
  const paths = Object.keys(subscriptions).flatMap((path) => [path, `${path}/${round}`]);
  await until(async () => {
    await broker.send('PATCH /entities/urn:boat:lasting/attrs/draft', { type: 'Property', value: Math.random() });
    return paths.every((path) => told.includes(path));
  });
}

/** The values of an attribute in the history, from whenever. */
async function valuesOf(broker: TestBroker): Promise<readonly unknown[]> {
  const path = '/temporal/entities/urn:boat:lasting?timerel=before&timeAt=2100-01-01T00:00:00Z&timeproperty=modifiedAt';
  const { draft } = (await broker.send(`GET ${path}`)) as { readonly draft: readonly { readonly value: unknown }[] };
  return draft.map(({ value }) => value);
}

const jumps = [
  { to: 'a year ahead', ms: yearMs, isExpired: true },
  { to: 'where it was', ms: 0, isExpired: false },
  { to: 'a year back', ms: -yearMs, isExpired: false },
  { to: 'where it was', ms: 0, isExpired: false },
];

test.each([
  ['goes on', false],
  ['is restarted', true],
])(
  'after each jump of the clock a broker that %s does everything in time',
  async (_, isRestarted) => {
    const args = ['--history-keep-days', '30', '--log-keep-hours', '24'];
    let broker = await startTestBroker(args, folder);
    await create(broker, 'urn:boat:lasting');
    await create(broker, 'urn:boat:half', { expiresAt: inMs(yearMs / 2) });
    for (const [path, members] of Object.entries(subscriptions)) await subscribe(broker, path, members);
    const half = await subscribe(broker, '/half', { entities: [{ type: 'Boat' }], expiresAt: inMs(yearMs / 2) });
    for (const [round, { ms, isExpired }] of jumps.entries()) {
      offsetMs = ms;
      if (isRestarted) {
        await broker.stop();
        broker = await startTestBroker(args, folder);
      }
      await goesOn(broker, round);
      // Nothing was thrown away by a clock that is wrong for a while.
      expect(await valuesOf(broker)).toEqual(
        expect.arrayContaining([1, ...Array.from({ length: round + 1 }, (_one, n) => 1000 + n)]),
      );
      expect((await get(broker, half))?.['status']).toBe(isExpired ? 'expired' : 'active');
      if (!isExpired) {
        await until(async () => {
          await broker.send('PATCH /entities/urn:boat:lasting/attrs/draft', { type: 'Property', value: Math.random() });
          return told.includes('/half');
        });
      }
      if (!isRestarted) expect(await isThere(broker, 'urn:boat:half')).toBe(!isExpired);
    }
  },
  120_000,
);
