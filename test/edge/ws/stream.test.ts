/** Tests the WebSocket stream: the handshake, subscriptions, invalid frames, requests, and the lifetime of a connection. */
import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage, request } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import {
  apply,
  boat,
  boatContext,
  change,
  createStarter,
  entitiesIn,
  everything,
  type Harness,
  idOf,
  policyOf,
  put,
  remove,
  storeOf,
  until,
} from './harness.ts';

const start = createStarter();

const problem = (type: string, status: number, detail: RegExp): object =>
  expect.objectContaining({
    type: `https://uri.etsi.org/ngsi-ld/errors/${type}`,
    status,
    detail: expect.stringMatching(detail) as unknown,
  });

async function refused(
  asked: ClientRequest,
): Promise<{ status: number; body: Json; headers: IncomingMessage['headers'] }> {
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of response) text += String(piece);
  return { status: response.statusCode ?? 0, body: JSON.parse(text) as Json, headers: response.headers };
}

describe('the handshake', () => {
  const upgrade = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const ask = ({ port }: Harness, path: string, headers: Record<string, string>) =>
    refused(request({ port, path, headers: { ...upgrade, ...headers } }));
  const protocol = { 'Sec-WebSocket-Protocol': 'ngsi-ld-ws.v1' };

  test('needs the subprotocol', async () => {
    const harness = await start();
    const { status, body, headers } = await ask(harness, '/ngsi-ld/v1/stream', {});
    expect({ status, body }).toEqual({ status: 426, body: problem('InvalidRequest', 426, /ngsi-ld-ws\.v1/) });
    expect(headers).toMatchObject({
      upgrade: 'websocket',
      'sec-websocket-protocol': 'ngsi-ld-ws.v1',
      'content-type': 'application/json',
    });
    expect((await ask(harness, '/ngsi-ld/v1/stream', { 'Sec-WebSocket-Protocol': 'mqtt' })).status).toBe(426);
  });

  test('needs the path', async () => {
    const harness = await start();
    expect(await ask(harness, '/elsewhere', protocol)).toMatchObject({
      status: 404,
      body: problem('ResourceNotFound', 404, /\/ngsi-ld\/v1\/stream/),
    });
    expect((await ask(harness, '//', protocol)).status).toBe(404);
  });

  test('keeps web pages from elsewhere out', async () => {
    const harness = await start({ allowedOrigins: ['https://city.example'] });
    const from = (Origin: string) => ask(harness, '/ngsi-ld/v1/stream', { ...protocol, Origin });
    expect(await from('https://evil.example')).toMatchObject({
      status: 403,
      body: problem('Forbidden', 403, /evil\.example/),
    });
    expect((await from('null')).status).toBe(403);
    for (const origin of ['https://city.example', `http://127.0.0.1:${harness.port}`]) {
      const client = await harness.connect({ origin });
      expect(await client.next({ op: 'hello' })).toBeDefined();
    }
  });

  test('ends where there are too many connections', async () => {
    const harness = await start({ limits: { connectionsMax: 1 } });
    const first = await harness.connect();
    expect(await ask(harness, '/ngsi-ld/v1/stream', protocol)).toMatchObject({
      status: 503,
      body: problem('Unavailable', 503, /too many/),
    });
    first.socket.close();
    await until(() => harness.stream.connections() === 0);
    expect((await harness.connect()).socket.readyState).toBe(WebSocket.OPEN);
  });

  test('says who may come in', async () => {
    const harness = await start({
      access: policyOf(),
      authenticate: ({ headers }) => {
        if (headers['authorization'] !== 'Bearer ana') throw new Error('not for clients');
        return { kind: 'key', subject: 'key:ana', roles: [] };
      },
    });
    expect(await ask(harness, '/ngsi-ld/v1/stream', protocol)).toMatchObject({
      status: 500,
      body: problem('InternalError', 500, /log/),
    });
    const client = await harness.connect({ headers: { Authorization: 'Bearer ana' } });
    client.send({ op: 'subscribe', id: 'c', subscription: everything });
    expect(await client.next({ op: 'error' })).toEqual({
      op: 'error',
      id: 'c',
      problem: problem('Forbidden', 403, /ana has no grant/),
    });
  });

  test('is greeted with what the broker can do', async () => {
    const client = await (await start()).connect();
    expect(client.socket.protocol).toBe('ngsi-ld-ws.v1');
    expect(await client.next({})).toEqual({
      op: 'hello',
      version: '1',
      epoch: expect.stringMatching(/^[a-z0-9]+$/) as unknown,
      limits: { subscriptionsMax: 10, bufferBytes: 2 ** 22, frameBytesMax: 2 ** 20, depthMax: 16 },
      pingIntervalMs: 30_000,
    });
  });

  test('a plain GET to the server is not the business of the stream', async () => {
    const harness = await start();
    const asked = get({ port: harness.port, path: '/ngsi-ld/v1/stream' });
    asked.on('error', () => undefined);
    expect(harness.stream.connections()).toBe(0);
    asked.destroy();
  });
});

