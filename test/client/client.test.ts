/** Tests the client library against a real broker: no change is lost or duplicated, whatever happens to the connection. */
import { getEventListeners, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import { startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import {
  type Client,
  connect,
  ConnectionLost,
  type ConnectOptions,
  type StreamEvent,
  StreamProblem,
  type Subscription,
} from '../../src/client/client.ts';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';
import { type Proxy, startProxy } from './proxy.ts';

let broker: TestBroker;
let proxy: Proxy;
const clients: Client[] = [];

beforeAll(async () => {
  broker = await startTestBroker();
  proxy = await startProxy(broker.url);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(async () => {
  await proxy.stop();
  await broker.stop();
});

const open = (url: string, options: ConnectOptions = {}): Client => {
  const client = connect(url, { retryLeastMs: 5, retryMostMs: 50, ...options });
  clients.push(client);
  return client;
};

/** Entities `urn:x:<type>:<n>` with an attribute n, written one after the other, or all at once. */
async function write(type: string, [from, to]: readonly [number, number], url = broker.url): Promise<void> {
  const batch = Array.from({ length: to - from }, (_, n) => ({ id: `urn:x:${type}:${from + n}`, type, n: from + n }));
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify(batch);
  const answer = await fetch(`${url}/ngsi-ld/v1/entityOperations/upsert`, { method: 'POST', headers, body });
  expect(answer.ok).toBe(true);
}

const numberOf = (event: StreamEvent): number =>
  event.kind === 'change' ? Number(event.entity.id.split(':').at(-1)) : -1;

/** A server of WebSockets that says hello, then does with each connection as it is told. */
async function startPeer(pingIntervalMs: number, onConnection: (socket: WebSocket) => void) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    socket.send(JSON.stringify({ op: 'hello', version: '1', pingIntervalMs }));
    onConnection(socket);
  });
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = (): void => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  };
  return { url, stop, connections: () => connections };
}

/** Events up to a number of them. */
async function events(subscription: Subscription, count: number): Promise<readonly StreamEvent[]> {
  const found: StreamEvent[] = [];
  for await (const event of subscription) if (found.push(event) === count) break;
  return found;
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);
const simply = { notification: { format: 'simplified' } };
const of = (type: string) => ({ entities: [{ type }], ...simply });

