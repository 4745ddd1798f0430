/** Tests stored subscriptions on the stream of a broker with SQLite: they resume at their position, and have one consumer at a time. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { startBroker } from '../../../src/app/broker.ts';
import { readConfig } from '../../../src/app/config/read-config.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { subscriptionCollection } from '../../../src/core/port/subscriptions.ts';
import { startTestBroker, type TestBroker } from '../../scenario/scenario.ts';
import { type Client, createClient, createStarter, entitiesIn, type Frame } from './harness.ts';

let broker: TestBroker;
const sockets: WebSocket[] = [];
beforeAll(async () => {
  broker = await startTestBroker();
});
afterAll(async () => {
  for (const socket of sockets) socket.terminate();
  await broker.stop();
});

async function connect(url = broker.url): Promise<Client> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ngsi-ld/v1/stream`, 'ngsi-ld-ws.v1');
  sockets.push(socket);
  const client = createClient(socket);
  await client.opened;
  return client;
}

async function send(request: string, body?: Json, url = broker.url): Promise<Json> {
  const [method = '', path = ''] = request.split(' ');
  const answer = await fetch(`${url}/ngsi-ld/v1${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text === '' ? null : (JSON.parse(text) as Json);
}

const idOf = (name: string): string => `urn:ngsi-ld:Subscription:${name}`;
const store = (name: string, members: { readonly [name: string]: Json } = {}): Promise<Json> =>
  send('POST /subscriptions', {
    id: idOf(name),
    type: 'Subscription',
    entities: [{ type: name }],
    notificationTrigger: ['entityCreated', 'attributeUpdated'],
    notification: { endpoint: { uri: 'ws:' } },
    ...members,
  });
const add = (name: string, n: number, url = broker.url): Promise<Json> =>
  send('POST /entities', { id: `urn:ngsi-ld:${name}:${n}`, type: name }, url);
const subscribe = (client: Client, name: string, more: object = {}): void =>
  client.send({ op: 'subscribe', id: name, subscriptionId: idOf(name), ...more });
const numbersIn = (frames: readonly Frame[]): readonly number[] =>
  entitiesIn(frames).map(({ id }) => Number(String(id).replace(/^.*:/, '')));

test('an endpoint "ws:" is stored and shown, and nothing is sent to it', async () => {
  await store('Shown');
  await add('Shown', 1);
  expect(await send(`GET /subscriptions/${idOf('Shown')}`)).toMatchObject({
    status: 'active',
    notification: { endpoint: { uri: 'ws:' } },
  });
  await expect(store('Elsewhere', { notification: { endpoint: { uri: 'ws://example.org' } } })).rejects.toThrow(
    /connects to nobody by WebSocket/,
  );
  const explained = await send(`GET /subscriptions/${idOf('Shown')}/explain?entity=urn:ngsi-ld:Shown:1`);
  expect(JSON.stringify(explained)).toContain('is in the log for whoever streams the subscription');
});

describe('a consumer', () => {
  test('begins where the subscription was made, and goes on behind what it acknowledged', async () => {
    await store('Kept');
    await add('Kept', 1);
    const first = await connect();
    subscribe(first, 'Kept');
    expect(await first.next({ op: 'subscribed' })).toMatchObject({ subscriptionId: idOf('Kept'), recovered: true });
    const { position } = await first.next({ op: 'notification' });
    await add('Kept', 2);
    await first.next({ op: 'notification' });
    first.send({ op: 'ack', id: 'Kept', position });
    expect(await first.next({ op: 'acked' })).toEqual({ op: 'acked', id: 'Kept', position });
    first.socket.terminate();
    await add('Kept', 3);
    const second = await connect();
    subscribe(second, 'Kept');
    expect(await second.next({ op: 'subscribed' })).toMatchObject({ position });
    await second.next({ op: 'notification' });
    await add('Kept', 4);
    await second.next({ op: 'notification' });
    expect(numbersIn(first.frames)).toEqual([1, 2]);
    expect(numbersIn(second.frames)).toEqual([2, 3, 4]);
    const reader = await connect();
    subscribe(reader, 'Kept', { after: second.frames.at(-1)?.['position'] });
    await reader.next({ op: 'subscribed' });
    expect(numbersIn(reader.frames)).toEqual([]);
  });

  test('takes the subscription over from the one before', async () => {
    await store('Taken');
    const [first, second] = [await connect(), await connect()];
    subscribe(first, 'Taken');
    await first.next({ op: 'subscribed' });
    subscribe(second, 'Taken');
    await second.next({ op: 'subscribed' });
    expect(await first.next({ op: 'unsubscribed' })).toEqual({ op: 'unsubscribed', id: 'Taken', reason: 'takenOver' });
    const { position } = second.frames.at(-1) as Frame;
    first.send({ op: 'ack', id: 'Taken', position });
    expect(await first.next({ op: 'error', id: 'Taken' })).toMatchObject({ problem: { status: 404 } });
    await add('Taken', 1);
    await second.next({ op: 'notification' });
    expect(numbersIn(first.frames)).toEqual([]);
    second.send({ op: 'unsubscribe', id: 'Taken' });
    await second.next({ op: 'unsubscribed' });
    subscribe(second, 'Taken');
    await second.next({ op: 'notification' });
  });

  test('is told when the subscription changes, pauses, or is deleted', async () => {
    await store('Followed');
    const client = await connect();
    const path = `/subscriptions/${idOf('Followed')}`;
    const ended = async (): Promise<unknown> => (await client.next({ op: 'unsubscribed' }))['reason'];
    subscribe(client, 'Followed');
    await client.next({ op: 'subscribed' });
    await send(`PATCH ${path}`, { entities: [{ type: 'Other' }] });
    expect(await ended()).toBe('changed');
    subscribe(client, 'Followed');
    await client.next({ op: 'subscribed' });
    await add('Followed', 1);
    await add('Other', 2);
    await client.next({ op: 'notification' });
    expect(numbersIn(client.frames)).toEqual([2]);
    await send(`PATCH ${path}`, { isActive: false });
    expect(await ended()).toBe('paused');
    subscribe(client, 'Followed');
    expect(await client.next({ op: 'error' })).toMatchObject({ problem: { status: 422 } });
    await send(`PATCH ${path}`, { isActive: true });
    subscribe(client, 'Followed');
    await client.next({ op: 'subscribed' });
    await send(`DELETE ${path}`);
    expect(await ended()).toBe('deleted');
    subscribe(client, 'Followed');
    expect(await client.next({ op: 'error' })).toMatchObject({ problem: { status: 404 } });
  });

  test('of a subscription that was made anew begins with it', async () => {
    await store('Again');
    const client = await connect();
    subscribe(client, 'Again');
    await add('Again', 1);
    const { position } = await client.next({ op: 'notification' });
    client.send({ op: 'ack', id: 'Again', position });
    await client.next({ op: 'acked' });
    await send(`DELETE /subscriptions/${idOf('Again')}`);
    await client.next({ op: 'unsubscribed' });
    await add('Again', 2);
    await store('Again');
    subscribe(client, 'Again');
    await client.next({ op: 'subscribed' });
    await add('Again', 3);
    await client.next({ op: 'notification' });
    expect(numbersIn(client.frames)).toEqual([1, 3]);
  });
});

test('an acknowledgement outlives the broker', async () => {
  const args = ['--port', '0', '--data', `${broker.folder}/own`, '--log-level', 'silent'];
  const before = await startBroker(readConfig({ args, env: {} }));
  await send(
    'POST /subscriptions',
    {
      id: idOf('Lasting'),
      type: 'Subscription',
      entities: [{ type: 'Lasting' }],
      notificationTrigger: ['entityCreated'],
      notification: { endpoint: { uri: 'ws:lasting' } },
    },
    before.url,
  );
  const first = await connect(before.url);
  subscribe(first, 'Lasting');
  await add('Lasting', 1, before.url);
  await add('Lasting', 2, before.url);
  const { position } = await first.next({ op: 'notification' });
  first.send({ op: 'ack', id: 'Lasting', position });
  const acked = await first.next({ op: 'acked' });
  await before.stop();
  const after = await startBroker(readConfig({ args, env: {} }));
  try {
    const second = await connect(after.url);
    subscribe(second, 'Lasting');
    expect(await second.next({ op: 'subscribed' })).toMatchObject({ position: acked['position'], recovered: true });
    await add('Lasting', 3, after.url);
    while (!numbersIn(second.frames).includes(3)) await second.next({ op: 'notification' });
    const firstCount = numbersIn(first.frames.filter((frame) => frame['position'] === position)).length;
    expect(numbersIn(second.frames)).toEqual([1, 2, 3].slice(firstCount));
  } finally {
    await after.stop();
  }
});

const start = createStarter();
test('what changes while a subscription is being opened ends it all the same', async () => {
  const { connect, services } = await start();
  let change = (): void => undefined;
  services.subscriptions.watch = (_tenant, _id, listener) => {
    change = listener;
    return () => undefined;
  };
  const client = await connect();
  const subscription = { type: 'Subscription', entities: [{ type: '*' }], notification: { endpoint: { uri: 'ws:' } } };
  const body = { id: idOf('Early'), ...subscription };
  client.send({ op: 'request', id: 'c', operation: 'createSubscription', body });
  await client.next({ op: 'response' });
  const { resolve } = services.contexts;
  const collection = (await services.stores.open('', false))?.collection(subscriptionCollection);
  services.contexts.resolve = async (context, tenant) => {
    const kept = await collection?.get(body.id);
    await collection?.put(body.id, { ...(kept as JsonObject), modifiedAt: '2026-03-01T00:00:00.000Z' });
    change();
    return resolve(context, tenant);
  };
  subscribe(client, 'Early');
  await client.next({ op: 'subscribed' });
  expect(await client.next({ op: 'unsubscribed' })).toMatchObject({ reason: 'changed' });
});

describe('there is an error for', () => {
  test.each<readonly [string, object, RegExp]>([
    ['a subscription that is not there', { subscriptionId: idOf('Nobody') }, /no subscription urn/],
    ['an id that is none', { subscriptionId: 'nobody' }, /URI/],
    [
      'a subscription and one that is stored',
      { subscriptionId: idOf('Nobody'), subscription: {} },
      /or the subscriptionId/,
    ],
    ['neither', {}, /or the subscriptionId/],
    ['a @context of its own', { subscriptionId: idOf('Nobody'), '@context': [] }, /its own @context/],
    ['one by the clock', { subscriptionId: idOf('Timed') }, /timeInterval cannot be streamed/],
    ['one with throttling', { subscriptionId: idOf('Throttled') }, /throttling cannot be streamed/],
  ])('%s', async (_, members, detail) => {
    await store('Timed', { timeInterval: 60, notificationTrigger: undefined } as never).catch(() => undefined);
    await store('Throttled', { throttling: 5 }).catch(() => undefined);
    const client = await connect();
    client.send({ op: 'subscribe', id: 's', ...members });
    const { problem } = await client.next({ op: 'error', id: 's' });
    expect(problem).toMatchObject({ detail: expect.stringMatching(detail) as unknown });
  });

  test('an acknowledgement of what is not stored, was not sent, or is no position', async () => {
    await store('Acked');
    const client = await connect();
    const refused = async (frame: object): Promise<unknown> => {
      client.send({ op: 'ack', id: 's', ...frame });
      const { problem } = await client.next({ op: 'error' });
      return (problem as { detail: string }).detail;
    };
    expect(await refused({ position: 'x' })).toMatch(/no subscription "s" on/);
    client.send({ op: 'subscribe', id: 's', subscription: { type: 'Subscription', entities: [{ type: '*' }] } });
    const { position } = await client.next({ op: 'subscribed' });
    expect(await refused({ position })).toMatch(/is not stored/);
    client.send({ op: 'subscribe', id: 't', subscriptionId: idOf('Acked') });
    await client.next({ op: 'subscribed', id: 't' });
    expect(await refused({ id: 't', position: 'x' })).toMatch(/was not sent/);
    expect(await refused({ id: 't', position: `${String(position)}0` })).toMatch(/was not sent/);
    expect(await refused({ id: 't' })).toMatch(/must be a position/);
  });
});
