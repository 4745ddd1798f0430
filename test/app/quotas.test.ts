/** Tests quotas on a running broker: what is used up is answered with 429 and Retry-After, for this party only, and counted. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Broker, startBroker } from '../../src/app/broker.ts';
import { keys } from '../../src/app/command/keys.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { run } from './command/test-broker.ts';

let folder = '';
let broker: Broker | undefined;
afterEach(async () => {
  await broker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a broker and makes a key of the role. Returns what sends requests with it. */
async function start(role: string, ...more: readonly string[]) {
  folder = mkdtempSync(join(tmpdir(), 'mlaka-quotas-'));
  const args = ['--port', '0', '--data', folder, '--store', 'memory', '--log-level', 'silent', ...more];
  const { url } = (broker = await startBroker(readConfig({ args, env: {} })));
  const isOpen = more.includes('open');
  const key = isOpen ? '' : (await run(keys, ['create', 'app', '--role', role, '--data', folder])).out.trim();
  const send = (path: string, init: RequestInit = {}, as = key): Promise<Response> =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { ...(as === '' ? {} : { Authorization: `Bearer ${as}` }), 'Content-Type': 'application/json' },
    });
  const first = (): string => readFileSync(join(folder, 'administrator.key'), 'utf8').trim();
  return { url, key, send, first };
}

const entities = '/ngsi-ld/v1/entities';
const stream = '/ngsi-ld/v1/stream?type=Lamp';
const statusAndWait = ({ status, headers }: Response): readonly unknown[] => [status, headers.get('retry-after')];
const posted = (body: unknown): RequestInit => ({ method: 'POST', body: JSON.stringify(body) });

