/** Tests a broker with two HTTP threads: clients do not notice which of them answers. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Agent } from 'node:http';
import { request as startRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Broker, startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { startReceiver, stopReceivers, valueOf } from '../edge/deliver/receiver.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

interface Sent {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
}

/** Sends a request on a connection of its own, or of the agent. */
const ask = (url: string, { method = 'GET', body, headers = {}, agent }: Sent = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const length = body === undefined ? undefined : { 'Content-Length': String(Buffer.byteLength(text)) };
    const all = { 'Content-Type': 'application/json', ...length, ...headers };
    const request = startRequest(url, { method, headers: all, agent: agent ?? false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(parts).toString(),
        }),
      );
    });
    request.on('error', reject);
    request.end(text);
  });

/** So many connections that each thread has some of them: the system divides them by a hash of their ports. */
const many = Array.from({ length: 16 }, (_, index) => index);

const portOf = (url: string): number => Number(new URL(url).port);

/** The answer to a text that is sent as it is. With `rest`, that is sent after the first part of the answer. */
async function answerTo(url: string, text: string, rest = ''): Promise<string> {
  const socket = connect(portOf(url), '127.0.0.1').setEncoding('utf8');
  socket.write(text);
  let answer = '';
  for await (const part of socket) {
    if (answer === '') socket.write(rest);
    answer += String(part);
  }
  return answer;
}

const firstLine = async (url: string, text: string): Promise<string> =>
  (await answerTo(url, text)).split('\r\n')[0] ?? '';

/** The answers to one request on many connections. */
const askEverywhere = (url: string, sent: Sent = {}): Promise<readonly Answer[]> =>
  Promise.all(many.map(() => ask(url, sent)));

const statuses = (answers: readonly Answer[]): readonly number[] => [...new Set(answers.map(({ status }) => status))];

async function start(...more: readonly string[]): Promise<Broker & { readonly folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-threads-test-'));
  const socket = join(folder, 'threads.sock');
  // As when a killed broker has left its socket.
  writeFileSync(socket, '');
  const fixed = ['--port', '0', '--data', folder, '--log-level', 'silent', '--threads', '2'];
  const { url, stop } = await startBroker(readConfig({ args: [...fixed, ...more], env: {} }));
  return {
    url,
    folder,
    async stop() {
      await stop();
      expect(existsSync(socket)).toBe(false);
      rmSync(folder, { recursive: true });
    },
  };
}

const boat = (n: number | string, value: unknown = n): object => ({
  id: `urn:ngsi-ld:Boat:${n}`,
  type: 'Boat',
  speed: { type: 'Property', value },
});

