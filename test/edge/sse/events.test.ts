/** Tests Server-Sent Events of a complete broker on SQLite: no event is lost or duplicated. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createSqliteStores } from '../../../src/store/sqlite/stores.ts';
import { type TestBroker, startTestBroker, stopTestBrokers } from '../deliver/test-broker.ts';
import { read, type Reader } from './reader.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlaka-sse-'));
});
afterEach(async () => {
  await stopTestBrokers();
  rmSync(folder, { recursive: true });
});

const everyChange = { notificationTrigger: ['entityCreated', 'entityUpdated'] };
const eventsOf = ({ url }: TestBroker, id: string, query = ''): string =>
  `${url}/ngsi-ld/v1/subscriptions/${id}/events${query}`;
const changes = ({ url }: TestBroker, query: string): string => `${url}/ngsi-ld/v1/stream?${query}`;

/** The drafts that were told of, in their order. */
const drafts = ({ events }: Reader): readonly number[] =>
  events.flatMap(({ name, data }) =>
    name === 'notification' ? (data['data'] as { draft: { value: number } }[]).map(({ draft }) => draft.value) : [],
  );

test('a stored subscription is followed through lost connections and a restart, each change once and in order', async () => {
  let broker = await startTestBroker([], folder);
  const id = await broker.subscribe('ws:', everyChange);
  const seen: number[] = [];
  let reader = await read(eventsOf(broker, id));
  await reader.until(() => reader.lastId() !== '');
  for (let round = 0; round < 8; round += 1) {
    const last = reader.lastId();
    if (round % 3 === 0) reader.cut();
    for (let n = 0; n < 10; n += 1) await broker.sail(n % 3, round * 10 + n + 1);
    if (round % 3 !== 0) reader.cut();
    await reader.over;
    seen.push(...drafts(reader));
    if (round % 3 === 0) expect(reader.lastId()).toBe(last);
    if (round === 5) {
      await broker.stop();
      broker = await startTestBroker([], folder);
    }
    reader = await read(eventsOf(broker, id), { 'Last-Event-ID': reader.lastId() });
  }
  await reader.until(() => seen.length + drafts(reader).length >= 80);
  reader.cut();
  expect([...seen, ...drafts(reader)]).toEqual(Array.from({ length: 80 }, (_, n) => n + 1));
}, 60_000);

test('what was pruned is told of as a gap, and so is a position of another log', async () => {
  const before = await startTestBroker([], folder);
  const id = await before.subscribe('ws:', everyChange);
  const reader = await read(eventsOf(before, id));
  await reader.until(() => reader.lastId() !== '');
  const left = reader.lastId();
  for (let n = 1; n <= 5; n += 1) await before.sail(n, n);
  await before.stop();
  await reader.over;
  const stores = createSqliteStores({ directory: folder, yieldToEventLoop: () => undefined });
  await (await stores.open('', false))?.log.prune({ before: '2000-01-01T00:00:00Z', records: 2 });
  await stores.close();
  const after = await startTestBroker([], folder);
  const resumed = await read(eventsOf(after, id), { 'Last-Event-ID': left });
  await resumed.until(() => drafts(resumed).length >= 2);
  expect(resumed.events[0]).toMatchObject({ name: 'gap', data: { position: resumed.events[0]?.id } });
  expect(drafts(resumed)).toEqual([4, 5]);
  resumed.cut();
  const foreign = await read(eventsOf(after, id, '?after=elsewhere.1'));
  await foreign.until(() => foreign.events.length > 0);
  expect(foreign.events.map(({ name }) => name)).toEqual(['gap']);
  foreign.cut();
});

test('a snapshot has no position before it is complete, and is gone on from without gap or repeat', async () => {
  const broker = await startTestBroker([], folder);
  for (let n = 1; n <= 3; n += 1) await broker.sail(n, n);
  const reader = await read(changes(broker, 'type=Boat&snapshot=true&notificationTrigger=entityCreated,entityUpdated'));
  await reader.until(() => reader.events.some(({ name }) => name === 'snapshot'));
  expect(reader.events.map(({ name, id }) => [name, id !== ''])).toEqual([
    ['notification', false],
    ['snapshot', true],
  ]);
  await broker.sail(1, 4);
  await reader.until(() => drafts(reader).length === 4);
  expect(drafts(reader)).toEqual([1, 2, 3, 4]);
  reader.cut();
  const tail = await read(changes(broker, 'type=Boat&tail=2&notificationTrigger=entityCreated,entityUpdated'));
  await tail.until(() => drafts(tail).length === 2);
  expect(drafts(tail)).toEqual([3, 4]);
  tail.cut();
});

test('the parameters are those of a query, and the @context is that of the Link', async () => {
  const broker = await startTestBroker([], folder);
  const query = 'type=Boat&q=draft>2&attrs=draft&format=simplified&notificationTrigger=entityCreated';
  const reader = await read(changes(broker, query));
  await reader.until(() => reader.lastId() !== '');
  for (let n = 1; n <= 4; n += 1) await broker.sail(n, n);
  await reader.until(() => reader.events.length === 2);
  expect(reader.events.map(({ data }) => (data['data'] as { draft: number }[])[0]?.draft)).toEqual([3, 4]);
  reader.cut();
});