describe('a subscription', () => {
  test('hands on changes with positions, of which any can be gone on from', async () => {
    const client = open(broker.url);
    const live = client.subscribe(of('Plain'), { snapshot: true })[Symbol.asyncIterator]();
    const next = async (): Promise<StreamEvent> => ((await live.next()) as { value: StreamEvent }).value;
    expect([(await next()).kind, (await next()).kind]).toEqual(['snapshotBegin', 'snapshotEnd']);
    const positions: string[] = [];
    for (const n of upTo(5)) {
      await write('Plain', [n, n + 1]);
      const event = (await next()) as StreamEvent & { kind: 'change' };
      expect(event).toMatchObject({ kind: 'change', entity: { id: `urn:x:Plain:${n}`, n }, isDeleted: false });
      positions.push(event.position ?? '');
    }
    const rest = client.subscribe(of('Plain'), { after: positions[2] ?? '' });
    expect((await events(rest, 2)).map(numberOf)).toEqual([3, 4]);
    expect(rest.position).toBe(positions[4]);
  });

  test('goes on over many lost connections while changes happen: every change once, in order', async () => {
    const client = open(proxy.url);
    const [, end] = await events(client.subscribe(of('Lossy'), { snapshot: true }), 2);
    const { position: after } = end as { position: string };
    const before = proxy.count();
    const writing = (async () => {
      for (let n = 0; n < 2000; n += 20) {
        await write('Lossy', [n, n + 20]);
        if (n % 100 === 0) proxy.cut();
      }
    })();
    const numbers = (await events(client.subscribe(of('Lossy'), { after }), 2000)).map(numberOf);
    await writing;
    expect(numbers).toEqual(upTo(2000));
    expect(proxy.count() - before).toBeGreaterThan(5);
  }, 60_000);

  test('resumed by position over lost connections has all of the log', async () => {
    const client = open(proxy.url);
    const [, end] = await events(client.subscribe(of('Log'), { snapshot: true }), 2);
    const { position: after } = end as { position: string };
    await write('Log', [0, 1500]);
    const cutting = setInterval(() => proxy.cut(), 15);
    const numbers: number[] = [];
    for await (const event of client.subscribe(of('Log'), { after })) {
      numbers.push(numberOf(event));
      if (numbers.length % 100 === 0) await sleep(5);
      if (numbers.length === 1500) break;
    }
    clearInterval(cutting);
    expect(numbers).toEqual(upTo(1500));
  }, 60_000);

  test('that is iterated over slowly rests in the log, not in memory', async () => {
    const client = open(broker.url);
    const [, end] = await events(client.subscribe(of('Slow'), { snapshot: true }), 2);
    const { position: after } = end as { position: string };
    await write('Slow', [0, 1000]);
    const numbers: number[] = [];
    for await (const event of client.subscribe(of('Slow'), { after, queueMax: 50 })) {
      numbers.push(numberOf(event));
      if (numbers.length % 100 === 0) await sleep(2);
      if (numbers.length === 1000) break;
    }
    expect(numbers).toEqual(upTo(1000));
  });

  test('is told of deletions', async () => {
    const client = open(broker.url);
    await write('Gone', [0, 1]);
    const live = client.subscribe({ ...of('Gone'), notificationTrigger: ['entityDeleted'] }, { snapshot: true });
    const iterator = live[Symbol.asyncIterator]();
    for (let n = 0; n < 3; n += 1) await iterator.next();
    await client.request('deleteEntity', { id: 'urn:x:Gone:0' });
    const { value } = (await iterator.next()) as { value: StreamEvent };
    expect(value).toMatchObject({ kind: 'change', isDeleted: true, entity: { id: 'urn:x:Gone:0' } });
  });

  test('that the broker refuses throws what was wrong, and that alone', async () => {
    const client = open(broker.url);
    const refused = events(client.subscribe({ entities: [{ typ: 'A' }] }), 1);
    await expect(refused).rejects.toThrow(StreamProblem);
    await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('typ'), problem: { status: 400 } });
    expect((await client.request('queryEntities', { type: 'A' })).status).toBe(200);
  });

  test('ends with its signal, its close, and its client', async () => {
    const client = open(broker.url);
    const stopping = new AbortController();
    const all = [
      events(client.subscribe(of('Never'), { signal: stopping.signal }), 1),
      events(client.subscribe(of('Never')), 1),
      events(client.subscribe(of('Never'), { signal: AbortSignal.abort() }), 1),
    ];
    stopping.abort();
    expect(await all[0]).toEqual([]);
    expect(await all[2]).toEqual([]);
    client.close();
    expect(await all[1]).toEqual([]);
    const closed = open(broker.url, { signal: AbortSignal.abort() });
    await expect(closed.request('queryEntities')).rejects.toThrow(ConnectionLost);
    await expect(client.request('queryEntities')).rejects.toThrow(ConnectionLost);
  });

  test('leaves no listener at a signal that outlives it', async () => {
    const { signal } = new AbortController();
    const client = open(broker.url, { signal });
    const subscription = client.subscribe(of('Never'), { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(2);
    subscription.close();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await expect(events(client.subscribe({ entities: [{ typ: 'A' }] }, { signal }), 1)).rejects.toThrow(StreamProblem);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    client.close();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('speaks the @context and the tenant of its client', async () => {
    const context = { Lamp: 'https://example.org/Lamp', lux: 'https://example.org/lux' };
    const client = open(broker.url, { context, tenant: 'lit' });
    await client.request('createEntity', {}, { id: 'urn:x:Lamp:1', type: 'Lamp', lux: 7 });
    const [, lamp] = await events(client.subscribe(of('Lamp'), { snapshot: true }), 2);
    expect(lamp).toMatchObject({ entity: { type: 'Lamp', lux: 7 } });
    const elsewhere = await open(broker.url).request('queryEntities', { type: '*', idPattern: 'Lamp' });
    expect(elsewhere.body).toEqual([]);
  });
});

/** Leaves no more than the newest changes in the log of a broker that is stopped. */
async function prune(folder: string, records: number): Promise<void> {
  const stores = createSqliteStores({ directory: folder, yieldToEventLoop: () => undefined });
  const store = await stores.open('', false);
  await store?.log.prune({ before: '2000-01-01T00:00:00Z', records });
  await stores.close();
}

describe('a stored subscription', () => {
  const id = 'urn:x:stored:1';
  const store = async (members: object): Promise<void> => {
    const body = JSON.stringify({ id, type: 'Subscription', ...members });
    const headers = { 'Content-Type': 'application/json' };
    const url = `${broker.url}/ngsi-ld/v1/subscriptions`;
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(201);
  };
  const kept = { ...of('Kept'), notification: { format: 'simplified', endpoint: { uri: 'ws:' } } };

  test('goes on where it was acknowledged, in another client, also by one that is slow', async () => {
    await store(kept);
    await write('Kept', [0, 300]);
    const slow = open(broker.url).subscribe(id, { queueMax: 10 });
    const first: number[] = [];
    for await (const event of slow) {
      first.push(numberOf(event));
      if ('position' in event) slow.ack(event.position ?? '');
      if (first.length === 300) await write('Kept', [300, 301]);
      if (first.length === 301) break;
      if (first.length % 50 === 0) await sleep(2);
    }
    expect(first).toEqual(upTo(301));
    await write('Kept', [301, 310]);
    const rest = await events(open(broker.url).subscribe(id), 9);
    expect(rest.map(numberOf)).toEqual([301, 302, 303, 304, 305, 306, 307, 308, 309]);
  });

  test('goes on when it is changed, and ends for whom it is taken over from', async () => {
    const one = open(broker.url).subscribe(id)[Symbol.asyncIterator]();
    const next = async (): Promise<number> => numberOf(((await one.next()) as { value: StreamEvent }).value);
    // What came last was not acknowledged: it comes again.
    for (let n = 301; n < 310; n += 1) expect(await next()).toBe(n);
    await open(broker.url).request('updateSubscription', { id }, { subscriptionName: 'changed' });
    await write('Kept', [310, 311]);
    expect(await next()).toBe(310);
    const lost = expect(one.next()).rejects.toMatchObject({ reason: 'takenOver' });
    const two = events(open(broker.url).subscribe(id), 1);
    await lost;
    expect((await two).map(numberOf)).toEqual([301]);
  });

  test('is deleted, and ends', async () => {
    const live = open(broker.url).subscribe(id)[Symbol.asyncIterator]();
    await live.next();
    await open(broker.url).request('deleteSubscription', { id });
    const toTheEnd = async (): Promise<void> => {
      while ((await live.next()).done !== true);
    };
    await expect(toTheEnd()).rejects.toMatchObject({ reason: 'deleted' });
  });
});

test('a ticket says whose connection it is, each time anew', async () => {
  const { url } = broker;
  await fetch(`${url}/ngsi-ld/v1/entities`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'NGSILD-Tenant': 'ticketed' },
    body: JSON.stringify({ id: 'urn:x:only:here', type: 'Ticketed' }),
  });
  let tickets = 0;
  const ticket = async (): Promise<string> => {
    tickets += 1;
    const headers = { 'NGSILD-Tenant': 'ticketed' };
    const answer = await fetch(`${url}/ngsi-ld/v1/stream/tickets`, { method: 'POST', headers });
    return ((await answer.json()) as { ticket: string }).ticket;
  };
  const client = open(proxy.url, { ticket });
  const ask = async () => (await client.request('queryEntities', { type: 'Ticketed' })).body;
  expect(await ask()).toMatchObject([{ id: 'urn:x:only:here' }]);
  proxy.cut();
  await sleep(30);
  expect(await ask()).toMatchObject([{ id: 'urn:x:only:here' }]);
  expect(tickets).toBe(2);
});