describe('a broker with two threads', () => {
  let broker: Awaited<ReturnType<typeof start>>;
  let api = '';
  beforeAll(async () => {
    broker = await start('--notify-allow-private', '--context-allow-private', '--tenants-max', '3');
    api = `${broker.url}/ngsi-ld/v1`;
  });
  afterAll(() => broker.stop());

  test('shows what was written on one connection at once on all others', async () => {
    for (const n of many.slice(0, 4)) {
      expect((await ask(`${api}/entities`, { method: 'POST', body: boat(n) })).status).toBe(201);
      expect(statuses(await askEverywhere(`${api}/entities/urn:ngsi-ld:Boat:${n}`))).toEqual([200]);
      const patch = { method: 'PATCH', body: { value: `new ${n}` } };
      expect((await ask(`${api}/entities/urn:ngsi-ld:Boat:${n}/attrs/speed`, patch)).status).toBe(204);
      const texts = (await askEverywhere(`${api}/entities/urn:ngsi-ld:Boat:${n}`)).map(({ text }) => text);
      expect([...new Set(texts)]).toEqual([JSON.stringify(boat(n, `new ${n}`))]);
    }
    const counts = await askEverywhere(`${api}/entities?type=Boat&count=true&limit=0`);
    expect([...new Set(counts.map(({ headers }) => headers['ngsild-results-count']))]).toEqual(['4']);
  });

  test('answers what needs the main thread the same on each connection', async () => {
    const subscription = { id: 'urn:ngsi-ld:Subscription:1', type: 'Subscription', entities: [{ type: 'Ship' }] };
    const notification = { endpoint: { uri: 'http://127.0.0.1:9/' } };
    const sent = { method: 'POST', body: { ...subscription, notification } };
    expect((await ask(`${api}/subscriptions`, sent)).status).toBe(201);
    expect(statuses(await askEverywhere(`${api}/subscriptions`, sent))).toEqual([409]);
    const shown = (await askEverywhere(`${api}/subscriptions/${subscription.id}`)).map(({ text }) => text);
    expect(new Set(shown).size).toBe(1);
    const noLength = 'POST /ngsi-ld/v1/subscriptions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    expect([...new Set(await Promise.all(many.map(() => firstLine(broker.url, noLength))))]).toEqual([
      'HTTP/1.1 411 Length Required',
    ]);
    expect(statuses(await askEverywhere(`${broker.url}/version`))).toEqual([200]);
    expect(statuses(await askEverywhere(`${broker.url}/health/ready`))).toEqual([204]);
    expect((await ask(`${api}/subscriptions/${subscription.id}`, { method: 'DELETE' })).status).toBe(204);
    expect(statuses(await askEverywhere(`${api}/subscriptions/${subscription.id}`))).toEqual([404]);
  });

  test('answers clients of HTTP/1.0, and those that wait before they send a body', async () => {
    const long = many.map((n) => ({ ...boat(`long${n}`, 'n'.repeat(20_000)), type: 'LongBoat' }));
    expect((await ask(`${api}/entityOperations/create`, { method: 'POST', body: long })).status).toBe(201);
    // The name of the parameter is percent-encoded: the main thread answers.
    const old = 'GET /ngsi-ld/v1/entities?type=LongBoat&%6cimit=100 HTTP/1.0\r\nHost: localhost\r\n\r\n';
    const bodies = await Promise.all(many.map(async () => (await answerTo(broker.url, old)).split('\r\n\r\n')[1]));
    expect(new Set(bodies).size).toBe(1);
    expect(JSON.parse(bodies[0] ?? '')).toEqual(long);
    const waiting =
      'POST /ngsi-ld/v1/subscriptions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
      'Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n';
    const answers = await Promise.all(many.map(() => answerTo(broker.url, waiting, '{}')));
    const lines = answers.map((answer) => answer.match(/^HTTP.*$/gm)?.map((line) => line.trim()));
    expect(new Set(lines.map(String))).toEqual(new Set(['HTTP/1.1 100 Continue,HTTP/1.1 400 Bad Request']));
  });

  test('counts what all threads answered', async () => {
    const counted = async (): Promise<number> => {
      const { text } = await ask(`${broker.url}/metrics`);
      const line = 'mlaka_request_seconds_count{binding="http",operation="retrieveType",status="404"}';
      return Number(
        text
          .split('\n')
          .find((one) => one.startsWith(line))
          ?.slice(line.length) ?? 0,
      );
    };
    await askEverywhere(`${api}/types/Plane`);
    expect(await counted()).toBe(many.length);
    await askEverywhere(`${api}/types/Plane`);
    expect(await counted()).toBe(2 * many.length);
  });

  test('notifies of all changes of an entity in their order, whichever thread wrote them', async () => {
    const receiver = await startReceiver();
    const notification = { endpoint: { uri: receiver.url } };
    const body = { type: 'Subscription', entities: [{ type: 'Buoy' }], notification };
    expect((await ask(`${api}/subscriptions`, { method: 'POST', body })).status).toBe(201);
    const id = 'urn:ngsi-ld:Buoy:1';
    const level = (value: number): object => ({ id, type: 'Buoy', level: { type: 'Property', value } });
    for (const n of many) await ask(`${api}/entityOperations/upsert`, { method: 'POST', body: [level(n)] });
    const received = await receiver.until(({ length }) => length >= many.length);
    expect(received.map((one) => valueOf(one, 'level'))).toEqual(many);
    await stopReceivers();
  });

  test('makes no more tenants than allowed, on whichever thread', async () => {
    const made = await Promise.all(
      many.map((n) =>
        ask(`${api}/entities`, { method: 'POST', body: boat('a'), headers: { 'NGSILD-Tenant': `tenant${n}` } }),
      ),
    );
    expect(made.filter(({ status }) => status === 201)).toHaveLength(2);
    expect(made.filter(({ status }) => status === 403)).toHaveLength(many.length - 2);
  });

  test('uses a stored @context until it is deleted, on each thread', async () => {
    const path = (await ask(`${api}/jsonldContexts`, { method: 'POST', body: { '@context': { keel: 'urn:x:keel' } } }))
      .headers['location'];
    const url = `${broker.url}${String(path)}`;
    const headers = { Link: `<${url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"` };
    expect(statuses(await askEverywhere(`${api}/entities?type=Boat`, { headers }))).toEqual([200]);
    expect((await ask(url, { method: 'DELETE' })).status).toBe(204);
    expect(statuses(await askEverywhere(`${api}/entities?type=Boat`, { headers }))).toEqual([504]);
  });

  test('asks context sources from each thread as soon as one is registered, and not after that', async () => {
    const registration = {
      id: 'urn:ngsi-ld:ContextSourceRegistration:1',
      type: 'ContextSourceRegistration',
      mode: 'exclusive',
      endpoint: 'http://127.0.0.1:9',
      information: [{ entities: [{ id: 'urn:ngsi-ld:Kite:1', type: 'Kite' }], propertyNames: ['speed'] }],
      operations: ['createEntity'],
    };
    const body = { id: 'urn:ngsi-ld:Kite:1', type: 'Kite', speed: { type: 'Property', value: 1 } };
    expect((await ask(`${api}/csourceRegistrations`, { method: 'POST', body: registration })).status).toBe(201);
    expect(statuses(await askEverywhere(`${api}/entities`, { method: 'POST', body }))).not.toContain(201);
    const one = `${api}/csourceRegistrations/${registration.id}`;
    expect((await ask(one, { method: 'DELETE' })).status).toBe(204);
    const made = await askEverywhere(`${api}/entities`, { method: 'POST', body });
    expect(made.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(made.filter(({ status }) => status === 409)).toHaveLength(many.length - 1);
  });

  test('streams to connections of each thread', async () => {
    const sockets = many.map(() => new WebSocket(`${api.replace('http', 'ws')}/stream`, 'ngsi-ld-ws.v1'));
    const has = (socket: WebSocket, text: string): Promise<void> =>
      new Promise((resolve) => {
        socket.on('message', (data: Buffer) => {
          if (data.toString().includes(text)) resolve();
        });
      });
    const subscription = { type: 'Subscription', entities: [{ type: 'Raft' }] };
    await Promise.all(
      sockets.map((socket) => {
        socket.once('open', () => socket.send(JSON.stringify({ op: 'subscribe', id: 's', subscription })));
        return has(socket, 'subscribed');
      }),
    );
    const notified = sockets.map((socket) => has(socket, 'urn:ngsi-ld:Boat:raft'));
    await ask(`${api}/entities`, { method: 'POST', body: { ...boat('raft'), type: 'Raft' } });
    expect(await Promise.all(notified)).toHaveLength(many.length);
    for (const socket of sockets) socket.terminate();
  });

  test('refuses a name of another host, and survives clients that go away', async () => {
    const foreign = { headers: { Host: 'example.org' } };
    expect(statuses(await askEverywhere(`${api}/subscriptions`, foreign))).toEqual([421]);
    const half = 'POST /ngsi-ld/v1/subscriptions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{';
    for (const socket of many.map(() => connect(portOf(broker.url), '127.0.0.1'))) socket.end(half);
    expect(statuses(await askEverywhere(`${broker.url}/health/ready`))).toEqual([204]);
  });
});

