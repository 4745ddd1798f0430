/** Tests that notifications show what the owner of their subscription may see when they are sent. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Broker, startBroker } from '../../../src/app/broker.ts';
import { readConfig } from '../../../src/app/config/read-config.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { type Receiver, startReceiver, stopReceivers } from '../deliver/receiver.ts';

let broker: Broker;
let folder: string;
let receiver: Receiver;
let administrator: string;
let app: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlaka-owner-'));
  const args = ['--port', '0', '--data', folder, '--store', 'memory', '--log-level', 'silent', '--models', 'off'];
  broker = await startBroker(
    readConfig({ args: [...args, '--access', 'required', '--notify-allow-private'], env: {} }),
  );
  administrator = readFileSync(join(folder, 'administrator.key'), 'utf8').trim();
  receiver = await startReceiver();
  const { body } = await send('POST /access/keys', administrator, { name: 'app', roles: ['app'] });
  app = (body as { key: string }).key;
});
afterEach(async () => {
  await stopReceivers();
  await broker.stop();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly location: string;
  readonly body: unknown;
}

async function send(request: string, key: string, json?: JsonObject | readonly JsonObject[]): Promise<Answer> {
  const [method = '', path = ''] = request.split(' ');
  const response = await fetch(`${broker.url}/ngsi-ld/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    ...(json === undefined ? undefined : { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  const location = String(response.headers.get('location')).replace('/ngsi-ld/v1', '');
  return { status: response.status, location, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

const grant = async (members: JsonObject): Promise<string> => {
  const { status, location } = await send('POST /access/grants', administrator, { to: 'role:app', ...members });
  expect(status).toBe(201);
  return location;
};
const subscribe = (members: JsonObject, key = app): Promise<Answer> =>
  send('POST /subscriptions', key, {
    type: 'Subscription',
    notification: { endpoint: { uri: receiver.url } },
    ...members,
  });
const put = (id: string, type: string, values: Readonly<Record<string, number>>): Promise<Answer> => {
  const attrs = Object.entries(values).map(([name, value]) => [name, { type: 'Property', value }]);
  return send('POST /entityOperations/upsert', administrator, [{ id, type, ...Object.fromEntries(attrs) }]);
};
/** The entities that the receiver got, without the ids of notifications. */
const told = (): readonly unknown[] => receiver.received.flatMap(({ body }) => body.data);
const told1 = (id: string, type: string, n: number): object => ({ id, type, n: { type: 'Property', value: n } });

