/**
 * Tests subscriptions with copies at context sources: with listening brokers that are sources of each other, and with servers that record what
 * they are asked.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type Broker, startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { listen, send, urlOf, useBrokers } from './context-sources.ts';
import { testedStores } from './scenario.ts';

let numbers = 0;
async function register(endpoint: string, members: object, at = 0): Promise<string> {
  const id = `urn:ngsi-ld:ContextSourceRegistration:s${(numbers += 1)}`;
  const body = { id, type: 'ContextSourceRegistration', endpoint, ...members };
  expect((await send(at, 'POST /csourceRegistrations', body)).status).toBe(201);
  return id;
}
const about = (type: string, more: object = {}): object => ({ information: [{ entities: [{ type }], ...more }] });

async function subscribe(type: string, uri: string, members: object = {}, notification: object = {}): Promise<string> {
  const id = `urn:ngsi-ld:Subscription:s${(numbers += 1)}`;
  const body = { id, type: 'Subscription', entities: [{ type }], ...members };
  const created = await send(0, 'POST /subscriptions', {
    ...body,
    notification: { endpoint: { uri }, ...notification },
  });
  expect(created).toMatchObject({ status: 201 });
  return id;
}

/** Waits until something is there. The test fails by its own time limit. */
async function until<Found>(find: () => Found | undefined | Promise<Found | undefined>): Promise<Found> {
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    await wait(5);
  }
}

interface Asked {
  readonly line: string;
  readonly body: { readonly [name: string]: unknown };
  readonly via: string | undefined;
}

interface Server {
  readonly url: string;
  readonly asked: Asked[];
  /** The next request with this line, without the part after `/subscriptions/`. */
  next(line: string): Promise<Asked>;
}

/** A server that answers with `status`, and records what it is asked. */
async function serve(status: (line: string) => number = () => 201): Promise<Server> {
  const asked: Asked[] = [];
  const seen = new Set<Asked>();
  const url = await listen((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const line = `${request.method} ${request.url}`;
      const via = request.headers['via'];
      asked.push({ line, body: text === '' ? {} : (JSON.parse(text) as Asked['body']), via });
      // 0: it never answers.
      if (status(line) > 0) response.writeHead(status(line)).end();
    });
  });
  const next = (line: string): Promise<Asked> =>
    until(() => {
      const found = asked.find((one) => !seen.has(one) && one.line.startsWith(line));
      if (found) seen.add(found);
      return found;
    });
  return { url, asked, next };
}

/** The subscriptions that broker `n` has, of this type of entities. */
async function copiesAt(n: number, type: string): Promise<readonly { readonly [name: string]: unknown }[]> {
  const { body } = await send(n, 'GET /subscriptions?limit=1000');
  return (body as readonly { entities?: readonly { type: string }[] }[]).filter(
    ({ entities }) => entities?.[0]?.type === type,
  );
}
const thereAt = (n: number, type: string): Promise<unknown> =>
  until(async () => ((await copiesAt(n, type)).length > 0 ? true : undefined));
const isEmpty = (body: unknown): boolean => Array.isArray(body) && body.length === 0;
const dataOf = ({ body }: Asked): unknown => (body['data'] as readonly unknown[])[0];

