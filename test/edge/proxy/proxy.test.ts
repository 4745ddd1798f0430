/** Tests the ngsi-proxy API over plain HTTP: its formats, refusals and limits. */
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { createMemory } from '../../../src/app/memory.ts';
import type { Observation } from '../../../src/core/port/observe.ts';
import { createNgsiProxy } from '../../../src/edge/stream/proxy/proxy.ts';
import { createSources } from '../../../src/edge/stream/proxy/sources.ts';
import type { EventSink } from '../../../src/core/operation/operation.ts';
import { startTestBroker, stopTestBrokers } from '../deliver/test-broker.ts';
import { startTestServer } from '../http/test-server.ts';
import { read, type Reader } from '../sse/reader.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await stopTestBrokers();
});

const limits = { connectionsMax: 2, subscriptionsMax: 2, bufferBytes: 65_536, pingIntervalMs: 60_000 };

const observed: Observation[] = [];
const observe = (observation: Observation): void => void observed.push(observation);
const services = { memory: createMemory(2 ** 28, observe), observe };

/** A server with ngsi-proxy's API on it. */
async function serve(options: Partial<Parameters<typeof createNgsiProxy>[0]> = {}): Promise<string> {
  const proxy = createNgsiProxy({ services, limits, idleTimeoutMs: 60_000, ...options });
  const broker = await startTestServer({ compatibilityRoutes: proxy.routes });
  ends.push(() => {
    proxy.close();
    return broker.stop();
  });
  return broker.url;
}

interface Made {
  readonly status: number;
  readonly location: string | null;
  readonly body: Record<string, string>;
}

async function post(url: string, body?: string): Promise<Made> {
  const answer = await fetch(url, { method: 'POST', ...(body === undefined ? {} : { body }) });
  const text = await answer.text();
  return {
    status: answer.status,
    location: answer.headers.get('location'),
    body: text === '' ? {} : (JSON.parse(text) as Record<string, string>),
  };
}

const createSource = async (url: string): Promise<Record<string, string>> => (await post(`${url}/eventsource`)).body;
const createCallback = (url: string, id: unknown): Promise<Made> =>
  post(`${url}/callbacks`, JSON.stringify({ connection_id: id }));
const statusOf = async (url: string, method = 'GET'): Promise<number> => (await fetch(url, { method })).status;

async function listen(url: string): Promise<Reader> {
  const reader = await read(url);
  ends.push(() => reader.cut());
  if (reader.response.status === 200) await reader.until(() => reader.events.length > 0);
  return reader;
}

test('a notification of any media type reaches the event source as text, with its headers', async () => {
  const url = await serve();
  const source = await post(`${url}/eventsource`);
  const { connection_id: id = '', url: at = '' } = source.body;
  expect(source).toEqual({ status: 201, location: at, body: { connection_id: id, url: `${url}/eventsource/${id}` } });
  const reader = await listen(at);
  expect(reader.response.headers.get('content-type')).toBe('text/event-stream');
  expect(reader.events).toMatchObject([{ name: 'init', data: { id, url: at } }]);
  const callback = await createCallback(url, id);
  const { callback_id = '', url: to = '' } = callback.body;
  expect(callback).toEqual({
    status: 201,
    location: to,
    body: { callback_id, url: `${url}/callbacks/${callback_id}` },
  });
  const payload = '{"číslo": 1.0,\r\n "x": "\u2028"}';
  const headers = { 'Content-Type': 'application/geo+json', 'Fiware-Service': 'kranj' };
  expect((await fetch(to, { method: 'POST', body: payload, headers })).status).toBe(204);
  await reader.until(() => reader.events.length > 1);
  expect(reader.events[1]).toMatchObject({
    name: 'notification',
    data: {
      callback_id,
      payload,
      headers: { 'content-type': 'application/geo+json', 'fiware-service': 'kranj' },
    },
  });
});

test('what is not there is 404, what is malformed 400, both with a problem document', async () => {
  const url = await serve();
  for (const [method, path] of [
    ['GET', '/eventsource/none'],
    ['DELETE', '/eventsource/none'],
    ['POST', '/callbacks/none'],
    ['DELETE', '/callbacks/none'],
    ['GET', '/eventsource/none/more'],
  ] as const)
    expect([path, await statusOf(`${url}${path}`, method)]).toEqual([path, 404]);
  expect((await createCallback(url, 'none')).status).toBe(404);
  for (const body of [undefined, '', '{', '[]', '{}', '{"connection_id":1}']) {
    const { status, body: problem } = await post(`${url}/callbacks`, body);
    expect([status, problem]).toEqual([
      400,
      expect.objectContaining({ type: expect.any(String), detail: expect.any(String) }),
    ]);
  }
  expect((await post(`${url}/callbacks`, ' '.repeat(1025))).status).toBe(413);
  expect(await statusOf(`${url}/callbacks`)).toBe(405);
  const options = await fetch(`${url}/callbacks/x`, { method: 'OPTIONS' });
  expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, DELETE, OPTIONS']);
});

test('event sources, callbacks and notifications are bounded', async () => {
  const url = await serve();
  const { connection_id: id, url: at = '' } = await createSource(url);
  await createSource(url);
  expect((await post(`${url}/eventsource`)).status).toBe(503);
  const { url: to = '' } = (await createCallback(url, id)).body;
  await createCallback(url, id);
  expect((await createCallback(url, id)).status).toBe(503);
  await listen(at);
  expect((await post(to, 'x'.repeat(limits.bufferBytes))).status).toBe(204);
  expect((await post(to, 'x'.repeat(limits.bufferBytes + 1))).status).toBe(413);
  expect(await statusOf(at, 'DELETE')).toBe(204);
  expect(await statusOf(to, 'DELETE')).toBe(404);
  expect((await post(`${url}/eventsource`)).status).toBe(201);
});

