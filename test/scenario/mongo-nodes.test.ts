/** Tests two brokers on one database, one of them with two HTTP threads: a write at one takes effect at the other, and each notification is sent by one of them. */
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Client, connect } from '../../src/client/client.ts';
import { createTestDatabases } from '../mongo/database.ts';
import { startTestBroker, type TestBroker } from './scenario.ts';

const databases = createTestDatabases();
const taken: { readonly id: string; readonly subscription: string; readonly entities: readonly string[] }[] = [];
let nodes: readonly TestBroker[] = [];
let receiver: Server;

beforeAll(async () => {
  const args = ['--store', 'mongo', '--mongo-url', databases.url, '--notify-allow-private'];
  nodes = [await startTestBroker([...args, '--threads', '2']), await startTestBroker(args)];
  receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { id, subscriptionId, data } = JSON.parse(text) as {
        id: string;
        subscriptionId: string;
        data: { id: string }[];
      };
      taken.push({ id, subscription: subscriptionId, entities: data.map((entity) => entity.id) });
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((done) => receiver.once('listening', done));
}, 60_000);
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  receiver.close();
  await databases.drop();
});

interface Sent {
  readonly body?: unknown;
  readonly snapshot?: string;
}

const send = (node: number, method: string, path: string, body?: unknown): Promise<Response> =>
  sendWith(node, `${method} ${path}`, { body });