test('requests and writes above the quota get 429, also over a WebSocket, and others are not concerned', async () => {
  const quotas = ['--quota-requests', '6', '--quota-writes', '2'];
  const { url, key, send, first } = await start('writer', '--access', 'required', ...quotas);
  const batch = [1, 2].map((n) => ({ id: `urn:x:${n}`, type: 'Lamp' }));
  expect((await send('/ngsi-ld/v1/entityOperations/upsert', posted(batch))).status).toBe(201);
  expect(statusAndWait(await send(entities, posted({ id: 'urn:x:3', type: 'Lamp' })))).toEqual([429, '30']);
  for (let n = 0; n < 5; n += 1) expect((await send(`${entities}/urn:x:1`)).status).toBe(200);
  const refused = await send(`${entities}/urn:x:1`);
  expect(statusAndWait(refused)).toEqual([429, '10']);
  expect(await refused.json()).toMatchObject({ status: 429, detail: 'You may use 6 requests a minute.' });
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ngsi-ld/v1/stream`, 'ngsi-ld-ws.v1', {
    headers: { Authorization: `Bearer ${key}` },
  });
  const frames: string[] = [];
  const answered = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      frames.push(data.toString());
      if (frames.length === 1)
        socket.send(JSON.stringify({ op: 'request', id: 'a', operation: 'retrieveEntity', params: { id: 'urn:x:1' } }));
      else resolve();
    });
  });
  await answered;
  socket.close();
  expect(frames[1]).toContain('TooManyRequests');
  expect((await send(`${entities}/urn:x:1`, {}, first())).status).toBe(200);
  const metrics = await (await send('/metrics', {}, first())).text();
  expect(metrics).toContain('mlaka_quota_exceeded_total{quota="writes"} 1');
  expect(metrics).toContain('mlaka_quota_exceeded_total{quota="requests"} 2');
});

test('a batch of NGSI v2 counts with its elements', async () => {
  const { send } = await start('writer', '--access', 'required', '--quota-writes', '4');
  const batch = { actionType: 'append', entities: ['a', 'b', 'c'].map((id) => ({ id, type: 'Lamp' })) };
  expect((await send('/v2/op/update', posted(batch))).status).toBe(204);
  const lamp = { id: 'urn:x:1', type: 'Lamp', levels: { type: 'Property', value: [0] } };
  expect((await send(entities, posted(lamp))).status).toBe(201);
  expect(statusAndWait(await send('/v2/entities', posted({ id: 'd', type: 'Lamp' })))).toEqual([429, '15']);
});

test('a list as the value of an attribute counts once', async () => {
  const { send } = await start('writer', '--access', 'required', '--quota-writes', '2');
  const lamp = { id: 'urn:x:1', type: 'Lamp', levels: { type: 'Property', value: [0] } };
  expect((await send(entities, posted(lamp))).status).toBe(201);
  const levels = { method: 'PUT', body: JSON.stringify([1, 2, 3]) };
  expect((await send('/v2/entities/urn:x:1/attrs/levels/value', levels)).status).toBe(204);
});

test('streams of both kinds count together until they end', async () => {
  const { url, key, send } = await start('reader', '--access', 'required', '--quota-streams', '1');
  const abort = new AbortController();
  const open = await send(stream, { signal: abort.signal });
  expect(open.status).toBe(200);
  expect(statusAndWait(await send(stream))).toEqual([429, '30']);
  const refusal = await new Promise<unknown>((resolve) => {
    new WebSocket(`${url.replace('http', 'ws')}/ngsi-ld/v1/stream`, 'ngsi-ld-ws.v1', {
      headers: { Authorization: `Bearer ${key}` },
    }).on('unexpected-response', (_request, { statusCode, headers }) => resolve([statusCode, headers['retry-after']]));
  });
  expect(refusal).toEqual([429, '30']);
  abort.abort();
  let status = 429;
  while (status === 429) {
    const next = await send(stream);
    status = next.status;
    await next.body?.cancel();
  }
  expect(status).toBe(200);
});

test('an owner may have so many stored subscriptions, and others have their own', async () => {
  const { send, first } = await start(
    'reader',
    '--access',
    'required',
    '--quota-subscriptions',
    '2',
    '--notify-allow-private',
  );
  const subscribe = (id: string, as?: string): Promise<Response> => {
    const endpoint = { uri: 'http://127.0.0.1:9/' };
    return send(
      '/ngsi-ld/v1/subscriptions',
      posted({ id, type: 'Subscription', entities: [{ type: 'Lamp' }], notification: { endpoint } }),
      as,
    );
  };
  expect([(await subscribe('urn:s:1')).status, (await subscribe('urn:s:2')).status]).toEqual([201, 201]);
  expect(statusAndWait(await subscribe('urn:s:3'))).toEqual([429, '60']);
  expect((await subscribe('urn:s:4', first())).status).toBe(201);
  expect((await send('/ngsi-ld/v1/subscriptions/urn:s:1', { method: 'DELETE' })).status).toBe(204);
  expect((await subscribe('urn:s:3')).status).toBe(201);
  const v2 = {
    subject: { entities: [{ idPattern: '.*' }] },
    notification: { http: { url: 'http://127.0.0.1:9/' } },
  };
  const refused = await send('/v2/subscriptions', posted(v2));
  expect(statusAndWait(refused)).toEqual([429, '60']);
  expect(await refused.json()).toMatchObject({ error: 'TooManyRequests' });
  expect((await send('/v2/subscriptions', posted(v2), first())).status).toBe(201);
});

/** How many of the answers have each status. */
const counted = (statuses: readonly number[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...new Set(statuses)].sort().map((one) => [one, statuses.filter((it) => it === one).length]));

test('of 50 subscriptions of both APIs that are created at the same time, as many are stored as the quota allows', async () => {
  const quota = ['--quota-subscriptions', '10', '--notify-allow-private'];
  const { send } = await start('reader', '--access', 'required', ...quota);
  const endpoint = { uri: 'http://127.0.0.1:9/' };
  const ld = { type: 'Subscription', entities: [{ type: 'Lamp' }], notification: { endpoint } };
  const v2 = { subject: { entities: [{ idPattern: '.*' }] }, notification: { http: { url: endpoint.uri } } };
  const subscribe = (n: number): Promise<Response> =>
    n % 2 === 0 ? send('/ngsi-ld/v1/subscriptions', posted(ld)) : send('/v2/subscriptions', posted(v2));
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => subscribe(n)));
  expect(counted(answers.map(({ status }) => status))).toEqual({ 201: 10, 429: 40 });
  const made = answers.flatMap(({ headers }) => headers.get('location') ?? []);
  expect((await send(made[0] ?? '', { method: 'DELETE' })).status).toBe(204);
  const more = await Promise.all(Array.from({ length: 5 }, (_, n) => subscribe(n)));
  expect(counted(more.map(({ status }) => status))).toEqual({ 201: 1, 429: 4 });
});

test('a subscription that cannot be created takes no place from others', async () => {
  const quota = ['--quota-subscriptions', '2', '--notify-allow-private'];
  const { send } = await start('reader', '--access', 'required', ...quota);
  const subscribe = async (id: string): Promise<number> => {
    const notification = { endpoint: { uri: 'http://127.0.0.1:9/' } };
    const body = { id, type: 'Subscription', entities: [{ type: 'Lamp' }], notification };
    return (await send('/ngsi-ld/v1/subscriptions', posted(body))).status;
  };
  expect(await subscribe('urn:s:1')).toBe(201);
  expect(await Promise.all([subscribe('urn:s:1'), subscribe('urn:s:1')])).toEqual(expect.arrayContaining([409]));
  expect(await subscribe('urn:s:2')).toBe(201);
  expect(await subscribe('urn:s:3')).toBe(429);
});

test('of 50 streams that are opened at the same time, as many open as the quota allows', async () => {
  const { url, key, send } = await start('reader', '--access', 'required', '--quota-streams', '10');
  const abort = new AbortController();
  const sockets: WebSocket[] = [];
  const upgrade = (): Promise<number> =>
    new Promise((resolve) => {
      const headers = { Authorization: `Bearer ${key}` };
      const socket = new WebSocket(`${url.replace('http', 'ws')}/ngsi-ld/v1/stream`, 'ngsi-ld-ws.v1', { headers });
      socket.on('open', () => {
        sockets.push(socket);
        resolve(200);
      });
      socket.on('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
    });
  const events = async (): Promise<number> => (await send(stream, { signal: abort.signal })).status;
  const opened = await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? upgrade() : events())));
  expect(counted(opened)).toEqual({ 200: 10, 429: 40 });
  abort.abort();
  for (const socket of sockets) socket.terminate();
});

test('bytes that were sent are missing at the next request', async () => {
  const { send } = await start('writer', '--access', 'required', '--quota-bytes', '100000');
  const text = { type: 'Property', value: 'x'.repeat(90_000) };
  expect((await send(entities, posted({ id: 'urn:x:1', type: 'Lamp', text }))).status).toBe(201);
  const statuses: number[] = [];
  for (let n = 0; n < 5 && !statuses.includes(429); n += 1) {
    const answer = await send(`${entities}/urn:x:1`);
    statuses.push(answer.status);
    // Only a connection whose answer was read is used again.
    await answer.text();
  }
  expect(statuses[0]).toBe(200);
  expect(statuses).toContain(429);
});

test('while access is open, addresses have quotas only when other machines reach the broker', async () => {
  const { send } = await start('', '--access', 'open', '--quota-requests', '1');
  for (let n = 0; n < 3; n += 1) expect((await send(`${entities}?type=Lamp`)).status).toBe(200);
  await broker?.stop();
  const { url } = await start('', '--access', 'open', '--host', '0.0.0.0', '--quota-requests', '1');
  const ask = async (): Promise<readonly unknown[]> => statusAndWait(await fetch(`${url}${entities}?type=Lamp`));
  expect([await ask(), await ask()]).toEqual([
    [200, null],
    [429, '60'],
  ]);
});
