/** Tests that a running broker records who was notified of what, who subscribed, and who had no valid credentials. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Broker, startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import type { JsonObject } from '../../src/core/model/json.ts';
import { type Receiver, startReceiver, stopReceivers } from '../edge/deliver/receiver.ts';
import { read } from '../edge/sse/reader.ts';

let folder: string;
let broker: Broker;
let administrator: string;
let app: string;
let receiver: Receiver;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlaka-audit-'));
  broker = await start();
  administrator = readFileSync(join(folder, 'administrator.key'), 'utf8').trim();
  const { body } = await send('POST /access/keys', administrator, { name: 'app', roles: ['app'] });
  app = (body as { key: string }).key;
  receiver = await startReceiver();
});
afterEach(async () => {
  await stopReceivers();
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

const start = (): Promise<Broker> => {
  const args = ['--port', '0', '--data', folder, '--log-level', 'silent', '--models', 'off', '--access', 'required'];
  return startBroker(readConfig({ args: [...args, '--notify-allow-private', '--personal-types', 'Person'], env: {} }));
};

async function send(request: string, key?: string, json?: JsonObject | readonly JsonObject[]) {
  const [method = '', path = ''] = request.split(' ');
  const response = await fetch(`${broker.url}/ngsi-ld/v1${path}`, {
    method,
    headers: {
      'Content-Type': 'application/json',
      ...(key === undefined ? undefined : { Authorization: `Bearer ${key}` }),
    },
    ...(json === undefined ? undefined : { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

const grant = async (members: JsonObject): Promise<void> => {
  expect((await send('POST /access/grants', administrator, { to: 'key:app', ...members })).status).toBe(201);
};
const put = async (id: string, type: string, value: number): Promise<void> => {
  const [n, secret] = [value, -value].map((one) => ({ type: 'Property', value: one }));
  const { status } = await send('POST /entityOperations/upsert', administrator, [
    { id, type, n, secret } as JsonObject,
  ]);
  expect([201, 204]).toContain(status);
};
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
/** The lines, the oldest first, after the broker was started again: a stop adds what was counted. */
async function lines(query: string): Promise<readonly JsonObject[]> {
  await broker.stop();
  broker = await start();
  const { status, body } = await send(`GET /access/audit?limit=200&${query}`, administrator);
  expect(status).toBe(200);
  return (body as JsonObject[]).map(({ id: _id, at: _at, ...line }) => line).reverse();
}

test('the audit tells which entities the owner of a subscription was notified of, by which grants', async () => {
  await grant({ id: 'urn:g:lamps', operations: ['subscribe'], types: ['Lamp'], attrs: ['n'], q: 'secret<0' });
  await grant({ id: 'urn:g:people', operations: ['subscribe'], types: ['Person'] });
  const subscription = {
    ...{ id: 'urn:s:1', type: 'Subscription', entities: [{ type: '*' }] },
    notification: { endpoint: { uri: receiver.url } },
  };
  expect((await send('POST /subscriptions', app, subscription)).status).toBe(201);
  for (const n of [1, 2]) await put('urn:x:1', 'Lamp', n);
  await put('urn:p:1', 'Person', 1);
  await put('urn:y:1', 'Meter', 1);
  await until(() => receiver.received.length === 3);
  const notified = { principal: 'key:app', operation: 'notify', result: 'done', resource: 'urn:s:1' };
  expect(await lines('operation=notify')).toEqual([
    { ...notified, entity: 'urn:x:1', types: ['Lamp'], grants: ['urn:g:lamps'], count: 2 },
    { ...notified, entity: 'urn:p:1', types: ['Person'], grants: ['urn:g:people'] },
  ]);
  // The owner of the lamps sees who was notified of them.
  await grant({ operations: ['audit'], types: ['Lamp'] });
  const { body } = await send('GET /access/audit?operation=notify', app);
  expect((body as JsonObject[]).map(({ entity }) => entity)).toEqual(['urn:x:1']);
});

test('the audit tells who subscribed to streams, and what the streams showed', async () => {
  await grant({ id: 'urn:g:lamps', operations: ['subscribe'], types: ['Lamp'], attrs: ['n'], q: 'secret<0' });
  const frames: string[] = [];
  const socket = new WebSocket(`${broker.url.replace('http', 'ws')}/ngsi-ld/v1/stream`, 'ngsi-ld-ws.v1', {
    headers: { Authorization: `Bearer ${app}` },
  });
  socket.on('message', (data: Buffer) => frames.push(data.toString()));
  await until(() => frames.length === 1);
  const subscription = { type: 'Subscription', entities: [{ type: 'Lamp' }] };
  socket.send(JSON.stringify({ op: 'subscribe', id: 'a', subscription }));
  socket.send(JSON.stringify({ op: 'subscribe', id: 'b', subscriptionId: 'urn:s:none' }));
  const events = await read(`${broker.url}/ngsi-ld/v1/stream?type=Lamp`, { Authorization: `Bearer ${app}` });
  await until(() => frames.length === 3);
  await put('urn:x:1', 'Lamp', 1);
  await until(() => frames.length === 4);
  await events.until(() => JSON.stringify(events.events).includes('urn:x:1'));
  events.cut();
  socket.close();
  const byApp = { principal: 'key:app', address: '127.0.0.1' };
  const all = await lines('principal=key:app');
  expect(all.filter(({ operation }) => operation === 'subscribe')).toEqual([
    { ...byApp, operation: 'subscribe', result: 'done', grants: [] },
    { ...byApp, operation: 'subscribe', result: 'ResourceNotFound', resource: 'urn:s:none', grants: [] },
  ]);
  expect(all.filter(({ operation }) => operation === 'streamChanges')).toHaveLength(1);
  const notified = { ...byApp, operation: 'notify', result: 'done', entity: 'urn:x:1', types: ['Lamp'] };
  expect(all.filter(({ operation }) => operation === 'notify')).toEqual([
    { ...notified, grants: ['urn:g:lamps'] },
    { ...notified, grants: ['urn:g:lamps'] },
  ]);
});

test('requests without valid credentials are counted in few lines, however many come', async () => {
  for (let n = 0; n < 15; n += 1) expect((await send('GET /entities?type=Lamp', `mlk_wrong${n}`)).status).toBe(401);
  for (let n = 0; n < 5; n += 1) expect((await send('GET /types')).status).toBe(401);
  // With a grant for everybody, a client without credentials gets as far as the operation.
  await grant({ to: 'public', operations: ['read'], types: ['Lamp'] });
  for (let n = 0; n < 120; n += 1) expect((await send(`DELETE /entities/urn:x:${n}`)).status).toBe(401);
  const all = await lines('principal=anonymous');
  const from = { principal: 'anonymous', address: '127.0.0.1', grants: [] };
  const unknown = { ...from, result: 'Unauthenticated' };
  expect(all.filter(({ result }) => result === 'Unauthenticated')).toEqual([
    { ...unknown, operation: 'authenticate', count: 15 },
    { ...unknown, operation: 'retrieveTypes', count: 5 },
  ]);
  const refused = all.filter(({ operation }) => operation === 'deleteEntity');
  expect(refused).toHaveLength(51);
  expect(refused[0]).toEqual({ ...from, operation: 'deleteEntity', result: 'Forbidden', entity: 'urn:x:0' });
  expect(refused.at(-1)).toMatchObject({ count: 70 });
});