async function until(count: number): Promise<void> {
  while (told().length < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('only the visible part of a change is matched and sent', async () => {
  await grant({ operations: ['subscribe'], types: ['Lamp'], attrs: ['n'] });
  expect((await subscribe({ entities: [{ type: '*' }] })).status).toBe(201);
  expect((await subscribe({ entities: [{ type: '*' }], q: 'secret==7' })).status).toBe(201);
  // The hidden attribute is absent for the owner.
  expect(
    (await subscribe({ entities: [{ type: '*' }], q: '!secret', notificationTrigger: ['entityCreated'] })).status,
  ).toBe(201);
  await put('urn:x:1', 'Lamp', { n: 1, secret: 7 });
  await put('urn:x:2', 'Meter', { n: 1 });
  await put('urn:x:1', 'Lamp', { secret: 8 });
  await put('urn:x:1', 'Lamp', { n: 2, secret: 8 });
  await until(3);
  expect(told()).toEqual([told1('urn:x:1', 'Lamp', 1), told1('urn:x:1', 'Lamp', 1), told1('urn:x:1', 'Lamp', 2)]);
});

test('rights that are narrowed or taken narrow or end what is sent', async () => {
  const wide = await grant({ operations: ['subscribe'] });
  await subscribe({ entities: [{ type: 'Lamp' }] });
  await put('urn:x:1', 'Lamp', { n: 1, secret: 7 });
  await until(1);
  const narrow = await grant({ operations: ['subscribe'], types: ['Lamp'], attrs: ['n'] });
  await send(`DELETE ${wide}`, administrator);
  await put('urn:x:1', 'Lamp', { n: 2, secret: 8 });
  await until(2);
  await send(`DELETE ${narrow}`, administrator);
  await put('urn:x:1', 'Lamp', { n: 3, secret: 9 });
  await grant({ operations: ['subscribe'], idPattern: '2$' });
  await put('urn:x:2', 'Lamp', { n: 4 });
  await until(3);
  expect(told()).toEqual([
    { ...told1('urn:x:1', 'Lamp', 1), secret: { type: 'Property', value: 7 } },
    told1('urn:x:1', 'Lamp', 2),
    told1('urn:x:2', 'Lamp', 4),
  ]);
});

test('an explanation tests what the owner may see', async () => {
  await grant({ operations: ['subscribe'], types: ['Lamp'], attrs: ['n'] });
  const all = await subscribe({ entities: [{ type: '*' }] });
  const secret = await subscribe({ entities: [{ type: '*' }], q: 'secret==7' });
  const regular = await subscribe({ entities: [{ type: '*' }], timeInterval: 600 });
  await put('urn:x:1', 'Lamp', { n: 1, secret: 7 });
  await put('urn:x:2', 'Meter', { n: 1 });
  await until(1);
  const verdict = async ({ location }: Answer, id: string): Promise<unknown> =>
    ((await send(`GET ${location}/explain?entity=${id}`, administrator)).body as { verdict: string }).verdict;
  expect(await verdict(all, 'urn:x:1')).toBe('The last change of urn:x:1 was notified.');
  expect(await verdict(secret, 'urn:x:1')).toBe(
    'The last change of urn:x:1 is not notified, because q asks for secret==7, but finds: there is no secret.',
  );
  const unseen = 'is not notified, because owner asks for a part that its rights show, but finds: none.';
  expect(await verdict(all, 'urn:x:2')).toBe(`The last change of urn:x:2 ${unseen}`);
  expect(await verdict(regular, 'urn:x:1')).toMatch('urn:x:1 is in the next notification by the clock');
  expect(await verdict(regular, 'urn:x:2')).toBe(`urn:x:2 ${unseen}`);
  expect(await verdict(all, 'urn:x:3')).toBe('There is no entity urn:x:3, so that nothing can be said of it.');
});

test('what waits for a receiver that failed is sent with the rights of then, and nothing when the key is revoked', async () => {
  await grant({ operations: ['subscribe'] });
  await subscribe({ entities: [{ type: 'Lamp' }] });
  await subscribe({ entities: [{ type: 'Lamp' }], notification: { endpoint: { uri: receiver.url } } }, administrator);
  receiver.manner = () => 503;
  await put('urn:x:1', 'Lamp', { n: 1 });
  while (receiver.received.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await send('DELETE /access/keys/app', administrator);
  const before = receiver.received.length;
  receiver.manner = () => 200;
  await put('urn:x:2', 'Lamp', { n: 2 });
  while (!JSON.stringify(receiver.received).includes('urn:x:2')) await new Promise((resolve) => setTimeout(resolve, 5));
  const after = receiver.received.slice(before).map(({ body }) => body.subscriptionId);
  expect(new Set(after).size).toBe(1);
});

test('a subscription belongs to who created it, and to administrators', async () => {
  await grant({ operations: ['subscribe'], types: ['Lamp'] });
  const { location } = await subscribe({ entities: [{ type: 'Lamp' }] });
  const { body } = await send('POST /access/keys', administrator, { name: 'other', roles: ['app'] });
  const other = (body as { key: string }).key;
  const requests = ['GET ', 'DELETE ', 'PATCH '].map((method) => `${method}${location}`);
  for (const request of [...requests, `GET ${location}/deadLetters`, `GET ${location}/explain`])
    expect((await send(request, other, request.startsWith('PATCH') ? { description: 'x' } : undefined)).status).toBe(
      404,
    );
  expect((await send('GET /subscriptions', other)).body).toEqual([]);
  expect((await send('GET /subscriptions?count=true', app)).body).toHaveLength(1);
  expect((await send('GET /subscriptions', administrator)).body).toHaveLength(1);
  // What was made from whole entities cannot be limited to a part.
  expect((await send(`GET ${location}/explain?entity=urn:x:1`, app)).status).toBe(403);
  expect((await send(`DELETE ${location}`, app)).status).toBe(204);
});