describe('after a restart of the broker', () => {
  test('a subscription goes on, and is told when the log was pruned meanwhile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mlaka-'));
    const args = ['--port', '0', '--data', folder, '--log-level', 'silent'];
    const start = () => startBroker(readConfig({ args, env: {} }));
    let running = await start();
    const between = await startProxy(running.url);
    const client = open(between.url);
    await write('Back', [0, 1], running.url);
    const live = client.subscribe(of('Back'), { snapshot: true });
    const iterator = live[Symbol.asyncIterator]();
    const take = async (count: number): Promise<readonly (string | number)[]> => {
      const taken: (string | number)[] = [];
      while (taken.length < count) {
        const { value } = (await iterator.next()) as { value: StreamEvent };
        taken.push(value.kind === 'change' ? numberOf(value) : value.kind);
      }
      return taken;
    };
    expect(await take(3)).toEqual(['snapshotBegin', 0, 'snapshotEnd']);

    await running.stop();
    running = await start();
    await write('Back', [1, 2], running.url);
    between.to(running.url);
    expect(await take(1)).toEqual([1]);
    const after = live.position ?? '';

    // Nobody gets through while things happen that the log then forgets.
    between.to('http://127.0.0.1:1');
    between.cut();
    await write('Back', [2, 12], running.url);
    await running.stop();
    await prune(folder, 3);
    running = await start();
    between.to(running.url);
    expect(await take(15)).toEqual(['gap', 'snapshotBegin', ...upTo(12), 'snapshotEnd']);
    const rest = await events(client.subscribe(of('Back'), { after }), 4);
    expect(rest.map((event) => (event.kind === 'gap' ? 'gap' : numberOf(event)))).toEqual(['gap', 9, 10, 11]);

    client.close();
    await between.stop();
    await running.stop();
    rmSync(folder, { recursive: true });
  }, 60_000);
});