test('a client that comes back takes the place of the one before, and a removed event source ends', async () => {
  const url = await serve();
  const { url: at = '', connection_id: id } = await createSource(url);
  const before = await listen(at);
  const after = await listen(at);
  await before.over;
  const { url: to = '' } = (await createCallback(url, id)).body;
  expect((await post(to, 'a')).status).toBe(204);
  await after.until(() => after.events.length > 1);
  expect(before.events).toHaveLength(1);
  expect(await statusOf(to, 'DELETE')).toBe(204);
  expect((await post(to, 'b')).status).toBe(404);
  expect(await statusOf(at, 'DELETE')).toBe(204);
  await after.over;
  expect(await statusOf(at)).toBe(404);
});

test('an event source that nobody listens to goes, one that is listened to stays', async () => {
  const url = await serve({ idleTimeoutMs: 100 });
  const listened = await createSource(url);
  const reader = await listen(listened['url'] ?? '');
  const alone = await createSource(url);
  while ((await createCallback(url, alone['connection_id'])).status !== 404);
  const callback = await createCallback(url, listened['connection_id']);
  expect(callback.status).toBe(201);
  reader.cut();
  let status = 0;
  while (status !== 404) ({ status } = await post(callback.body['url'] ?? '', 'x'));
});

test('a client that does not keep up is let go, and the notification is refused for now', () => {
  let backlog = 0;
  let isOpen = true;
  const written: string[] = [];
  const closed: (() => void)[] = [];
  const sink: EventSink = {
    write: (text) => void written.push(text),
    backlog: () => backlog,
    isOpen: () => isOpen,
    end: () => {
      isOpen = false;
      for (const listener of closed) listener();
    },
    abort: () => undefined,
    closed: (listener) => void closed.push(listener),
  };
  const sources = createSources({ services, limits, idleTimeoutMs: 60_000 });
  const id = sources.create();
  const callbackId = sources.createCallback(id);
  const notify = (): void => sources.notify(callbackId, 'event');
  expect(notify).toThrow(/Nobody listens/);
  sources.listener(id, 'greeting')(sink);
  backlog = limits.bufferBytes;
  notify();
  backlog += 1;
  expect(notify).toThrow(/does not keep up/);
  expect(isOpen).toBe(false);
  expect(notify).toThrow(/Nobody listens/);
  expect(written).toEqual(['greeting', 'event']);
  isOpen = true;
  const late = sources.listener(id, 'too late');
  sources.close();
  late(sink);
  expect([isOpen, written.length]).toEqual([false, 2]);
  expect(() => sources.create()).toThrow(/stops/);
});

/** A client that gets the head of its event source and reads nothing more. `at`: the event source; `to`: its callback. */
async function openSilentClient(
  url: string,
): Promise<{ readonly at: string; readonly to: string; readonly silent: Socket }> {
  const { url: at = '', connection_id: id } = await createSource(url);
  const { url: to = '' } = (await createCallback(url, id)).body;
  const silent = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
  silent.write(`GET ${new URL(at).pathname} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await new Promise((resolve) => silent.once('data', resolve));
  silent.pause();
  return { at, to, silent };
}

test('what waits for a client that reads nothing is released some seconds after its event source is deleted', async () => {
  const url = await serve({ limits: { ...limits, bufferBytes: 2 ** 24, pingIntervalMs: 3_600_000 } });
  const { at, to, silent } = await openSilentClient(url);
  // First the buffers of the operating system fill.
  while (services.memory.held('streams') < 2 ** 22) await post(to, 'x'.repeat(2 ** 20));
  await fetch(at, { method: 'DELETE' });
  while (services.memory.held('streams') > 2 ** 18) await new Promise((resolve) => setTimeout(resolve, 50));
  silent.destroy();
});

test('a client that reads nothing between two heartbeats is let go', async () => {
  // So much that the heartbeats find it, and not the limit of the buffer.
  const url = await serve({ limits: { ...limits, bufferBytes: 2 ** 30, pingIntervalMs: 50 } });
  const { to, silent } = await openSilentClient(url);
  // First the buffers of the operating system fill.
  while ((await post(to, 'x'.repeat(2 ** 20))).status === 204);
  expect(observed).toContainEqual({ kind: 'readerDropped', binding: 'ngsi-proxy' });
  expect(services.memory.held('streams')).toBe(0);
  silent.destroy();
});

test('what changes while the client is away is told when it comes back, for the broker keeps it', async () => {
  const broker = await startTestBroker(['--ngsi-proxy']);
  const { connection_id: id, url: at = '' } = await createSource(broker.url);
  const { url: to = '' } = (await createCallback(broker.url, id)).body;
  await broker.subscribe(to, { notificationTrigger: ['entityCreated'] });
  const first = await listen(at);
  await broker.sail(1, 1);
  await first.until(() => first.events.length > 1);
  first.cut();
  while ((await post(to, 'probe')).status !== 503);
  await broker.sail(2, 2);
  const second = await listen(at);
  await second.until(() => second.events.length > 1);
  expect(JSON.parse(String(second.events[1]?.data['payload']))).toMatchObject({ data: [{ id: 'urn:ngsi-ld:Boat:2' }] });
}, 20_000);

test('without the option there is no such API', async () => {
  const broker = await startTestBroker();
  expect((await post(`${broker.url}/eventsource`)).status).toBe(404);
  expect((await post(`${broker.url}/callbacks`, '{}')).status).toBe(404);
});