test('it ends when the subscription is changed or deleted, and when the broker stops', async () => {
  const broker = await startTestBroker([], folder);
  const [first, second] = [await broker.subscribe('ws:'), await broker.subscribe('ws:')];
  const [one, two] = [await read(eventsOf(broker, first)), await read(eventsOf(broker, second))];
  await Promise.all([one, two].map((reader) => reader.until(() => reader.lastId() !== '')));
  await broker.send(`DELETE /subscriptions/${first}`);
  await one.over;
  expect(one.events).toMatchObject([{ name: 'end', data: { reason: 'changed' } }]);
  expect((await fetch(eventsOf(broker, first))).status).toBe(404);
  await broker.stop();
  await two.over;
  expect(two.events).toMatchObject([{ name: 'end', data: { reason: 'stopping' } }]);
});

test('an expired subscription ends by itself', async () => {
  const broker = await startTestBroker(['--stream-ping-ms', '100'], folder);
  const expiresAt = new Date(Date.now() + 2500).toISOString();
  const reader = await read(eventsOf(broker, await broker.subscribe('ws:', { expiresAt })));
  await reader.over;
  expect(reader.events).toMatchObject([{ name: 'end', data: { reason: 'expired' } }]);
});

test('a client that takes nothing is let go, and others are not kept waiting', async () => {
  const broker = await startTestBroker(['--stream-buffer-bytes', '65536'], folder);
  const trigger = 'notificationTrigger=entityCreated,entityUpdated';
  const slow = connect(Number(new URL(broker.url).port), '127.0.0.1');
  slow.write(`GET /ngsi-ld/v1/stream?type=Buoy&${trigger} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await new Promise((resolve) => slow.once('data', resolve));
  slow.pause();
  const good = await read(changes(broker, `type=Buoy&${trigger}`));
  await good.until(() => good.lastId() !== '');
  const text = 'x'.repeat(200_000);
  const dropped = async (): Promise<boolean> =>
    /dropped\w*\{[^}]*disconnect[^}]*\} [1-9]/.test(await (await fetch(`${broker.url}/metrics`)).text());
  let sent = 0;
  while (!(await dropped())) {
    sent += 1;
    await broker.send('POST /entities', { id: `urn:ngsi-ld:Buoy:${sent}`, type: 'Buoy', text });
  }
  await good.until(() => good.events.length >= sent);
  expect(good.events).toHaveLength(sent);
  good.cut();
  slow.destroy();
});

test('a client that reads nothing between two heartbeats is let go, however little waits for it', async () => {
  const broker = await startTestBroker(['--stream-ping-ms', '300'], folder);
  const silent = connect(Number(new URL(broker.url).port), '127.0.0.1').on('error', () => undefined);
  silent.write('GET /ngsi-ld/v1/stream?type=Buoy&overflow=latest HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await new Promise((resolve) => silent.once('data', resolve));
  silent.pause();
  const good = await read(changes(broker, 'type=Buoy'));
  const dropped = async (): Promise<boolean> =>
    /readers_dropped\w*\{[^}]*sse[^}]*\} 1/.test(await (await fetch(`${broker.url}/metrics`)).text());
  const text = `x${'😀'.repeat(100_000)}`;
  let sent = 0;
  // First the buffers of the operating system fill.
  while (!(await dropped())) {
    sent += 1;
    await broker.send('POST /entities', { id: `urn:ngsi-ld:Buoy:${sent}`, type: 'Buoy', text });
  }
  await good.until(() => good.events.length >= sent);
  expect(good.events[0]?.data).toMatchObject({ data: [{ text: { value: text } }] });
  good.cut();
  silent.destroy();
});

test('Accept, methods and parameters are as of any other route', async () => {
  const broker = await startTestBroker(['--cors-origin', '*'], folder);
  const status = async (query: string, init?: RequestInit): Promise<number> =>
    (await fetch(changes(broker, query), init)).status;
  expect(await status('type=Boat', { headers: { Accept: 'application/json' } })).toBe(406);
  expect(await status('type=Boat', { method: 'POST' })).toBe(405);
  expect(await status('type=Boat&limit=3')).toBe(400);
  expect(await status('')).toBe(400);
  expect(await status('type=Boat&after=a.1&tail=1')).toBe(400);
  expect(await status('type=Boat&overflow=never')).toBe(400);
  expect(await status('type=Boat', { headers: { 'NGSILD-Tenant': 'nowhere' } })).toBe(404);
  const head = await fetch(changes(broker, 'type=Boat'), { method: 'HEAD', headers: { Accept: 'text/event-stream' } });
  expect([head.status, head.headers.get('content-type'), head.headers.get('access-control-allow-origin')]).toEqual([
    200,
    'text/event-stream',
    '*',
  ]);
  const late = await broker.subscribe('http://localhost:9/', { throttling: 5 });
  expect((await fetch(eventsOf(broker, late))).status).toBe(422);
});