describe('a request', () => {
  test('is answered, and refused as over HTTP', async () => {
    const client = open(broker.url);
    const made = await client.request('createEntity', {}, { id: 'urn:x:asked', type: 'Asked', a: 1 });
    expect(made).toEqual({ status: 201, location: '/ngsi-ld/v1/entities/urn:x:asked' });
    const list = await client.request('queryEntities', { type: 'Asked', count: true, format: 'simplified' });
    expect(list).toMatchObject({ status: 200, count: 1, body: [{ id: 'urn:x:asked', type: 'Asked', a: 1 }] });
    await expect(client.request('retrieveEntity', { id: 'urn:x:none' })).rejects.toMatchObject({
      problem: { status: 404 },
    });
  });

  test('under way when the connection is lost is in doubt, one that waits is sent later', async () => {
    const asked: string[] = [];
    const peer = await startPeer(30_000, (socket) => {
      socket.on('message', (data: Buffer) => {
        const { id, operation } = JSON.parse(data.toString()) as { id: string; operation: string };
        asked.push(operation);
        if (operation === 'doubtful') socket.terminate();
        else socket.send(JSON.stringify({ op: 'response', id, status: 200 }));
      });
    });
    const client = open(peer.url);
    await expect(client.request('doubtful')).rejects.toThrow(ConnectionLost);
    expect(await client.request('later')).toEqual({ status: 200 });
    expect({ asked, connections: peer.connections() }).toEqual({ asked: ['doubtful', 'later'], connections: 2 });
    client.close();
    peer.stop();
  });
});

/** A frame as the broker gets it. */
interface Asked {
  readonly op: string;
  readonly id: string;
  readonly position?: string;
  readonly after?: string;
}

describe('what a broker says of a subscription', () => {
  test('deletions during a snapshot are deletions', async () => {
    const peer = await startPeer(30_000, (socket) => {
      socket.on('message', (frame: Buffer) => {
        const { id } = JSON.parse(frame.toString()) as Asked;
        const say = (rest: object): void => socket.send(JSON.stringify({ id, ...rest }));
        const tell = (entity: object): void =>
          say({ op: 'notification', snapshot: true, notification: { data: [entity] } });
        tell({ id: 'urn:x:1', type: 'A' });
        tell({ id: 'urn:x:2', type: 'A' });
        tell({ id: 'urn:x:1', type: 'A', deletedAt: '2026-03-01T08:00:00Z' });
        say({ op: 'snapshot', position: 'e.9' });
      });
    });
    const replica = open(peer.url).replica({ entities: [{ type: 'A' }] });
    await replica.ready;
    expect([...replica.entities.keys()]).toEqual(['urn:x:2']);
    peer.stop();
  });

  test('one that was changed goes on, one that was taken over ends', async () => {
    const begun: Asked[] = [];
    const peer = await startPeer(30_000, (socket) => {
      socket.on('message', (frame: Buffer) => {
        const { id, ...rest } = JSON.parse(frame.toString()) as Asked;
        begun.push({ id, ...rest });
        socket.send(JSON.stringify({ op: 'subscribed', id, position: 'e.7' }));
        socket.send(JSON.stringify({ op: 'unsubscribed', id, reason: begun.length === 1 ? 'changed' : 'takenOver' }));
      });
    });
    const ended = events(open(peer.url).subscribe('urn:x:stored'), 1);
    await expect(ended).rejects.toMatchObject({ name: 'SubscriptionEnded', reason: 'takenOver' });
    expect(begun.map(({ op, after }) => [op, after])).toEqual([
      ['subscribe', undefined],
      ['subscribe', 'e.7'],
    ]);
    peer.stop();
  });

  test('an acknowledgement waits until it is open, and is said again after a lost connection', async () => {
    const acks: (string | undefined)[] = [];
    const peer = await startPeer(30_000, (socket) => {
      const open = new Set<string>();
      socket.on('message', (frame: Buffer) => {
        const { op, id, position } = JSON.parse(frame.toString()) as Asked;
        if (op === 'subscribe') {
          open.add(id);
          socket.send(JSON.stringify({ op: 'subscribed', id, position: 'e.7' }));
        } else {
          acks.push(open.has(id) ? position : 'of an unknown subscription');
          socket.terminate();
        }
      });
    });
    const stored = open(peer.url).subscribe('urn:x:stored');
    stored.ack('e.5');
    while (acks.length < 2) await sleep(2);
    expect(new Set(acks)).toEqual(new Set(['e.5']));
    peer.stop();
  });
});