describe('a subscription', () => {
  test('is told of changes in the standard form, with positions', async () => {
    const { connect, store, services } = await start();
    const client = await connect();
    client.send({ op: 'subscribe', id: 'c1', subscription: { ...everything, id: 'urn:ngsi-ld:Subscription:boats' } });
    const { position, ...subscribed } = await client.next({ op: 'subscribed' });
    expect(subscribed).toEqual({
      op: 'subscribed',
      id: 'c1',
      subscriptionId: 'urn:ngsi-ld:Subscription:boats',
      recovered: true,
    });
    await apply(store, services, put(boat(1, 1)));
    const first = await client.next({ op: 'notification' });
    const epoch = String(position).split('.')[0] ?? '';
    expect(first).toEqual({
      op: 'notification',
      id: 'c1',
      position: `${epoch}.1`,
      notification: {
        id: `urn:ngsi-ld:Notification:boats:${epoch}.1`,
        type: 'Notification',
        subscriptionId: 'urn:ngsi-ld:Subscription:boats',
        notifiedAt: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
        data: [boat(1, 1)],
      },
    });
    await apply(store, services, remove(idOf(1)));
    expect(entitiesIn([await client.next({ op: 'notification' })])).toEqual([
      { id: idOf(1), type: 'Boat', deletedAt: expect.any(String) as unknown },
    ]);
  });

  test('has the names of its @context, in the subscription or beside it', async () => {
    const { connect, store, services } = await start();
    const client = await connect();
    const subscription = { type: 'Subscription', entities: [{ type: 'Boat' }], q: 'draft>1' };
    client.send({ op: 'subscribe', id: 'inside', subscription: { ...subscription, '@context': boatContext } });
    client.send({ op: 'subscribe', id: 'beside', subscription, '@context': 'https://boats.example/c.jsonld' });
    client.send({
      op: 'subscribe',
      id: 'told',
      subscription: {
        ...subscription,
        '@context': boatContext,
        jsonldContext: 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld',
      },
    });
    client.send({ op: 'subscribe', id: 'core', subscription });
    await client.next({ op: 'subscribed', id: 'core' });
    await apply(store, services, put({ id: idOf(1), type: boatContext.Boat, [boatContext.draft]: 2 }));
    const short = { id: idOf(1), type: 'Boat', draft: { type: 'Property', value: 2 } };
    const long = { id: idOf(1), type: boatContext.Boat, [boatContext.draft]: { type: 'Property', value: 2 } };
    await until(() => entitiesIn(client.frames).length === 3);
    const got = Object.fromEntries(
      client.frames.flatMap((frame): [string, unknown][] =>
        frame.op === 'notification' ? [[String(frame['id']), entitiesIn([frame])[0]]] : [],
      ),
    );
    expect(got).toEqual({ inside: short, beside: short, told: long });
  });

  test('ends when asked, when it expires, and with the connection', async () => {
    const { connect, store, services, stream } = await start({ limits: { pingIntervalMs: 40 } });
    const client = await connect();
    client.send({ op: 'subscribe', id: 'asked', subscription: everything });
    client.send({ op: 'unsubscribe', id: 'asked' });
    expect(await client.next({ op: 'unsubscribed' })).toEqual({ op: 'unsubscribed', id: 'asked' });
    client.send({ op: 'unsubscribe', id: 'asked' });
    expect(await client.next({ op: 'error' })).toEqual({
      op: 'error',
      id: 'asked',
      problem: problem('ResourceNotFound', 404, /"asked"/),
    });
    const expiresAt = new Date(Date.now() + 100).toISOString();
    client.send({ op: 'subscribe', id: 'brief', subscription: { ...everything, expiresAt } });
    expect(await client.next({ op: 'unsubscribed' })).toEqual({ op: 'unsubscribed', id: 'brief', reason: 'expired' });
    client.send({ op: 'subscribe', id: 'brief', subscription: everything });
    await client.next({ op: 'subscribed', id: 'brief' });
    await apply(store, services, put(boat(1, 1)));
    await client.next({ op: 'notification' });
    expect(entitiesIn(client.frames)).toHaveLength(1);
    client.socket.close();
    await until(() => stream.connections() === 0);
  });

  test('many on one connection, up to a bound, each name once', async () => {
    const { connect, store, services } = await start({ limits: { subscriptionsMax: 2 } });
    const client = await connect();
    for (const id of ['a', 'a', 'b', 'c']) client.send({ op: 'subscribe', id, subscription: everything });
    expect(await client.next({ op: 'error' })).toEqual({
      op: 'error',
      id: 'a',
      problem: problem('AlreadyExists', 409, /"a"/),
    });
    expect(await client.next({ op: 'error' })).toEqual({
      op: 'error',
      id: 'c',
      problem: problem('Unavailable', 503, /2 subscriptions/),
    });
    await apply(store, services, put(boat(1, 1)));
    await client.next({ op: 'notification', id: 'a' });
    await until(() => entitiesIn(client.frames).length === 2);
  });

  test('of a tenant: by header or by query, and none is made by it', async () => {
    const { connect, services } = await start();
    await apply(await storeOf(services.stores, 'kranj'), services, put(boat('k', 1)));
    for (const options of [
      { headers: { 'NGSILD-Tenant': 'kranj' } },
      { headers: { 'Fiware-Service': 'kranj' } },
      { query: '?tenant=kranj' },
    ]) {
      const client = await connect(options);
      client.send({ op: 'subscribe', id: 's', subscription: everything, snapshot: true });
      await client.next({ op: 'snapshot' });
      expect(entitiesIn(client.frames)).toEqual([boat('k', 1)]);
    }
    const lost = await connect({ query: '?tenant=nowhere' });
    expect(await lost.next({ op: 'hello' })).not.toHaveProperty('epoch');
    lost.send({ op: 'subscribe', id: 's', subscription: everything });
    expect(await lost.next({ op: 'error' })).toEqual({
      op: 'error',
      id: 's',
      problem: problem('NonexistentTenant', 404, /"nowhere"/),
    });
    expect(await services.stores.tenants()).not.toContain('nowhere');
  });

  test('shows what the principal may see, and matches on nothing else', async () => {
    const type = 'https://uri.etsi.org/ngsi-ld/default-context/Boat';
    const attr = (name: string): string => `https://uri.etsi.org/ngsi-ld/default-context/${name}`;
    const { connect, store, services } = await start({
      access: policyOf({ operations: ['subscribe'], types: [type], attrs: [attr('n')] }),
    });
    const client = await connect();
    const secret = { secret: { type: 'Property', value: 7 } };
    await apply(store, services, put(boat(1, 1, secret)), put({ id: 'urn:x:1', type: 'Car' }));
    client.send({ op: 'subscribe', id: 'all', subscription: everything, snapshot: true });
    client.send({ op: 'subscribe', id: 'nosy', subscription: { ...everything, q: 'secret==7' }, snapshot: true });
    await client.next({ op: 'snapshot', id: 'nosy' });
    await apply(
      store,
      services,
      change(idOf(1), { secret: 8 }),
      change(idOf(1), { n: 2 }),
      put({ id: 'urn:x:2', type: 'Car' }),
      remove(idOf(1)),
    );
    await until(() => entitiesIn(client.frames).some(({ deletedAt }) => deletedAt !== undefined));
    expect(new Set(client.frames.flatMap(({ op, id }) => (op === 'notification' ? [id] : [])))).toEqual(
      new Set(['all']),
    );
    expect(entitiesIn(client.frames)).toEqual([
      boat(1, 1),
      boat(1, 2),
      { id: idOf(1), type: 'Boat', deletedAt: expect.any(String) as unknown },
    ]);
  });
});