test('a broker in a folder whose path is too long for a socket has threads, too', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'mlaka-threads-test-')), 'n'.repeat(120));
  const args = ['--port', '0', '--data', folder, '--log-level', 'silent', '--threads', '2'];
  const { url, stop } = await startBroker(readConfig({ args, env: {} }));
  expect(statuses(await askEverywhere(`${url}/ngsi-ld/v1/subscriptions`))).toEqual([200]);
  await stop();
  rmSync(dirname(folder), { recursive: true });
});

test('keys, failures and quotas count the same on each thread', async () => {
  const broker = await start('--access', 'required', '--quota-writes', '10');
  const api = `${broker.url}/ngsi-ld/v1`;
  const as = (key: string): Pick<Sent, 'headers'> => ({ headers: { Authorization: `Bearer ${key}` } });
  expect(statSync(join(broker.folder, 'threads.sock')).mode & 0o777).toBe(0o600);
  const administrator = as(readFileSync(join(broker.folder, 'administrator.key'), 'utf8').trim());
  try {
    expect(statuses(await askEverywhere(`${api}/entities?type=Boat`))).toEqual([401]);
    const made = await ask(`${api}/access/keys`, {
      method: 'POST',
      body: { name: 'app', roles: ['writer'] },
      ...administrator,
    });
    const writer = as((JSON.parse(made.text) as { key: string }).key);
    expect(statuses(await askEverywhere(`${api}/entities?type=Boat`, writer))).toEqual([200]);
    const writes = await Promise.all(
      many.map((n) => ask(`${api}/entities`, { method: 'POST', body: boat(n), ...writer })),
    );
    expect(writes.filter(({ status }) => status === 201)).toHaveLength(10);
    expect(writes.filter(({ status }) => status === 429)).toHaveLength(many.length - 10);
    expect((await ask(`${api}/access/keys/app`, { method: 'DELETE', ...administrator })).status).toBe(204);
    expect(statuses(await askEverywhere(`${api}/entities?type=Boat`, writer))).toEqual([401]);
    // 16 of the 20 wrong ones that an address may send were just sent.
    expect(statuses(await askEverywhere(`${api}/entities?type=Boat`, as('mlk_no')))).toContain(429);
  } finally {
    await broker.stop();
  }
});
