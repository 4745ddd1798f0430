/** Tests snapshots: copies of entities and histories, their status, use, clones and ends, with listening brokers. */
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { listen, send as sendTo, urlOf, useBrokers } from './context-sources.ts';
import { coreContext, problem, scenarios, startTestBroker, type TestBroker, testedStores } from './scenario.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

let broker: TestBroker;
const names = { count: 0 };
const fresh = (kind: string): string => `urn:ngsi-ld:${kind}:${(names.count += 1)}`;

async function send(what: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const [method = '', path = ''] = what.split(' ');
  const type = body === undefined && method !== 'POST' ? {} : { 'Content-Type': 'application/json' };
  const response = await fetch(`${broker.url}/ngsi-ld/v1${path}`, {
    method,
    headers: { ...type, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

const query = (type: string, more: object = {}): object => ({ type: 'Query', entities: [{ type }], ...more });
const snapshot = (snapshotQueries: readonly object[], more: object = {}): object => ({
  type: 'Snapshot',
  snapshotQueries,
  ...more,
});

/** The snapshot when it is no longer being prepared. */
async function prepared(id: string): Promise<Record<string, unknown>> {
  for (;;) {
    const { body } = await send(`GET /snapshots/${id}`);
    const shown = body as Record<string, unknown>;
    if (shown['snapshotStatus'] !== 'preparing') return shown;
  }
}

async function make(body: object): Promise<string> {
  const { status, headers } = await send('POST /snapshots', body);
  expect(status).toBe(201);
  const location = headers.get('Location') ?? '';
  expect(location).toMatch(/^\/ngsi-ld\/v1\/snapshots\/urn:/);
  return location.split('/').at(-1) ?? '';
}

const within = (id: string): Record<string, string> => ({ 'NGSILD-Snapshot': id });

const one = 'urn:ngsi-ld:Snapshot:one';
scenarios('snapshots, as they are described', {
  'are created, read, changed, cloned and deleted': [
    { does: 'createSnapshot', send: 'POST /snapshots', body: snapshot([query('Air')], { id: one }), answers: 201 },
    { does: 'createSnapshot', send: 'POST /snapshots', body: snapshot([query('Air')], { id: one }), answers: 409 },
    { does: 'retrieveSnapshot', send: `GET /snapshots/${one}`, answers: 200, has: { id: one, type: 'Snapshot' } },
    { does: 'updateSnapshot', send: `PATCH /snapshots/${one}`, body: { snapshotPriority: 1 }, answers: 200 },
    {
      does: 'cloneSnapshot',
      send: `POST /snapshots/urn:ngsi-ld:Snapshot:none/clone`,
      body: {},
      answers: 404,
      has: problem('ResourceNotFound'),
    },
    { does: 'purgeSnapshots', send: 'DELETE /snapshots?q=snapshotPriority==7', answers: 404 },
    { does: 'deleteSnapshot', send: `DELETE /snapshots/${one}`, answers: 204 },
    { does: 'retrieveSnapshot', send: `GET /snapshots/${one}`, answers: 404 },
  ],
});

describe.each(testedStores)('snapshots (%s)', (store) => {
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store, '--notify-allow-private', '--snapshots-max', '4']);
  });
  afterAll(() => broker.stop());

  test('keep entities as they were, with their times, while the data of the tenant go on', async () => {
    const [type, id] = ['Tank', fresh('Tank')];
    await send('POST /entities', {
      id,
      type,
      level: { type: 'Property', value: 1, observedAt: '2026-03-01T08:00:00Z' },
    });
    const before = await send(`GET /entities/${id}?options=sysAttrs`);
    const name = await make(snapshot([query(type)]));
    expect(await prepared(name)).toMatchObject({
      id: name,
      type: 'Snapshot',
      snapshotStatus: 'success',
      snapshotPriority: 5,
      snapshotQueriesDetails: [{ resultStatus: 'success' }],
      expiresAt: expect.any(String),
      lastUsedAt: expect.any(String),
    });
    await send(`PATCH /entities/${id}/attrs`, { level: 2 });
    await send('POST /entities', { id: fresh('Tank'), type, level: 3 });
    const copy = await send(`GET /entities/${id}?options=sysAttrs`, undefined, within(name));
    expect(copy).toMatchObject({ status: 200, body: before.body });
    expect(copy.headers.get('NGSILD-Snapshot')).toBe(name);
    expect((await send(`GET /entities?type=${type}&count=true`, undefined, within(name))).body).toHaveLength(1);
    expect((await send('GET /types', undefined, within(name))).body).toMatchObject({ typeList: [type] });
    expect((await send(`GET /entities?type=${type}`)).body).toHaveLength(2);
    expect((await send(`GET /snapshots/${name}`)).body).toMatchObject({ lastUsedAt: expect.any(String) });
    expect((await send(`DELETE /snapshots/${name}`)).status).toBe(204);
    const gone = await send(`GET /entities/${id}`, undefined, within(name));
    expect(gone).toMatchObject({ status: 404 });
    expect(gone.headers.get('NGSILD-Snapshot')).toBe(name);
    expect((await send(`GET /snapshots/${name}`)).status).toBe(404);
  });

  test('take what is written into them, and nobody else sees it', async () => {
    const [type, id, other] = ['Bus', fresh('Bus'), fresh('Bus')];
    await send('POST /entities', { id, type, speed: 1 });
    const name = await make(snapshot([query(type)]));
    await prepared(name);
    expect((await send(`PATCH /entities/${id}/attrs`, { speed: 9 }, within(name))).status).toBe(204);
    expect((await send('POST /entities', { id: other, type, speed: 5 }, within(name))).status).toBe(201);
    const values = async (headers = {}): Promise<unknown> =>
      (await send(`GET /entities?type=${type}&options=keyValues`, undefined, headers)).body;
    expect(await values(within(name))).toEqual([
      { id, type, speed: 9 },
      { id: other, type, speed: 5 },
    ]);
    expect(await values()).toEqual([{ id, type, speed: 1 }]);
    await send(`DELETE /snapshots/${name}`);
  });

  test('have subscriptions of their own, which are notified of what changes in the copy', async () => {
    const heard: { readonly headers: IncomingHttpHeaders; readonly data: unknown }[] = [];
    let tell = (): void => undefined;
    const uri = await listen((request, response) => {
      let text = '';
      request.on('data', (piece) => (text += String(piece)));
      request.on('end', () => {
        response.end();
        heard.push({ headers: request.headers, data: (JSON.parse(text) as { data: unknown }).data });
        tell();
      });
    });
    const [type, id, subscription] = ['Truck', fresh('Truck'), fresh('Subscription')];
    await send('POST /entities', { id, type, load: 1 });
    const name = await make(snapshot([query(type)]));
    await prepared(name);
    const there = within(name);
    const body = {
      id: subscription,
      type: 'Subscription',
      entities: [{ type }],
      notification: { format: 'keyValues', endpoint: { uri } },
    };
    expect((await send('POST /subscriptions', body, there)).status).toBe(201);
    expect((await send('POST /subscriptions', body, there)).status).toBe(409);
    expect((await send('GET /subscriptions', undefined, there)).body).toMatchObject([{ id: subscription }]);
    expect((await send('GET /subscriptions')).body).toEqual([]);
    expect((await send(`DELETE /subscriptions/${subscription}`)).status).toBe(404);

    const change = async (load: number, headers: Record<string, string>): Promise<void> => {
      expect((await send(`PATCH /entities/${id}/attrs`, { load }, headers)).status).toBe(204);
    };
    const told = async (load: number): Promise<void> => {
      const next = new Promise<void>((resolve) => (tell = resolve));
      await change(load, there);
      await next;
    };
    await change(2, {});
    await told(3);
    expect(heard).toMatchObject([{ headers: { 'ngsild-snapshot': name }, data: [{ id, type, load: 3 }] }]);
    const patch = { notification: { ...body.notification, attributes: ['load'] } };
    expect((await send(`PATCH /subscriptions/${subscription}`, patch, there)).status).toBe(204);
    await told(4);
    expect((await send(`GET /subscriptions/${subscription}/explain`, undefined, there)).status).toBe(200);
    expect((await send(`GET /subscriptions/${subscription}/events`, undefined, there)).status).toBe(422);
    expect((await send(`DELETE /snapshots/${name}`)).status).toBe(204);
    expect((await send(`GET /subscriptions/${subscription}`, undefined, there)).status).toBe(404);
    expect(heard.map(({ data }) => data)).toEqual([3, 4].map((load) => [{ id, type, load }]));
  });

  test('keep histories, and only what a query shows', async () => {
    const [type, id] = ['Air', fresh('Air')];
    const at = (hour: number): string => `2026-03-01T0${hour}:00:00Z`;
    for (const hour of [1, 2, 3])
      await send('POST /entityOperations/upsert', [
        {
          id,
          type,
          pm10: { type: 'Property', value: hour, observedAt: at(hour) },
          pm25: { type: 'Property', value: 0, observedAt: at(hour) },
        },
      ]);
    const temporalQ = { timerel: 'after', timeAt: at(2) };
    const snapshotTemporalQueries = [query(type, { temporalQ, attrs: ['pm10'] })];
    const name = await make(snapshot([query(type, { pick: ['id', 'type', 'pm25'] })], { snapshotTemporalQueries }));
    expect(await prepared(name)).toMatchObject({
      snapshotStatus: 'success',
      snapshotTemporalQueriesDetails: [{ resultStatus: 'success' }],
    });
    const path = `/temporal/entities/${id}?timerel=after&timeAt=${at(0)}&options=temporalValues`;
    await send(`DELETE /temporal/entities/${id}`);
    expect((await send(`GET ${path}`, undefined, within(name))).body).toEqual({
      id,
      type,
      pm10: {
        type: 'Property',
        values: [
          [2, at(2)],
          [3, at(3)],
        ],
      },
    });
    expect((await send(`GET /entities/${id}?options=keyValues`, undefined, within(name))).body).toEqual({
      id,
      type,
      pm25: 0,
    });
    await send(`DELETE /snapshots/${name}`);
  });

  test('say how their queries went', async () => {
    const id = fresh('Lamp');
    await send('POST /entities', { id, type: 'Lamp', on: true });
    const half = await make(snapshot([query('Lamp'), query('Nothing')]));
    expect(await prepared(half)).toMatchObject({
      snapshotStatus: 'partial',
      snapshotQueriesDetails: [{ resultStatus: 'success' }, { resultStatus: 'empty' }],
    });
    const empty = await make(snapshot([query('Nothing')]));
    expect(await prepared(empty)).toMatchObject({ snapshotStatus: 'empty' });
    for (const name of [half, empty]) await send(`DELETE /snapshots/${name}`);
  });

  test('are cloned, changed and purged', async () => {
    const id = fresh('Tram');
    await send('POST /entities', { id, type: 'Tram', line: 1 });
    const first = await make(snapshot([query('Tram')], { id: fresh('Snapshot'), snapshotPriority: 3 }));
    await prepared(first);
    await send(`PATCH /entities/${id}/attrs`, { line: 2 }, within(first));
    const subscription = {
      type: 'Subscription',
      entities: [{ type: 'Tram' }],
      notification: { endpoint: { uri: 'http://127.0.0.1:1' } },
    };
    expect((await send('POST /subscriptions', subscription, within(first))).status).toBe(201);
    const clone = await send(`POST /snapshots/${first}/clone`);
    expect(clone.status).toBe(201);
    const second = clone.headers.get('Location')?.split('/').at(-1) ?? '';
    expect(await prepared(second)).toMatchObject({ snapshotStatus: 'success', snapshotPriority: 3 });
    expect((await send('GET /subscriptions', undefined, within(second))).body).toEqual([]);
    expect((await send(`POST /snapshots/${first}/clone`, { id: second, type: 'Snapshot' })).status).toBe(409);
    const patched = await send(`PATCH /snapshots/${first}`, { snapshotPriority: 8, snapshotLifetime: 'PT1H' });
    expect(patched).toMatchObject({ status: 200, body: { id: first, snapshotPriority: 8, snapshotLifetime: 'PT1H' } });
    expect((await send(`PATCH /snapshots/${first}`, { snapshotStatus: 'success' })).status).toBe(400);
    expect((await send('DELETE /snapshots?q=speed<5')).status).toBe(400);
    expect((await send('DELETE /snapshots')).status).toBe(400);
    expect((await send('DELETE /snapshots?q=snapshotPriority<5')).status).toBe(204);
    expect((await send(`GET /snapshots/${second}`)).status).toBe(404);
    expect((await send('DELETE /snapshots?q=snapshotPriority<5')).status).toBe(404);
    expect((await send(`GET /entities/${id}?options=keyValues`, undefined, within(first))).body).toMatchObject({
      line: 2,
    });
    await send(`DELETE /snapshots/${first}`);
  });

  test('are accepted for later with Prefer: ngsi-ld=2.0, and notify their endpoint', async () => {
    const seen = Promise.withResolvers<unknown>();
    const url = await listen((request, response) => {
      let text = '';
      request.on('data', (piece) => (text += String(piece)));
      request.on('end', () => {
        response.end();
        seen.resolve({ key: request.headers['x-key'], body: JSON.parse(text) as unknown });
      });
    });
    const id = fresh('Snapshot');
    const receiverInfo = [{ key: 'X-Key', value: 'k1' }];
    const body = snapshot([query('Nothing')], { id, endpoint: `${url}/done`, receiverInfo });
    const accepted = await send('POST /snapshots', body, { Prefer: 'ngsi-ld=2.0' });
    expect(accepted.status).toBe(202);
    expect(accepted.headers.get('Preference-Applied')).toBe('ngsi-ld=2.0');
    expect(await seen.promise).toMatchObject({
      key: 'k1',
      body: { type: 'SnapshotNotification', snapshotId: id, snapshotStatus: 'empty', snapshotPriority: 5 },
    });
    expect((await send(`GET /snapshots/${id}`)).body).toMatchObject({ receiverInfo: [{ key: 'X-Key', value: '***' }] });
    await send(`DELETE /snapshots/${id}`);
  });

  test('give way to more important ones when there are too many', async () => {
    const made: string[] = [];
    for (const snapshotPriority of [4, 2, 6, 6])
      made.push(await make(snapshot([query('Nothing')], { snapshotPriority })));
    expect((await send('POST /snapshots', snapshot([query('Nothing')], { snapshotPriority: 2 }))).status).toBe(403);
    made.push(await make(snapshot([query('Nothing')], { snapshotPriority: 7 })));
    expect(await Promise.all(made.map(async (id) => (await send(`GET /snapshots/${id}`)).status))).toEqual([
      200, 404, 200, 200, 200,
    ]);
    expect((await send('DELETE /snapshots?q=snapshotPriority>=1')).status).toBe(204);
  });

  test('are not more than there is room for when many are made at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => send('POST /snapshots', snapshot([query('Nothing')]))),
    );
    const statuses = answers.map(({ status }) => status);
    expect([201, 403].map((status) => statuses.filter((one) => one === status).length)).toEqual([4, 8]);
    expect((await send('DELETE /snapshots?q=snapshotPriority>=1')).status).toBe(204);
  });

  test.each([
    [{ type: 'Snapshot' }],
    [snapshot([])],
    [snapshot([{ type: 'Query' }])],
    [snapshot([query('Air', { temporalQ: { timerel: 'after', timeAt: '2026-03-01T08:00:00Z' } })])],
    [{ type: 'Snapshot', snapshotTemporalQueries: [query('Air')] }],
    [snapshot([query('Air')], { snapshotPriority: 11 })],
    [snapshot([query('Air')], { snapshotLifetime: 'soon' })],
    [snapshot([query('Air')], { endpoint: 'nowhere' })],
    [snapshot([query('Air')], { endpoint: 'http://127.0.0.1:1', receiverInfo: [{ key: 'Host', value: 'a' }] })],
    [snapshot([query('Air')], { snapshotStatus: 'success' })],
    [snapshot([query('Air')], { id: 'no uri' })],
    [{ ...snapshot([query('Air')]), type: 'Copy' }],
  ])('are not made of %j', async (body) => {
    expect(await send('POST /snapshots', body)).toMatchObject({ status: 400, body: { detail: expect.any(String) } });
  });

  test('are not there where nobody made them', async () => {
    const unknown = 'urn:ngsi-ld:Snapshot:unknown';
    for (const what of [
      `GET /snapshots/${unknown}`,
      `DELETE /snapshots/${unknown}`,
      `POST /snapshots/${unknown}/clone`,
    ])
      expect((await send(what)).status).toBe(404);
    expect((await send('GET /entities?type=Air', undefined, within(unknown))).status).toBe(404);
    expect((await send('GET /entities?type=Air', undefined, within('no uri'))).status).toBe(400);
    expect((await send('GET /snapshots')).status).toBe(405);
    expect((await send(`GET /snapshots/${unknown}`, undefined, { 'NGSILD-Tenant': 'none' })).status).toBe(404);
  });

  test('show the @context of JSON-LD answers', async () => {
    const id = await make(snapshot([query('Nothing')]));
    const shown = await send(`GET /snapshots/${id}`, undefined, { Accept: 'application/ld+json' });
    expect(shown.body).toMatchObject({ '@context': coreContext });
    await send(`DELETE /snapshots/${id}`);
  });
});