describe('frames that cannot be understood', () => {
  const deep = `{"op":"ping","id":${'['.repeat(20)}${']'.repeat(20)}}`;
  test.each<[string, string | object, string | undefined, RegExp]>([
    ['no JSON', '{"op"', undefined, /not JSON/],
    ['an array', '[]', undefined, /must be a JSON object, not \[\]/],
    ['a number', '7', undefined, /must be a JSON object, not 7/],
    ['too deep', deep, undefined, /more than 16 levels/],
    ['brackets in strings are not deep', { op: 'x', id: '['.repeat(40) }, '['.repeat(40), /The op of a frame/],
    ['no op', { id: 'a' }, 'a', /op of a frame may be subscribe, unsubscribe, ack, request, ping, not null/],
    ['an unknown op', { op: 'listen', id: 'a' }, 'a', /not "listen"/],
    ['an op of another type', { op: 5 }, undefined, /not 5/],
    ['the name of a member of every object', { op: 'constructor' }, undefined, /not "constructor"/],
    ['no id', { op: 'subscribe', subscription: {} }, undefined, /needs an id/],
    ['an id too long', { op: 'unsubscribe', id: 'x'.repeat(257) }, undefined, /needs an id/],
    [
      'an unknown member',
      { op: 'subscribe', id: 'a', subscription: {}, durable: true },
      'a',
      /no member "durable" in a frame of op subscribe/,
    ],
    ['no subscription', { op: 'subscribe', id: 'a' }, 'a', /needs a subscription/],
    ['after and tail', { op: 'subscribe', id: 'a', subscription: {}, after: 'x', tail: 1 }, 'a', /only one/],
    ['snapshot and after', { op: 'subscribe', id: 'a', subscription: {}, after: 'x', snapshot: true }, 'a', /only one/],
    [
      'after of another type',
      { op: 'subscribe', id: 'a', subscription: {}, after: 5 },
      'a',
      /The after must be a position/,
    ],
    [
      'a negative tail',
      { op: 'subscribe', id: 'a', subscription: {}, tail: -1 },
      'a',
      /The tail must be a whole number/,
    ],
    ['half a tail', { op: 'subscribe', id: 'a', subscription: {}, tail: 0.5 }, 'a', /The tail must be a whole number/],
    [
      'snapshot of another type',
      { op: 'subscribe', id: 'a', subscription: {}, snapshot: 'yes' },
      'a',
      /The snapshot must be/,
    ],
    ['another overflow', { op: 'subscribe', id: 'a', subscription: {}, overflow: 'drop' }, 'a', /The overflow may be/],
    ['no operation', { op: 'request', id: 'a' }, 'a', /needs the name of an operation/],
    [
      'params that are none',
      { op: 'request', id: 'a', operation: 'queryEntities', params: [] },
      'a',
      /params must be an object/,
    ],
  ])('%s', async (_, frame, id, detail) => {
    const client = await (await start()).connect();
    client.send(frame);
    expect(await client.next({ op: 'error' })).toEqual({
      op: 'error',
      ...(id === undefined ? undefined : { id }),
      problem: problem('InvalidRequest', 400, detail),
    });
    client.send({ op: 'ping' });
    expect(await client.next({ op: 'pong' })).toEqual({ op: 'pong' });
  });

  test.each<[string, Json, number]>([
    ['no subscription at all', 5, 400],
    ['neither entities nor attributes', { type: 'Subscription' }, 400],
    ['an @context that cannot be had', { ...everything, '@context': 'https://nowhere.example/c.jsonld' }, 500],
    ['a member that is not supported', { ...everything, throttling: 5 }, 422],
  ])('a subscription with %s', async (_, subscription, status) => {
    const client = await (await start()).connect();
    client.send({ op: 'subscribe', id: 'a', subscription });
    expect(await client.next({ op: 'error' })).toMatchObject({ id: 'a', problem: { status } });
  });

  test('binary frames get an error, frames that are too large end the connection', async () => {
    const harness = await start({ limits: { frameBytesMax: 1000 } });
    const client = await harness.connect();
    client.socket.send(Buffer.from('{"op":"ping"}'));
    expect(await client.next({ op: 'error' })).toEqual({
      op: 'error',
      problem: problem('InvalidRequest', 400, /text, not binary/),
    });
    client.send({ op: 'ping', id: 'x'.repeat(2000) });
    expect(await client.closed).toBe(1009);
    expect(harness.observed).toContainEqual({ kind: 'streamDropped', reason: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' });
  });

  test('one after the other end the connection', async () => {
    const client = await (await start()).connect();
    await client.next({ op: 'hello' });
    for (let count = 0; count < 100; count += 1) client.send('?');
    expect(await client.closed).toBe(4100);
    expect(client.frames.filter(({ op }) => op === 'error').length).toBeGreaterThan(90);
  });
});

describe('a request', () => {
  const ask = async (
    client: Awaited<ReturnType<Harness['connect']>>,
    operation: string,
    more: object = {},
  ): Promise<JsonObject> => {
    client.send({ op: 'request', id: operation, operation, ...more });
    return client.next({ id: operation });
  };

  test('merges as a PATCH does: what a fragment does not speak of stays', async () => {
    const client = await (await start()).connect({ query: '?tenant=merging' });
    const [id, r] = [idOf(1), { type: 'Relationship', object: 'urn:b:1' }];
    await ask(client, 'createEntity', { body: { id, type: 'Boat', r } });
    const merged = await ask(client, 'mergeEntity', { params: { id }, body: { r: { since: 2020 } } });
    expect(merged).toMatchObject({ op: 'response', status: 204 });
    expect(await ask(client, 'retrieveEntity', { params: { id } })).toMatchObject({
      body: { r: { ...r, since: { type: 'Property', value: 2020 } } },
    });
  });

  test('carries out operations, each answered under its id', async () => {
    const client = await (await start()).connect({ query: '?tenant=fresh' });
    const created = { op: 'response', id: 'createEntity', status: 201, location: `/ngsi-ld/v1/entities/${idOf(1)}` };
    expect(await ask(client, 'createEntity', { body: boat(1, 1) })).toEqual(created);
    expect(await ask(client, 'createEntity', { body: boat(1, 1) })).toEqual({
      op: 'error',
      id: 'createEntity',
      problem: problem('AlreadyExists', 409, /Boat:1/),
    });
    expect(await ask(client, 'upsertBatch', { body: [boat(2, 2), boat(3, 3)] })).toEqual({
      op: 'response',
      id: 'upsertBatch',
      status: 201,
      body: [idOf(2), idOf(3)],
    });
    const found = await ask(client, 'queryEntities', {
      params: { type: 'Boat', limit: 2, count: true, pick: ['id', 'n'], format: 'simplified' },
    });
    expect(found).toEqual({
      op: 'response',
      id: 'queryEntities',
      status: 200,
      position: expect.stringMatching(/^[a-z0-9]+\.3$/) as unknown,
      count: 3,
      hasMore: true,
      body: [
        { id: idOf(1), n: 1 },
        { id: idOf(2), n: 2 },
      ],
    });
    expect(await ask(client, 'retrieveEntity', { params: { id: idOf(3) } })).toEqual({
      op: 'response',
      id: 'retrieveEntity',
      status: 200,
      body: boat(3, 3),
    });
    expect(await ask(client, 'deleteAttribute', { params: { id: idOf(3), attr: 'n' } })).toEqual({
      op: 'response',
      id: 'deleteAttribute',
      status: 204,
    });
    const partly = await ask(client, 'deleteBatch', { body: [idOf(3), idOf(4)] });
    expect(partly).toMatchObject({ status: 207, body: { success: [idOf(3)] } });
  });

  test('has its names from the @context of the frame, the body or its elements', async () => {
    const { connect, services } = await start();
    const client = await connect();
    await ask(client, 'createEntity', { body: { id: idOf(1), type: 'Boat', draft: 1, '@context': boatContext } });
    await ask(client, 'createEntity', {
      body: { id: idOf(2), type: 'Boat', draft: 1 },
      '@context': 'https://boats.example/c.jsonld',
    });
    await ask(client, 'createBatch', { body: [{ id: idOf(3), type: 'Boat', draft: 1, '@context': boatContext }] });
    expect((await services.stores.open('', false).then((store) => store?.summary()))?.types).toMatchObject([
      { type: boatContext.Boat, entities: 3 },
    ]);
    expect(await ask(client, 'queryEntities', { params: { type: 'Boat' }, '@context': boatContext })).toHaveProperty(
      'body.2.draft',
    );
  });

  test.each<[string, object, string, number, RegExp]>([
    ['an unknown operation', { operation: 'sing' }, 'ResourceNotFound', 404, /no operation "sing"/],
    [
      'a parameter too many',
      { operation: 'queryEntities', params: { type: 'Boat', colour: 'red' } },
      'InvalidRequest',
      400,
      /no parameter "colour"/,
    ],
    ['a part of the path too few', { operation: 'retrieveEntity' }, 'InvalidRequest', 400, /needs the parameter id/],
    [
      'a body too many',
      { operation: 'queryEntities', params: { type: 'Boat' }, body: {} },
      'InvalidRequest',
      400,
      /takes no body/,
    ],
    ['no body', { operation: 'createEntity' }, 'InvalidRequest', 400, /needs a body/],
    ['no body to clone', { operation: 'cloneSnapshot', params: { id: 'a:b' } }, 'NonexistentTenant', 404, /"nowhere"/],
    ['a body that is no array', { operation: 'upsertBatch', body: {} }, 'InvalidRequest', 400, /needs an array/],
    ['a body that is no object', { operation: 'createEntity', body: [] }, 'InvalidRequest', 400, /JSON object/],
    [
      'two contexts',
      { operation: 'upsertBatch', body: [{ '@context': {} }], '@context': {} },
      'BadRequestData',
      400,
      /not in both/,
    ],
    [
      'a tenant that is not there',
      { operation: 'queryEntities', params: { type: 'Boat' } },
      'NonexistentTenant',
      404,
      /"nowhere"/,
    ],
    [
      'a parameter that is an object',
      { operation: 'queryEntities', params: { type: {} } },
      'BadRequestData',
      400,
      /parameter type/,
    ],
  ])('with %s is refused', async (_, frame, type, status, detail) => {
    const client = await (await start()).connect({ query: '?tenant=nowhere' });
    client.send({ op: 'request', id: 'r', ...frame });
    expect(await client.next({ id: 'r' })).toEqual({ op: 'error', id: 'r', problem: problem(type, status, detail) });
  });

  test('for a long history is answered in parts', async () => {
    const client = await (await start()).connect();
    const times = ['2026-03-01T08:00:00Z', '2026-03-01T09:00:00Z'];
    const n = times.map((observedAt, value) =>
      Array.from({ length: 110 }, (_, dataset) => ({ value, observedAt, datasetId: `urn:x:${dataset}` })),
    );
    const body = { id: idOf(1), type: 'Boat', n: n.flat() };
    expect(await ask(client, 'upsertTemporal', { body })).toMatchObject({ status: 201 });
    const [earlier, later] = times;
    const params = { type: 'Boat', attrs: 'n', timerel: 'before', timeAt: later, options: 'temporalValues' };
    expect(await ask(client, 'queryTemporal', { params })).toMatchObject({ status: 200 });
    const all = { ...params, timeAt: '2030-01-01T00:00:00Z' };
    const first = await ask(client, 'queryTemporal', { params: { ...all, lastN: 5 } });
    expect(first).toMatchObject({ status: 206, partAfter: later });
    const rest = await ask(client, 'queryTemporal', { params: { ...all, lastN: 5, partAfter: later } });
    expect(rest).toMatchObject({ status: 200 });
    expect(rest).not.toHaveProperty('partAfter');
    expect(JSON.stringify(rest['body']).split(String(earlier))).toHaveLength(111);
  });

  test('many at a time are all answered', async () => {
    const { connect, observed } = await start();
    const client = await connect();
    for (let n = 0; n < 200; n += 1)
      client.send({ op: 'request', id: `r${n}`, operation: 'createEntity', body: boat(n, n) });
    await until(() => client.frames.length === 201);
    expect(new Set(client.frames.flatMap(({ id, status }) => (status === 201 ? [id] : []))).size).toBe(200);
    expect(observed.filter(({ kind }) => kind === 'answered')).toHaveLength(200);
  });
});

describe('the life of a connection', () => {
  test('ends when the peer gives no sign of it, and only then', async () => {
    const { connect, stream } = await start({ limits: { pingIntervalMs: 60 } });
    const mute = await connect({ autoPong: false });
    const alive = await connect();
    let pings = 0;
    alive.socket.on('ping', () => (pings += 1));
    expect(await mute.closed).toBe(1006);
    await until(() => pings > 3);
    expect(stream.connections()).toBe(1);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  });

  test('a quiet subscription is told how far it is', async () => {
    const { connect, store, services } = await start({ limits: { pingIntervalMs: 40 } });
    const client = await connect();
    client.send({ op: 'subscribe', id: 'quiet', subscription: { type: 'Subscription', entities: [{ type: 'Car' }] } });
    const { position } = await client.next({ op: 'subscribed' });
    await apply(store, services, put(boat(1, 1)), put(boat(2, 2)));
    expect(await client.next({ op: 'position' })).toEqual({
      op: 'position',
      id: 'quiet',
      position: String(position).replace(/\.0$/, '.2'),
    });
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(client.frames.filter(({ op }) => op === 'position')).toHaveLength(1);
  });

  test('ends with a request to come back when the broker stops', async () => {
    const harness = await start();
    const client = await harness.connect();
    await harness.stream.close();
    expect(await client.closed).toBe(4000);
    await expect(harness.connect()).rejects.toThrow('503');
    const kinds = harness.observed.map(({ kind }) => kind);
    expect(kinds).toEqual(['streamOpened', 'streamClosed']);
  });
});