describe('a URL', () => {
  test.each(['localhost:1026', 'ftp://localhost', 'nowhere'])('like %s is refused at once', (url) => {
    expect(() => connect(url)).toThrow(/URL/);
  });
});

describe('a broker', () => {
  test('that says not to come back is believed', async () => {
    const peer = await startPeer(30_000, (socket) => socket.close(4100, 'a hundred faulty frames'));
    const ended = events(open(peer.url).subscribe(of('A')), 1);
    await expect(ended).rejects.toMatchObject({ name: 'ConnectionLost', code: 4100 });
    await sleep(50);
    expect(peer.connections()).toBe(1);
    peer.stop();
  });

  test('that is silent is taken for gone', async () => {
    const frames: string[] = [];
    const peer = await startPeer(10, (socket) => socket.on('message', (data: Buffer) => frames.push(data.toString())));
    const client = open(peer.url);
    while (peer.connections() < 3) await sleep(5);
    expect(frames).toContain('{"op":"ping"}');
    client.close();
    peer.stop();
  });

  test('that is not there yet is waited for', async () => {
    const place = createServer().listen(0, '127.0.0.1');
    await once(place, 'listening');
    const { port } = place.address() as AddressInfo;
    await new Promise((done) => place.close(done));
    const states: string[] = [];
    const client = open(`http://127.0.0.1:${port}`, { onState: (state) => states.push(state) });
    const answer = client.request('queryEntities', { type: 'A' });
    await sleep(30);
    const late = await startTestBroker(['--port', String(port)]);
    expect((await answer).status).toBe(200);
    expect(states).toEqual(['open']);
    await late.stop();
  });
});

describe('a replica', () => {
  test('is what the broker holds, through changes, deletions and lost connections', async () => {
    await write('Held', [0, 300]);
    const client = open(proxy.url);
    const replica = client.replica(of('Held'));
    const told: (string | undefined)[] = [];
    const stop = replica.onChange((id) => told.push(id));
    await replica.ready;
    expect(replica.entities.size).toBe(300);
    for (let n = 0; n < 100; n += 1) {
      if (n % 10 === 0) proxy.cut();
      await fetch(`${broker.url}/ngsi-ld/v1/entities/urn:x:Held:${n}`, { method: 'DELETE' });
    }
    await write('Held', [1000, 1100]);
    while (!replica.entities.has('urn:x:Held:1099')) await sleep(5);
    const list = await fetch(`${broker.url}/ngsi-ld/v1/entities?type=Held&limit=1000&format=simplified`);
    const there = (await list.json()) as { id: string }[];
    expect([...replica.entities.values()].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
      there.sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
    expect(told).toContain('urn:x:Held:1099');
    stop();
    replica.close();
    expect(await replica.ended).toBeUndefined();
  }, 60_000);

  test('that cannot be had says so', async () => {
    const replica = open(broker.url).replica({ entities: [{ typ: 'A' }] });
    await expect(replica.ready).rejects.toThrow(StreamProblem);
    expect(await replica.ended).toBeInstanceOf(StreamProblem);
  });
});