describe.each(testedStores)('a snapshot with more than there is room for (%s)', (store) => {
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store, '--snapshot-entities-max', '1']);
  });
  afterAll(() => broker.stop());

  test('cannot be cloned: the clone has failed, and says why', async () => {
    const [id, other] = [fresh('Ferry'), fresh('Ferry')];
    await send('POST /entities', { id, type: 'Ferry', line: 1 });
    const name = await make(snapshot([query('Ferry')]));
    await prepared(name);
    expect((await send('POST /entities', { id: other, type: 'Ferry', line: 2 }, within(name))).status).toBe(201);
    const clone = (await send(`POST /snapshots/${name}/clone`)).headers.get('Location')?.split('/').at(-1) ?? '';
    expect(await prepared(clone)).toMatchObject({
      snapshotStatus: 'failure',
      snapshotQueriesDetails: [{ resultStatus: 'failure', problemDetails: { detail: expect.stringContaining('1') } }],
    });
  });
});

describe.each(testedStores)('snapshots over context sources (%s)', (store) => {
  useBrokers(store, 'snapshot');

  test('have what sources have, and are used without them', async () => {
    const [here, there] = [fresh('Pole'), fresh('Pole')];
    await sendTo(0, 'POST /entities', { id: here, type: 'Pole', on: true });
    await sendTo(1, 'POST /entities', { id: there, type: 'Pole', on: false });
    const registration = {
      type: 'ContextSourceRegistration',
      endpoint: urlOf(1),
      information: [{ entities: [{ type: 'Pole' }] }],
    };
    expect((await sendTo(0, 'POST /csourceRegistrations', registration)).status).toBe(201);
    const id = fresh('Snapshot');
    expect((await sendTo(0, 'POST /snapshots', snapshot([query('Pole')], { id }))).status).toBe(201);
    while (
      ((await sendTo(0, `GET /snapshots/${id}`)).body as Record<string, unknown>)['snapshotStatus'] === 'preparing'
    );
    await sendTo(1, `DELETE /entities/${there}`);
    const copy = await sendTo(0, 'GET /entities?type=Pole&options=keyValues', undefined, within(id));
    expect(copy.body).toEqual([
      { id: here, type: 'Pole', on: true },
      { id: there, type: 'Pole', on: false },
    ]);
  });
});