test('copies are made and deleted again when a source failed, also by a broker that started meanwhile', async () => {
  let status = 503;
  const source = await serve(() => status);
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-copies-'));
  const args = ['--port', '0', '--data', folder, '--log-level', 'silent', '--notify-allow-private'];
  const start = (): Promise<Broker> => startBroker(readConfig({ args, env: {} }));
  const first = await start();
  const ask = (url: string, method: string, path: string, body?: object): Promise<Response> =>
    fetch(`${url}/ngsi-ld/v1${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } } : {}),
    });
  await ask(first.url, 'POST', '/csourceRegistrations', {
    ...{ id: 'urn:r:1', type: 'ContextSourceRegistration', endpoint: source.url },
    ...about('Quay'),
  });
  await ask(first.url, 'POST', '/subscriptions', {
    ...{ id: 'urn:s:1', type: 'Subscription', entities: [{ type: 'Quay' }] },
    notification: { endpoint: { uri: 'http://receiver.example/n' } },
  });
  const { body } = await source.next('POST /ngsi-ld/v1/subscriptions');
  status = 409;
  // The source has it: the answer to the first attempt was lost. It is brought in step.
  expect((await source.next('POST /ngsi-ld/v1/subscriptions')).body['id']).toBe(body['id']);
  status = 0;
  await ask(first.url, 'DELETE', '/subscriptions/urn:s:1');
  await ask(first.url, 'DELETE', '/csourceRegistrations/urn:r:1');
  await source.next('DELETE /ngsi-ld/v1/subscriptions');
  await first.stop();
  status = 204;
  const second = await start();
  const { line } = await source.next('DELETE /ngsi-ld/v1/subscriptions');
  expect(line).toContain(encodeURIComponent(String(body['id'])));
  await second.stop();
  rmSync(folder, { recursive: true });
});

describe.each(testedStores)('subscriptions over context sources (%s)', (store) => {
  useBrokers(store, 'hub');

  test('send each source a copy of what it has registered, in step with the subscription and the registration', async () => {
    const source = await serve();
    const more = {
      contextSourceInfo: [{ key: 'X-Key', value: 'k' }],
      operations: ['createSubscription', 'updateSubscription', 'deleteSubscription'],
    };
    const receiver = 'http://receiver.example/notify';
    const id = await subscribe('Buoy', receiver, { q: 'depth>5', watchedAttributes: ['depth', 'name'], throttling: 1 });
    const registration = await register(source.url, { ...about('Buoy', { propertyNames: ['depth'] }), ...more });
    const created = await source.next('POST /ngsi-ld/v1/subscriptions');
    expect(created.body).toEqual({
      id: expect.stringMatching(/^urn:ngsi-ld:Subscription:distsub:[0-9a-f-]{36}$/),
      type: 'Subscription',
      entities: [{ type: 'Buoy' }],
      watchedAttributes: ['depth'],
      throttling: 1,
      q: 'depth>5',
      notification: {
        attributes: ['depth'],
        sysAttrs: true,
        endpoint: { uri: expect.stringContaining('/ngsi-ld/ex/remote-notify/'), accept: 'application/json' },
      },
    });
    expect(created.via).toContain('hub0');
    expect((await send(0, 'GET /csourceSubscriptions')).body).toMatchObject([{ entities: [{ type: 'Buoy' }] }]);
    expect((await send(0, `PATCH /subscriptions/${id}`, { q: 'depth>6', throttling: null })).status).toBe(204);
    const path = `/ngsi-ld/v1/subscriptions/${encodeURIComponent(String(created.body['id']))}`;
    expect((await source.next(`PATCH ${path}`)).body).toMatchObject({ q: 'depth>6', throttling: 'urn:ngsi-ld:null' });
    expect((await send(0, `PATCH /subscriptions/${id}`, { isActive: false })).status).toBe(204);
    await source.next(`DELETE ${path}`);
    expect((await send(0, `PATCH /subscriptions/${id}`, { isActive: true })).status).toBe(204);
    const again = await source.next('POST /ngsi-ld/v1/subscriptions');
    expect(again.body['id']).not.toBe(created.body['id']);
    expect((await send(0, `DELETE /csourceRegistrations/${registration}`)).status).toBe(204);
    await source.next(`DELETE /ngsi-ld/v1/subscriptions/${encodeURIComponent(String(again.body['id']))}`);
    expect((await send(0, `DELETE /subscriptions/${id}`)).status).toBe(204);
    await until(async () => (isEmpty((await send(0, 'GET /csourceSubscriptions')).body) ? true : undefined));
  });

  test('send on what sources notify, as the subscription shows it', async () => {
    const receiver = await serve(() => 200);
    await register(urlOf(1), about('Gate', { propertyNames: ['width', 'colour'] }));
    const triggers = { notificationTrigger: ['entityUpdated', 'entityDeleted'] };
    const id = await subscribe('Gate', `${receiver.url}/n`, triggers, { format: 'concise', showChanges: true });
    await thereAt(1, 'Gate');
    const gate = { id: 'urn:gate:1', type: 'Gate', width: 5, colour: 'red', secret: 1 };
    expect((await send(1, 'POST /entities', gate)).status).toBe(201);
    const first = await receiver.next('POST /n');
    expect(first.body).toMatchObject({ type: 'Notification', subscriptionId: id });
    expect(dataOf(first)).toEqual({ id: 'urn:gate:1', type: 'Gate', width: 5, colour: 'red' });
    expect((await send(1, 'PATCH /entities/urn:gate:1/attrs', { width: 6 })).status).toBe(204);
    expect(dataOf(await receiver.next('POST /n'))).toEqual({
      ...{ id: 'urn:gate:1', type: 'Gate', colour: 'red' },
      width: { value: 6, previousValue: 5 },
    });
    expect((await send(1, 'DELETE /entities/urn:gate:1/attrs/colour')).status).toBe(204);
    expect(dataOf(await receiver.next('POST /n'))).toMatchObject({
      width: 6,
      colour: { value: 'urn:ngsi-ld:null', previousValue: 'red' },
    });
    expect((await send(1, 'DELETE /entities/urn:gate:1')).status).toBe(204);
    expect(dataOf(await receiver.next('POST /n'))).toMatchObject({ id: 'urn:gate:1', deletedAt: expect.any(String) });
    expect((await send(0, 'POST /entities', { ...gate, id: 'urn:gate:2' })).status).toBe(201);
    expect(dataOf(await receiver.next('POST /n'))).toMatchObject({ id: 'urn:gate:2', secret: 1 });
    await until(async () => {
      const { notification } = (await send(0, `GET /subscriptions/${id}`)).body as { notification: object };
      return 'lastSuccess' in notification && 'timesSent' in notification && notification.timesSent === 5
        ? true
        : undefined;
    });
    expect((await send(0, `DELETE /subscriptions/${id}`)).status).toBe(204);
    await until(async () => ((await copiesAt(1, 'Gate')).length === 0 ? true : undefined));
  });

  test('complete split entities from here and the other sources before they test conditions', async () => {
    const receiver = await serve(() => 200);
    await register(urlOf(1), about('Dock', { propertyNames: ['depth'] }));
    await register(urlOf(2), about('Dock', { propertyNames: ['name'] }));
    const members = { q: 'depth>5;name=="Koper";owner=="Luka"', splitEntities: true };
    await subscribe('Dock', `${receiver.url}/n`, members, { format: 'keyValues' });
    await Promise.all([thereAt(1, 'Dock'), thereAt(2, 'Dock')]);
    expect(await copiesAt(1, 'Dock')).toEqual([expect.not.objectContaining({ q: expect.anything() })]);
    const dock = { id: 'urn:dock:1', type: 'Dock' };
    expect((await send(0, 'POST /entities', { ...dock, owner: 'Luka' })).status).toBe(201);
    expect((await send(1, 'POST /entities', { ...dock, depth: 4 })).status).toBe(201);
    expect((await send(2, 'POST /entities', { ...dock, name: 'Koper' })).status).toBe(201);
    expect((await send(1, 'PATCH /entities/urn:dock:1/attrs', { depth: 9 })).status).toBe(204);
    expect(dataOf(await receiver.next('POST /n'))).toEqual({ ...dock, depth: 9, name: 'Koper', owner: 'Luka' });
  });

  test('come back to no broker that has them already', async () => {
    const receiver = await serve(() => 200);
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [2, 0],
    ] as const)
      await register(urlOf(to), about('Ring'), from);
    await subscribe('Ring', `${receiver.url}/n`, {}, { format: 'keyValues' });
    await thereAt(2, 'Ring');
    expect((await send(2, 'POST /entities', { id: 'urn:ring:2', type: 'Ring', size: 2 })).status).toBe(201);
    expect(dataOf(await receiver.next('POST /n'))).toEqual({ id: 'urn:ring:2', type: 'Ring', size: 2 });
    expect(await copiesAt(0, 'Ring')).toHaveLength(1);
    const body = {
      type: 'Subscription',
      entities: [{ type: 'Ring' }],
      notification: { endpoint: { uri: receiver.url } },
    };
    expect(await send(1, 'POST /subscriptions', body, { Via: '1.1 other, 1.1 hub1' })).toMatchObject({ status: 508 });
  });

  test('stay here with localOnly, and where the source does not offer it', async () => {
    const [one, other] = [await serve(), await serve()];
    await register(one.url, about('Pier'));
    await register(other.url, { ...about('Pier'), operations: ['retrieveOps'] });
    await subscribe('Pier', 'http://receiver.example/n', { localOnly: true });
    await subscribe('Pier', 'http://receiver.example/n', { description: 'the second' });
    await one.next('POST /ngsi-ld/v1/subscriptions');
    expect([one.asked.length, other.asked.length]).toEqual([1, 0]);
  });

  test('take notifications of known copies only, and refuse what cannot be read', async () => {
    const source = await serve();
    await register(source.url, about('Raft', { propertyNames: ['size'] }));
    const receiver = await serve(() => 200);
    const id = await subscribe('Raft', `${receiver.url}/n`, {}, { format: 'keyValues' });
    const { body } = await source.next('POST /ngsi-ld/v1/subscriptions');
    const uri = (body['notification'] as { endpoint: { uri: string } }).endpoint.uri;
    const post = async (to: string, content: unknown): Promise<number> => {
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      return (await fetch(to, { method: 'POST', body: text, headers: { 'Content-Type': 'application/json' } })).status;
    };
    const raft = { id: 'urn:raft:1', type: 'Raft', size: { type: 'Property', value: 3 } };
    const known = { type: 'Notification', subscriptionId: body['id'] };
    expect(await post(`${uri}x`, { ...known, data: [raft] })).toBe(404);
    const bare = `${urlOf(0)}/ngsi-ld/ex/remote-notify`;
    expect(await post(bare, { ...known, subscriptionId: id, data: [raft] })).toBe(404);
    expect(await post(bare, { type: 'Notification', data: [raft] })).toBe(404);
    expect(await post(uri, { ...known, subscriptionId: 'urn:ngsi-ld:Subscription:other', data: [raft] })).toBe(404);
    for (const faulty of [
      '{',
      [],
      { ...known, data: {} },
      { ...known, data: [raft, { id: 'no' }] },
      { ...known, data: [1] },
    ])
      expect(await post(uri, faulty)).toBe(400);
    expect(await post(uri, '['.repeat(5000))).toBe(400);
    const other = { ...raft, id: 'urn:other:1', type: 'Other' };
    expect(await post(uri, { ...known, data: [other, { ...raft, secret: { type: 'Property', value: 1 } }] })).toBe(200);
    expect(dataOf(await receiver.next('POST /n'))).toEqual({ id: 'urn:raft:1', type: 'Raft', size: 3 });
    expect(await post(bare, { ...known, data: [raft] })).toBe(200);
    await receiver.next('POST /n');
    expect(receiver.asked).toHaveLength(2);
  });
});