async function sendWith(node: number, line: string, { body, snapshot }: Sent): Promise<Response> {
  const [method = '', path = ''] = line.split(' ');
  return fetch(`${nodes[node]?.url}/ngsi-ld/v1${path}`, {
    method,
    headers: {
      ...(body === undefined ? undefined : { 'Content-Type': 'application/json' }),
      ...(snapshot === undefined ? undefined : { 'NGSILD-Snapshot': snapshot }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
const uri = (): string => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
const subscriptionTo = (type: string, name = type) => ({
  id: `urn:ngsi-ld:Subscription:${name}`,
  type: 'Subscription',
  entities: [{ type }],
  notification: { endpoint: { uri: uri() } },
});
const toldOf = (type: string): readonly string[] =>
  taken.flatMap(({ subscription, entities }) => (subscription.endsWith(`:${type}`) ? entities : []));

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(10);
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
  readonly warning: string | undefined;
}

/** Asks the first broker on a connection of its own. */
const askOnce = (path: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const ask = get(`${nodes[0]?.url}/ngsi-ld/v1${path}`, { agent: false }, (response) => {
      let text = '';
      const { statusCode: status, headers } = response;
      const warning = headers['ngsild-warning']?.toString();
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => resolve({ status, text, warning }));
    });
    ask.on('error', reject);
  });

/** The answers of the first broker on so many connections that each of its threads has some. */
const askThreads = (path: string): Promise<readonly Answer[]> =>
  Promise.all(Array.from({ length: 16 }, () => askOnce(path)));

describe('two brokers', () => {
  test('show what is written at once in all threads, also of the other broker', async () => {
    for (let n = 1; n <= 8; n += 1) {
      const body = { id: `urn:x:Shown:${n}`, type: 'Shown', n };
      expect((await send(n % 2, 'POST', '/entities', body)).status).toBe(201);
      const shown = { id: body.id, type: 'Shown', n: { type: 'Property', value: n } };
      const texts = (await askThreads(`/entities/${body.id}`)).map(({ text }) => text);
      expect(new Set(texts)).toEqual(new Set([JSON.stringify(shown)]));
      const lists = await askThreads('/entities?type=Shown&limit=100');
      expect(new Set(lists.map(({ text }) => (JSON.parse(text) as unknown[]).length))).toEqual(new Set([n]));
    }
  });

  test('ask a context source in all threads soon after it is registered at the other broker', async () => {
    const registration = {
      id: 'urn:ngsi-ld:ContextSourceRegistration:gone',
      type: 'ContextSourceRegistration',
      endpoint: 'http://127.0.0.1:9',
      information: [{ entities: [{ id: 'urn:x:Distant:1', type: 'Distant' }] }],
    };
    await send(0, 'POST', '/entities', { id: 'urn:x:Distant:1', type: 'Distant', n: 1 });
    const warnings = async (): Promise<number> =>
      (await askThreads('/entities/urn:x:Distant:1')).filter(({ warning }) => warning !== undefined).length;
    expect(await warnings()).toBe(0);
    expect((await send(1, 'POST', '/csourceRegistrations', registration)).status).toBe(201);
    await until(async () => (await warnings()) === 16);
    expect((await send(1, 'DELETE', `/csourceRegistrations/${registration.id}`)).status).toBe(204);
    await until(async () => (await warnings()) === 0);
  });

  test('deliver each change once, wherever it was written and whoever took the subscription', async () => {
    for (let n = 0; n < 8; n += 1) {
      const made = await send(n % 2, 'POST', '/subscriptions', subscriptionTo('Once', `Once${n}`));
      expect(made.status).toBe(201);
    }
    for (let n = 0; n < 40; n += 1)
      expect((await send(n % 2, 'POST', '/entities', { id: `urn:x:Once:${n}`, type: 'Once', n })).status).toBe(201);
    await until(() => taken.length >= 8 * 40);
    await sleep(300);
    for (let n = 0; n < 8; n += 1) {
      const told = toldOf(`Once${n}`);
      expect([...told].sort()).toEqual(Array.from({ length: 40 }, (_, one) => `urn:x:Once:${one}`).sort());
    }
    expect(new Set(taken.map(({ id }) => id)).size).toBe(taken.length);
  }, 60_000);

  test('hear within a second that a subscription has changed or is gone', async () => {
    await send(0, 'POST', '/subscriptions', subscriptionTo('Heard'));
    await send(1, 'PATCH', '/subscriptions/urn:ngsi-ld:Subscription:Heard', { q: 'n>10' });
    await sleep(1000);
    await send(0, 'POST', '/entities', { id: 'urn:x:Heard:1', type: 'Heard', n: 1 });
    await send(1, 'POST', '/entities', { id: 'urn:x:Heard:11', type: 'Heard', n: 11 });
    await until(() => toldOf('Heard').length > 0);
    expect((await send(1, 'DELETE', '/subscriptions/urn:ngsi-ld:Subscription:Heard')).status).toBe(204);
    await sleep(1000);
    await send(0, 'PATCH', '/entities/urn:x:Heard:11/attrs', { n: 12 });
    await send(1, 'PATCH', '/entities/urn:x:Heard:11/attrs', { n: 13 });
    await sleep(500);
    expect(toldOf('Heard')).toEqual(['urn:x:Heard:11']);
    expect((await send(0, 'GET', '/subscriptions/urn:ngsi-ld:Subscription:Heard')).status).toBe(404);
  }, 60_000);

  test('share the subscriptions in a snapshot, and both end them when one deletes it', async () => {
    const before = await databases.names();
    const snapshot = 'urn:ngsi-ld:Snapshot:shared';
    const snapshotQueries = [{ type: 'Query', entities: [{ type: 'Copied' }] }];
    await send(0, 'POST', '/entities', { id: 'urn:x:Copied:0', type: 'Copied', n: 0 });
    expect((await send(0, 'POST', '/snapshots', { id: snapshot, type: 'Snapshot', snapshotQueries })).status).toBe(201);
    await until(async () => (await (await send(1, 'GET', `/snapshots/${snapshot}`)).text()).includes('"success"'));
    const names = [0, 1, 2, 3].map((n) => `Copied${n}`);
    for (const [n, name] of names.entries()) {
      const body = subscriptionTo('Copied', name);
      expect((await sendWith(n % 2, 'POST /subscriptions', { body, snapshot })).status).toBe(201);
    }
    for (const n of [1, 2])
      await sendWith(n % 2, 'POST /entities', { body: { id: `urn:x:Copied:${n}`, type: 'Copied', n }, snapshot });
    await until(() => names.every((name) => toldOf(name).length >= 2));
    for (const name of names) expect([...toldOf(name)].sort()).toEqual(['urn:x:Copied:1', 'urn:x:Copied:2']);
    expect(await databases.names()).toHaveLength(before.length + 1);
    expect((await send(0, 'DELETE', `/snapshots/${snapshot}`)).status).toBe(204);
    expect((await sendWith(1, 'GET /subscriptions', { snapshot })).status).toBe(404);
    // Longer than it takes the other broker to end what it delivers there.
    await sleep(1500);
    expect(await databases.names()).toEqual(before);
  }, 60_000);

  test('use the same @contexts, and forget those that the other deletes', async () => {
    const context = { '@context': { Lamp: 'https://example.org/Lamp' } };
    const made = await send(0, 'POST', '/jsonldContexts', context);
    const path = (made.headers.get('Location') ?? '').replace('/ngsi-ld/v1', '');
    const link = (node: number) => ({
      Link: `<${nodes[node]?.url}/ngsi-ld/v1${path}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`,
    });
    const ask = (node: number) =>
      fetch(`${nodes[node]?.url}/ngsi-ld/v1/entities?type=Lamp`, { headers: link(node) }).then(({ status }) => status);
    expect([await ask(0), await ask(1)]).toEqual([200, 200]);
    expect((await send(0, 'DELETE', path)).status).toBe(204);
    await sleep(1000);
    expect(await ask(1)).not.toBe(200);
  }, 60_000);

  test('have one stream: a client goes on at the other where it was at the first', async () => {
    const [first, second] = nodes.map(({ url }) => connect(url)) as [Client, Client];
    const live = first.subscribe({ entities: [{ type: 'Stream' }] }, { snapshot: true });
    await send(1, 'POST', '/entities', { id: 'urn:x:Stream:1', type: 'Stream', n: 1 });
    for await (const event of live) if (event.kind === 'change') break;
    await send(0, 'POST', '/entities', { id: 'urn:x:Stream:2', type: 'Stream', n: 2 });
    const after = live.position ?? '';
    const seen: string[] = [];
    for await (const event of second.subscribe({ entities: [{ type: 'Stream' }] }, { after })) {
      if (event.kind === 'change' && seen.push(event.entity.id) > 0 && event.entity.id.endsWith(':2')) break;
    }
    expect(seen.at(-1)).toBe('urn:x:Stream:2');
    expect(seen.length).toBeLessThanOrEqual(2);
    first.close();
    second.close();
  }, 60_000);

  test('of which one stops: the other does what was its', async () => {
    await send(0, 'POST', '/subscriptions', subscriptionTo('Left'));
    await nodes[0]?.stop();
    nodes = nodes.slice(1);
    for (let n = 0; n < 5; n += 1) await send(0, 'POST', '/entities', { id: `urn:x:Left:${n}`, type: 'Left', n });
    await until(() => toldOf('Left').length === 5);
    await sleep(300);
    expect(toldOf('Left')).toEqual(Array.from({ length: 5 }, (_, n) => `urn:x:Left:${n}`));
  }, 60_000);
});
