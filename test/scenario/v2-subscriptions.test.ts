/** Tests subscriptions of NGSI v2 over HTTP on every store: their resource, and what real receivers of HTTP and MQTT get. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../edge/deliver/test-broker.ts';
import { startAedes, stopAedes } from '../edge/mqtt/aedes-broker.ts';
import { startTestBroker, testedStores, type TestBroker } from './scenario.ts';
import { checkAgainstOpenApiV2 } from './v2-openapi.ts';

let broker: TestBroker;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** The answer to a request such as `GET /v2/subscriptions`, in a tenant of its own for each test. */
async function send(
  tenant: string,
  what: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const [method = '', path = ''] = what.split(' ');
  const response = await fetch(broker.url + path, {
    method,
    headers: {
      'Fiware-Service': tenant,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  checkAgainstOpenApiV2(what, { status: response.status, headers: response.headers, text });
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

interface TestReceiver {
  readonly url: string;
  /** What was received, when it is at least so much. */
  until(count: number): Promise<readonly Received[]>;
}

const stops: (() => void)[] = [];
async function listen(): Promise<TestReceiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => (text += piece.toString()));
    request.on('end', () => {
      received.push({ headers: request.headers, body: JSON.parse(text) as unknown });
      response.writeHead(200).end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const until = (count: number) =>
    eventually(
      () => Promise.resolve(received),
      ({ length }) => length >= count,
    );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notify`, until };
}

async function subscribe(tenant: string, body: object, headers: Record<string, string> = {}): Promise<string> {
  const made = await send(tenant, 'POST /v2/subscriptions', body, headers);
  expect(made).toMatchObject({ status: 201, body: undefined });
  return made.headers.get('Location') ?? '';
}

const subject = { entities: [{ idPattern: '.*', type: 'T' }] };
const create = (tenant: string, entity: object): Promise<Answer> => send(tenant, 'POST /v2/entities', entity);
const E = { id: 'E', type: 'T', A: { value: 1, type: 'Number' } };

describe.each(testedStores)('subscriptions of NGSI v2 (%s)', (store) => {
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store, '--notify-allow-private']);
  });
  afterAll(async () => {
    for (const stop of stops.splice(0)) stop();
    await stopAedes();
    await broker.stop();
  });

  test('are created, read with their defaults, changed and deleted', async () => {
    const http = { url: 'http://receiver.example/notify' };
    const path = await subscribe('resource', { description: 'one', subject, notification: { http } });
    expect(path).toMatch(/^\/v2\/subscriptions\/[0-9a-f]{24}$/);
    const id = path.slice('/v2/subscriptions/'.length);
    const shown = {
      id,
      description: 'one',
      status: 'active',
      subject: { ...subject, condition: { attrs: [], notifyOnMetadataChange: true } },
      notification: { attrs: [], onlyChangedAttrs: false, attrsFormat: 'normalized', http, covered: false },
    };
    expect(await send('resource', `GET ${path}`)).toMatchObject({ status: 200, body: shown });
    expect((await send('resource', `GET ${path}`)).body).toEqual(shown);
    expect((await send('resource', `PATCH ${path}`, { status: 'inactive', expires: '2040-01-01' })).status).toBe(204);
    expect((await send('resource', `GET ${path}/`)).body).toMatchObject({
      status: 'inactive',
      expires: '2040-01-01T00:00:00.000Z',
    });
    const list = await send('resource', 'GET /v2/subscriptions?options=count');
    expect(list.headers.get('Fiware-Total-Count')).toBe('1');
    expect(list.body).toMatchObject([{ id }]);
    expect((await send('resource', 'GET /v2/subscriptions?limit=0')).body).toEqual([]);
    expect((await send('resource', 'GET /ngsi-ld/v1/subscriptions')).body).toEqual([]);
    expect((await send('resource', `DELETE ${path}`)).status).toBe(204);
    const missing = { error: 'NotFound', description: 'The requested subscription has not been found. Check id' };
    for (const method of ['GET', 'DELETE'])
      expect(await send('resource', `${method} ${path}`)).toMatchObject({ status: 404, body: missing });
  });

  test('of NGSI-LD are not in the list of v2', async () => {
    await send('both', 'POST /ngsi-ld/v1/subscriptions', {
      id: 'urn:ngsi-ld:Subscription:ld',
      type: 'Subscription',
      entities: [{ type: 'T' }],
      notification: { endpoint: { uri: 'http://receiver.example/' } },
    });
    expect((await send('both', 'GET /v2/subscriptions')).body).toEqual([]);
    expect((await send('both', 'GET /ngsi-ld/v1/subscriptions')).body).toHaveLength(1);
  });

  test('that are wrong are refused, and say what is wrong', async () => {
    const http = { url: 'http://receiver.example/notify' };
    const refused = async (body: object, description: string): Promise<void> => {
      const answer = await send('wrong', 'POST /v2/subscriptions', body);
      expect(answer).toMatchObject({ status: 400, body: { error: 'BadRequest', description } });
    };
    await refused({ notification: { http } }, 'no subject for subscription specified');
    await refused({ subject: { entities: [] }, notification: { http } }, 'subject entities is empty');
    await refused({ subject, notification: {} }, 'http, httpCustom, mqtt, mqttCustom, kafka or kafkaCustom is missing');
    await refused(
      { subject: { ...subject, condition: { expression: { q: 'A>' } } }, notification: { http } },
      'empty right-hand-side in q-item',
    );
    expect(await send('wrong', 'GET /v2/subscriptions/x')).toMatchObject({
      status: 400,
      body: { error: 'BadRequest', description: 'Invalid subscription ID: bad length - 24 chars expected' },
    });
    const kafka = { subject, notification: { kafka: { url: 'kafka://k:9092', topic: 't' } } };
    expect(await send('wrong', 'POST /v2/subscriptions', kafka)).toMatchObject({
      status: 501,
      body: { error: 'NotImplemented' },
    });
  });

  test('notify with the headers that FIWARE components need, and count', async () => {
    const receiver = await listen();
    const path = await subscribe('headers', { subject, notification: { http: { url: receiver.url } } });
    await create('headers', E);
    const [first] = await receiver.until(1);
    expect(first?.headers).toMatchObject({
      'fiware-service': 'headers',
      'fiware-servicepath': '/',
      'ngsiv2-attrsformat': 'normalized',
      'fiware-correlator': expect.stringMatching(/; cbnotif=1$/),
      'content-type': 'application/json; charset=utf-8',
    });
    expect(first?.body).toEqual({
      subscriptionId: path.slice('/v2/subscriptions/'.length),
      data: [{ id: 'E', type: 'T', A: { type: 'Number', value: 1, metadata: {} } }],
    });
    const isCounted = ({ body }: Answer): boolean => JSON.stringify(body).includes('lastSuccessCode');
    const counted = await eventually(() => send('headers', `GET ${path}`), isCounted);
    expect(counted.body).toMatchObject({ notification: { timesSent: 1, lastSuccessCode: 200 } });
  });

  test('fire on what either API writes', async () => {
    const receiver = await listen();
    const notification = { http: { url: receiver.url }, attrsFormat: 'simplifiedKeyValues' };
    await subscribe('writers', { subject, notification });
    await create('writers', E);
    const headers = { 'NGSILD-Tenant': 'writers' };
    const patch = { A: { type: 'Property', value: 2 } };
    const correlated = (correlator: string): Record<string, string> => ({ 'Fiware-Correlator': correlator });
    const ldPath = 'PATCH /ngsi-ld/v1/entities/urn:ngsi-v2:E/attrs';
    expect((await send('writers', ldPath, patch, { ...headers, ...correlated('by-ld') })).status).toBe(204);
    const v2Path = 'PATCH /v2/entities/E/attrs';
    expect((await send('writers', v2Path, { A: { value: 3 } }, correlated('by v2'))).status).toBe(204);
    const notified = await receiver.until(3);
    expect(notified.map(({ body }) => body)).toEqual([1, 2, 3].map((A) => ({ id: 'E', type: 'T', A })));
    expect(notified.map(({ headers: sent }) => sent['fiware-correlator'])).toEqual([
      expect.stringMatching(/^[0-9a-f-]{36}; cbnotif=1$/),
      'by-ld; cbnotif=1',
      'by v2; cbnotif=1',
    ]);
  });

  test('are not told of the same value again, but with forcedUpdate, on every road', async () => {
    const receiver = await listen();
    await subscribe('forced', { subject, notification: { http: { url: receiver.url }, attrs: ['A', 'n'] } });
    await create('forced', E);
    const same = { A: E.A };
    const options = '?options=forcedUpdate';
    expect((await send('forced', 'PATCH /v2/entities/E/attrs', same)).status).toBe(204);
    expect((await send('forced', `PATCH /v2/entities/E/attrs${options}`, same)).status).toBe(204);
    expect((await send('forced', `POST /v2/entities/E/attrs${options}`, same)).status).toBe(204);
    expect((await send('forced', `PUT /v2/entities/E/attrs/A${options}`, E.A)).status).toBe(204);
    const batch = { actionType: 'update', entities: [E] };
    expect((await send('forced', `POST /v2/op/update${options}`, batch)).status).toBe(204);
    expect((await send('forced', 'PATCH /v2/entities/E/attrs', { A: { value: 2, type: 'Number' } })).status).toBe(204);
    const told = (await receiver.until(6)) as readonly { body: { data: { A: { value: number } }[] } }[];
    expect(told.map(({ body }) => body.data[0]?.A.value)).toEqual([1, 1, 1, 1, 1, 2]);
  });

  test('have conditions in the query language, on values, metadata and places', async () => {
    const receiver = await listen();
    const notification = { http: { url: receiver.url }, attrsFormat: 'simplifiedKeyValues', attrs: ['A'] };
    const near = { georel: 'near;maxDistance:1000', geometry: 'point', coords: '46.2,14.3' };
    const expression = { q: "A>5;B=='x'", mq: 'A.m==1', ...near };
    await subscribe('conditions', { subject: { ...subject, condition: { expression } }, notification });
    const place = { type: 'geo:point', value: '46.2, 14.3' };
    const entity = (id: string, A: number, B = 'x', m = 1, where: object = place) => ({
      ...{ id, type: 'T', B: { value: B }, where },
      A: { value: A, metadata: { m: { value: m } } },
    });
    await create('conditions', entity('low', 5));
    await create('conditions', entity('other', 6, 'y'));
    await create('conditions', entity('metadata', 6, 'x', 2));
    await create('conditions', entity('far', 6, 'x', 1, { ...place, value: '40, 14' }));
    await create('conditions', entity('good', 6));
    expect((await receiver.until(1)).map(({ body }) => body)).toEqual([{ id: 'good', type: 'T', A: 6 }]);
  });

  test('publish over MQTT the body alone, to a topic with macros', async () => {
    const aedes = await startAedes();
    const mqttCustom = { url: `mqtt://127.0.0.1:${aedes.port}`, topic: 'city/${type}/${id}', qos: 1 };
    await subscribe('mqtt', { subject, notification: { mqttCustom, attrsFormat: 'keyValues' } });
    await create('mqtt', E);
    await aedes.until(() => aedes.published.length > 0);
    expect(aedes.published).toMatchObject([{ topic: 'city/T/E', qos: 1 }]);
    expect(JSON.parse(aedes.published[0]?.payload ?? '')).toMatchObject({ data: [{ id: 'E', type: 'T', A: 1 }] });
  });

  test('reach another broker, which takes the notification over op/notify', async () => {
    const notification = { httpCustom: { url: `${broker.url}/v2/op/notify`, headers: { 'Fiware-Service': 'copy' } } };
    await subscribe('origin', { subject, notification });
    await create('origin', E);
    const copied = await eventually(
      () => send('copy', 'GET /v2/entities/E'),
      ({ status }) => status === 200,
    );
    expect(copied.body).toEqual({ id: 'E', type: 'T', A: { type: 'Number', value: 1, metadata: {} } });
  });
});
