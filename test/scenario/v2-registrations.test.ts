/** Tests registrations of NGSI v2 on every store: their resource, and what a source of v2 and brokers of both APIs are asked. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestBroker, testedStores, type TestBroker } from './scenario.ts';
import { checkAgainstOpenApiV2 } from './v2-openapi.ts';

let broker: TestBroker;
let other: TestBroker;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

interface Sending {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly at?: TestBroker;
}

async function send(tenant: string, line: string, { body, headers = {}, at = broker }: Sending = {}): Promise<Answer> {
  const [method = '', path = ''] = line.split(' ');
  const inTenant = path.startsWith('/v2') ? { 'Fiware-Service': tenant } : { 'NGSILD-Tenant': tenant };
  const type = body === undefined ? undefined : { 'Content-Type': 'application/json' };
  const response = await fetch(at.url + path, {
    method,
    headers: { ...inTenant, ...type, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  checkAgainstOpenApiV2(line, { status: response.status, headers: response.headers, text });
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

interface Asked {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

interface FakeSource {
  readonly url: string;
  readonly asked: Asked[];
}

const stops: (() => void)[] = [];

/** A source of v2, such as an IoT agent: it answers queries with these entities, and takes updates. */
async function startSource(entities: readonly object[], updateStatus = 204): Promise<FakeSource> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => (text += piece.toString()));
    request.on('end', () => {
      asked.push({ path: request.url, headers: request.headers, body: JSON.parse(text) as unknown });
      if (request.url?.includes('/op/query')) {
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(entities));
      } else {
        response.writeHead(updateStatus).end();
      }
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function register(tenant: string, body: object, headers = {}): Promise<string> {
  const made = await send(tenant, 'POST /v2/registrations', { body, headers });
  expect(made).toMatchObject({ status: 201, body: undefined });
  return made.headers.get('Location') ?? '';
}

const provided = (url: string, more: object = {}): object => ({
  dataProvided: { entities: [{ id: 'Lamp1', type: 'Lamp' }], attrs: ['light', 'switch'] },
  provider: { http: { url }, ...more },
});
const light = { id: 'Lamp1', type: 'Lamp', light: { type: 'Number', value: 7, metadata: {} } };
const lamp = { id: 'Lamp1', type: 'Lamp', power: { type: 'Number', value: 70, metadata: {} } };
const error = (code: string, description: string): object => ({ error: code, description });
const refusal = (status: number, code: string, text: string): object => ({ status, body: error(code, text) });

describe.each(testedStores)('registrations of NGSI v2 (%s)', (store) => {
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store, '--notify-allow-private']);
    other = await startTestBroker(['--store', 'memory', '--notify-allow-private']);
  });
  afterAll(async () => {
    for (const stop of stops.splice(0)) stop();
    await broker.stop();
    await other.stop();
  });

  test('are created, read with their defaults, changed and deleted', async () => {
    const body = { description: 'a lamp', ...provided('http://agent.example:4041'), expires: '2040-01-01' };
    const path = await register('resource', body);
    expect(path).toMatch(/^\/v2\/registrations\/[0-9a-f]{24}$/);
    const shown = {
      id: path.slice('/v2/registrations/'.length),
      description: 'a lamp',
      expires: '2040-01-01T00:00:00.000Z',
      dataProvided: { entities: [{ id: 'Lamp1', type: 'Lamp' }], attrs: ['light', 'switch'] },
      provider: {
        http: { url: 'http://agent.example:4041' },
        supportedForwardingMode: 'all',
        legacyForwarding: false,
      },
      status: 'active',
    };
    expect((await send('resource', `GET ${path}`)).body).toEqual(shown);
    const patch = {
      status: 'inactive',
      provider: { http: { url: 'http://agent.example/v2' }, legacyForwarding: true },
    };
    expect((await send('resource', `PATCH ${path}`, { body: patch })).status).toBe(204);
    expect((await send('resource', `GET ${path}/`)).body).toEqual({
      ...shown,
      status: 'inactive',
      provider: { http: { url: 'http://agent.example/v2' }, supportedForwardingMode: 'all', legacyForwarding: true },
    });
    const list = await send('resource', 'GET /v2/registrations?options=count&limit=1');
    expect(list.headers.get('Fiware-Total-Count')).toBe('1');
    expect(list.body).toMatchObject([{ id: shown.id }]);
    expect((await send('resource', `DELETE ${path}`)).status).toBe(204);
    const missing = refusal(404, 'NotFound', 'The requested registration has not been found. Check id');
    for (const line of [`GET ${path}`, `DELETE ${path}`]) expect(await send('resource', line)).toMatchObject(missing);
    expect((await send('resource', 'GET /v2/registrations')).body).toEqual([]);
  });

  test('belong to the service path that made them, and lists are of exactly one', async () => {
    const headers = { 'Fiware-ServicePath': '/a' };
    const path = await register('paths', provided('http://agent.example:4041'), headers);
    for (const [given, status] of [
      ['/a', 200],
      ['/#', 200],
      ['/b', 404],
    ] as const)
      expect((await send('paths', `GET ${path}`, { headers: { 'Fiware-ServicePath': given } })).status).toBe(status);
    const list = await send('paths', 'GET /v2/registrations', { headers: { 'Fiware-ServicePath': '/b' } });
    expect(list.body).toEqual([]);
    const deep = { body: provided('http://agent.example:4041'), headers: { 'Fiware-ServicePath': '/a/#' } };
    expect((await send('paths', 'POST /v2/registrations', deep)).status).toBe(400);
  });

  test('that are wrong are refused, and say what is wrong', async () => {
    const dataProvided = { entities: [{ id: 'A', type: 'T' }] };
    const provider = { http: { url: 'http://agent.example' } };
    const wrong: readonly (readonly [object, string])[] = [
      [{}, 'empty payload'],
      [{ provider }, 'the field /dataProvided/ is missing in payload'],
      [{ dataProvided: 1, provider }, '/dataProvided/ must be a JSON object'],
      [{ dataProvided: {}, provider }, '/dataProvided/ is empty'],
      [
        { dataProvided: { entities: [{ type: 'T' }] }, provider },
        '/entities/ vector item does not have /id/ nor /idPattern/',
      ],
      [{ dataProvided }, 'the field /provider/ is missing in payload'],
      [{ dataProvided, provider: {} }, '/provider/ empty'],
      [{ dataProvided, provider: { legacyForwarding: true } }, '/provider/ must contain a field /http/'],
      [{ dataProvided, provider: { http: {} } }, '/http/ must contain a field /url/'],
      [{ dataProvided, provider: { http: { url: 'agent' } } }, '/url/ field of /http/ is invalid'],
      [
        { dataProvided, provider: { ...provider, supportedForwardingMode: 'x' } },
        'invalid value of /supportedForwardingMode/',
      ],
      [
        { dataProvided, provider: { ...provider, legacyForwarding: 1 } },
        'the field /legacyForwarding/ must be a boolean',
      ],
      [{ dataProvided, provider, expires: 'soon' }, 'the field /expires/ has an invalid format'],
      [{ dataProvided, provider, status: 'x' }, 'invalid value for /status/'],
    ];
    for (const [body, text] of wrong)
      expect(await send('wrong', 'POST /v2/registrations', { body })).toMatchObject(refusal(400, 'BadRequest', text));
    const pattern = (entity: object): object => ({ body: { dataProvided: { entities: [entity] }, provider } });
    expect(await send('wrong', 'POST /v2/registrations', pattern({ idPattern: 'A.*' }))).toMatchObject(
      refusal(501, 'NotImplemented', 'Unsupported idPattern'),
    );
    expect(await send('wrong', 'POST /v2/registrations', pattern({ id: 'A', typePattern: '.*' }))).toMatchObject(
      refusal(501, 'NotImplemented', 'typePattern is not supported'),
    );
    expect(await send('wrong', 'GET /v2/registrations/x')).toMatchObject(
      refusal(400, 'BadRequest', 'Invalid registration ID: bad length - 24 chars expected'),
    );
  });

  test('of either API are seen by the other', async () => {
    const path = await register('both', provided('http://agent.example:4041'));
    const uri = `urn:ngsi-ld:ContextSourceRegistration:${path.slice('/v2/registrations/'.length)}`;
    const ld = '/ngsi-ld/v1/csourceRegistrations';
    expect(await send('both', `GET ${ld}/${uri}`)).toMatchObject({
      status: 200,
      body: {
        information: [{ entities: [{ id: 'urn:ngsi-v2:Lamp1', type: 'Lamp' }], attributeNames: ['light', 'switch'] }],
        endpoint: 'http://agent.example:4041',
        mode: 'auxiliary',
        contextSourceInfo: [
          { key: 'ngsiV2', value: 'all' },
          { key: 'ngsiV2ServicePath', value: '/' },
        ],
      },
    });
    const registration = {
      id: 'urn:ngsi-ld:ContextSourceRegistration:ld',
      type: 'ContextSourceRegistration',
      information: [{ entities: [{ type: 'Lamp' }], propertyNames: ['height'] }],
      endpoint: 'http://broker.example',
      operations: ['redirectionOps'],
    };
    expect((await send('both', `POST ${ld}`, { body: registration })).status).toBe(201);
    expect(await send('both', `GET /v2/registrations/${registration.id}`)).toMatchObject({
      status: 200,
      body: {
        id: registration.id,
        dataProvided: { entities: [{ idPattern: '.*', type: 'Lamp' }], attrs: ['height'] },
        provider: { http: { url: 'http://broker.example' }, supportedForwardingMode: 'all' },
      },
    });
    expect((await send('both', 'GET /v2/registrations')).body).toHaveLength(2);
    const patched = await send('both', `PATCH /v2/registrations/${registration.id}`, { body: { status: 'inactive' } });
    expect(patched).toMatchObject({ status: 422, body: { error: 'Unprocessable' } });
    expect((await send('both', `DELETE /v2/registrations/${registration.id}`)).status).toBe(204);
    expect((await send('both', `DELETE ${ld}/${uri}`)).status).toBe(204);
    expect((await send('both', 'GET /v2/registrations')).body).toEqual([]);
  });

  test('let reads ask a source of v2 for what is not here, and show how it answered', async () => {
    const source = await startSource([light]);
    const path = await register('reads', provided(source.url));
    await send('reads', 'POST /v2/entities', { body: lamp });
    const whole = { ...lamp, light: light.light };
    const correlator = { 'Fiware-Correlator': 'c-1' };
    expect((await send('reads', 'GET /v2/entities/Lamp1', { headers: correlator })).body).toEqual(whole);
    expect(source.asked).toMatchObject([
      {
        path: expect.stringMatching(/^\/\/op\/query/),
        headers: { 'fiware-service': 'reads', 'fiware-servicepath': '/', 'fiware-correlator': 'c-1; cbfwd=1' },
        body: { entities: [{ id: 'Lamp1', type: 'Lamp' }], attrs: ['light', 'switch'] },
      },
    ]);
    expect((await send('reads', 'GET /v2/entities/Lamp1/attrs/light/value')).body).toBe(7);
    expect((await send('reads', 'GET /v2/entities/Lamp1/attrs/power')).status).toBe(200);
    expect(source.asked).toHaveLength(2);
    expect((await send('reads', 'GET /v2/entities?type=Lamp')).body).toEqual([whole]);
    expect((await send('reads', 'GET /v2/entities?type=Lamp&q=light==7')).body).toEqual([whole]);
    expect((await send('reads', 'GET /v2/entities?type=Lamp&q=light==8')).body).toEqual([]);
    const query = { entities: [{ idPattern: '.*', type: 'Lamp' }], attrs: ['light'] };
    expect((await send('reads', 'POST /v2/op/query?options=keyValues', { body: query })).body).toEqual([
      { id: 'Lamp1', type: 'Lamp', light: 7 },
    ]);
    expect((await send('reads', 'GET /v2/entities')).body).toEqual([whole]);
    const asked = source.asked.length;
    expect((await send('reads', 'GET /v2/entities/Lamp1?options=skipForwarding')).body).toEqual(lamp);
    expect((await send('reads', 'GET /v2/entities?type=Other')).body).toEqual([]);
    expect(source.asked).toHaveLength(asked);
    const ld = await send('reads', 'GET /ngsi-ld/v1/entities/urn:ngsi-v2:Lamp1?options=keyValues');
    expect(ld.body).toEqual({ id: 'urn:ngsi-v2:Lamp1', type: 'Lamp', power: 70, light: 7 });
    const counted = (await send('reads', `GET ${path}`)).body;
    expect(counted).toMatchObject({ forwardingInformation: { timesSent: asked + 1 } });
    expect(counted).not.toHaveProperty('forwardingInformation.lastFailure');
  });

  test('add entities that only sources have, behind those that are here, in pages with their count', async () => {
    const far = (id: string): object => ({ id, type: 'Lamp', light: { type: 'Number', value: 1, metadata: {} } });
    const source = await startSource([far('C'), far('B'), { ...far('A'), type: 'Other' }]);
    const dataProvided = { entities: [{ idPattern: '.*', type: 'Lamp' }] };
    await register('pages', { dataProvided, provider: { http: { url: `${source.url}/v2` } } });
    for (const id of ['Z', 'Y']) await send('pages', 'POST /v2/entities', { body: { id, type: 'Lamp' } });
    const ids = async (query: string): Promise<unknown> =>
      ((await send('pages', `GET /v2/entities?type=Lamp${query}`)).body as { id: string }[]).map(({ id }) => id);
    expect(await ids('')).toEqual(['Z', 'Y', 'B', 'C']);
    expect(await ids('&limit=2&offset=1')).toEqual(['Y', 'B']);
    expect(await ids('&limit=2&offset=3')).toEqual(['C']);
    expect(await ids('&idPattern=^B')).toEqual(['B']);
    const counted = await send('pages', 'GET /v2/entities?type=Lamp&options=count&limit=1');
    expect(counted.headers.get('Fiware-Total-Count')).toBe('4');
    expect(source.asked[0]?.path).toMatch(/^\/v2\/op\/query/);
    expect(source.asked[0]?.body).toEqual({ entities: [{ idPattern: '.*', type: 'Lamp' }] });
  });

  test('do not name each of many ids with each of many types, and show only the types asked for', async () => {
    const source = await startSource([light, { id: 'N1', type: 'Other' }]);
    const dataProvided = { entities: [{ idPattern: '.*' }] };
    await register('many', { dataProvided, provider: { http: { url: `${source.url}/v2` } } });
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    const id = ['urn:ngsi-v2:Lamp1', ...numbers.map((n) => `urn:ngsi-v2:N${n}`)];
    const type = ['Lamp', ...numbers.map((n) => `T${n}`)].join('|');
    const body = { type: 'Query', entities: [{ id, type }] };
    const found = await send('many', 'POST /ngsi-ld/v1/entityOperations/query?options=keyValues', { body });
    expect(found).toMatchObject({ status: 200, body: [{ id: 'urn:ngsi-v2:Lamp1', light: 7 }] });
    expect(found.body).toHaveLength(1);
    expect((source.asked[0]?.body as { readonly entities: readonly object[] }).entities).toHaveLength(id.length);
  });

  test('let updates of what is not here go to a source of v2', async () => {
    const source = await startSource([]);
    await register('updates', provided(source.url));
    await send('updates', 'POST /v2/entities', { body: lamp });
    const command = { switch: { type: 'command', value: 'on' }, power: { type: 'Number', value: 71 } };
    expect((await send('updates', 'PATCH /v2/entities/Lamp1/attrs', { body: command })).status).toBe(204);
    expect(source.asked).toMatchObject([
      {
        path: '//op/update',
        headers: { 'fiware-service': 'updates', 'fiware-servicepath': '/', 'content-type': 'application/json' },
        body: { actionType: 'update', entities: [{ id: 'Lamp1', type: 'Lamp', switch: command.switch }] },
      },
    ]);
    const one = { type: 'command', value: 'off' };
    expect((await send('updates', 'PUT /v2/entities/Lamp1/attrs/switch', { body: one })).status).toBe(204);
    const scalar = await send('updates', 'PUT /v2/entities/Lamp1/attrs/light/value', { body: 5 });
    expect(scalar.status).toBe(204);
    const batch = {
      actionType: 'update',
      entities: [{ id: 'Lamp1', type: 'Lamp', switch: one, power: { value: 72 } }],
    };
    expect((await send('updates', 'POST /v2/op/update', { body: batch })).status).toBe(204);
    expect(source.asked).toHaveLength(4);
    const here = await send('updates', 'GET /v2/entities/Lamp1?options=keyValues,skipForwarding');
    expect(here.body).toEqual({ id: 'Lamp1', type: 'Lamp', power: 72 });
    const mixed = { switch: one, none: { value: 1 } };
    expect(await send('updates', 'PATCH /v2/entities/Lamp1/attrs', { body: mixed })).toMatchObject(
      refusal(404, 'PartialUpdate', 'Some of the following attributes were not updated: { Lamp1- : [none] }'),
    );
    const append = { actionType: 'append', entities: [{ id: 'Lamp1', type: 'Lamp', switch: one }] };
    expect((await send('updates', 'POST /v2/op/update', { body: append })).status).toBe(204);
    expect(source.asked).toHaveLength(5);
  });

  test('whose sources fail leave the answer that there would be without them', async () => {
    const source = await startSource([], 404);
    await register('fails', provided(source.url));
    await send('fails', 'POST /v2/entities', { body: lamp });
    const command = { switch: { type: 'command', value: 'on' } };
    expect(await send('fails', 'PATCH /v2/entities/Lamp1/attrs', { body: command })).toMatchObject(
      refusal(404, 'NotFound', 'The requested entity has not been found. Check type and id'),
    );
    expect(await send('fails', 'PUT /v2/entities/Lamp1/attrs/switch', { body: command.switch })).toMatchObject(
      refusal(404, 'NotFound', 'The entity does not have such an attribute'),
    );
    expect(await send('fails', 'GET /v2/entities/Lamp1/attrs/switch')).toMatchObject(
      refusal(404, 'NotFound', 'The entity does not have such an attribute'),
    );
    const nowhere = {
      dataProvided: { entities: [{ id: 'Far', type: 'Lamp' }] },
      provider: { http: { url: 'http://127.0.0.1:9' } },
    };
    await register('fails', nowhere);
    const missing = refusal(404, 'NotFound', 'The requested entity has not been found. Check type and id');
    expect(await send('fails', 'GET /v2/entities/Far?type=Lamp')).toMatchObject(missing);
    expect(await send('fails', 'PATCH /v2/entities/Far/attrs?type=Lamp', { body: command })).toMatchObject(missing);
  });

  test('that are inactive, or for the other direction, are not used', async () => {
    const source = await startSource([light]);
    const inactive = { ...provided(source.url), status: 'inactive' };
    await register('modes', inactive);
    await register('modes', provided(source.url, { supportedForwardingMode: 'none' }));
    await send('modes', 'POST /v2/entities', { body: lamp });
    await send('modes', 'GET /v2/entities/Lamp1');
    const patch = { body: { switch: { value: 1 } } };
    expect(await send('modes', 'PATCH /v2/entities/Lamp1/attrs', patch)).toMatchObject(
      refusal(422, 'Unprocessable', 'do not exist: Lamp1 - [ switch ]'),
    );
    await register('modes', provided(source.url, { supportedForwardingMode: 'update' }));
    expect((await send('modes', 'GET /v2/entities/Lamp1')).body).toEqual(lamp);
    expect(source.asked).toEqual([]);
    expect((await send('modes', 'PATCH /v2/entities/Lamp1/attrs', patch)).status).toBe(204);
    expect(source.asked.map(({ path }) => path)).toEqual(['//op/update']);
  });

  test('lead to another broker by v2, and a loop of brokers ends', async () => {
    await send('chain', 'POST /v2/entities', { body: { ...light, switch: { value: 'off' } }, at: other });
    await register('chain', provided(`${other.url}/v2`));
    const back = provided(`${broker.url}/v2`);
    expect((await send('chain', 'POST /v2/registrations', { body: back, at: other })).status).toBe(201);
    await send('chain', 'POST /v2/entities', { body: lamp });
    expect((await send('chain', 'GET /v2/entities/Lamp1?options=keyValues')).body).toEqual({
      id: 'Lamp1',
      type: 'Lamp',
      power: 70,
      light: 7,
      switch: 'off',
    });
    const patch = { body: { switch: { value: 'on' } } };
    expect((await send('chain', 'PATCH /v2/entities/Lamp1/attrs', patch)).status).toBe(204);
    const far = await send('chain', 'GET /v2/entities/Lamp1/attrs/switch', { at: other });
    expect(far.body).toMatchObject({ value: 'on' });
    const none = { body: { none: { value: 1 } } };
    expect((await send('chain', 'PATCH /v2/entities/Lamp1/attrs', none)).status).toBe(422);
  });

  test('of NGSI-LD sources are asked and written by requests of v2 too', async () => {
    const id = 'urn:ngsi-v2:Lamp1';
    const far = { id, type: 'Lamp', light: { type: 'Property', value: 7 } };
    expect((await send('ld', 'POST /ngsi-ld/v1/entities', { body: far, at: other })).status).toBe(201);
    const registration = {
      type: 'ContextSourceRegistration',
      information: [{ entities: [{ id, type: 'Lamp' }], propertyNames: ['light'] }],
      endpoint: other.url,
      tenant: 'ld',
      mode: 'exclusive',
      operations: ['redirectionOps'],
    };
    await send('ld', 'POST /v2/entities', { body: lamp });
    const made = await send('ld', 'POST /ngsi-ld/v1/csourceRegistrations', { body: registration });
    expect(made.status).toBe(201);
    expect((await send('ld', 'GET /v2/entities/Lamp1')).body).toEqual({ ...lamp, light: light.light });
    expect((await send('ld', 'GET /v2/entities?type=Lamp&q=light==7&options=keyValues')).body).toEqual([
      { id: 'Lamp1', type: 'Lamp', power: 70, light: 7 },
    ]);
    const both = { body: { light: { value: 8, type: 'Number' }, power: { value: 80, type: 'Number' } } };
    expect((await send('ld', 'PATCH /v2/entities/Lamp1/attrs', both)).status).toBe(204);
    expect((await send('ld', 'GET /v2/entities/Lamp1/attrs/light', { at: other })).body).toMatchObject({ value: 8 });
    expect((await send('ld', 'GET /v2/entities/Lamp1?options=keyValues,skipForwarding')).body).toEqual({
      id: 'Lamp1',
      type: 'Lamp',
      power: 80,
    });
  });

  interface LdRegistration {
    readonly mode: string;
    readonly attrs?: readonly string[];
    readonly operations?: readonly string[];
    readonly endpoint?: string;
  }

  /** Registers the other broker, or a source at `endpoint`, by NGSI-LD as the source of lamps. */
  async function registerLd(tenant: string, { mode, attrs, operations, endpoint }: LdRegistration): Promise<void> {
    const entity = mode === 'exclusive' ? { id: 'urn:ngsi-v2:Lamp1', type: 'Lamp' } : { type: 'Lamp' };
    const body = {
      type: 'ContextSourceRegistration',
      information: [{ entities: [entity], ...(attrs ? { propertyNames: attrs } : {}) }],
      endpoint: endpoint ?? other.url,
      tenant,
      mode,
      operations: operations ?? ['redirectionOps'],
    };
    expect(await send(tenant, 'POST /ngsi-ld/v1/csourceRegistrations', { body })).toMatchObject({ status: 201 });
  }

  const at = async (tenant: string, id: string, place: TestBroker): Promise<unknown> => {
    const path = `/v2/entities/${id}?options=keyValues,skipForwarding`;
    const { status, body } = await send(tenant, `GET ${path}`, { at: place });
    return status === 200 ? body : status;
  };
  const number = (value: unknown): object => ({ type: 'Number', value });
  const update = (actionType: string, ...entities: readonly object[]): Sending => ({ body: { actionType, entities } });

  test('of NGSI-LD that redirect get every write of v2, and nothing of it stays here', async () => {
    const tenant = `redirect_${store}`;
    await registerLd(tenant, { mode: 'redirect' });
    const noEntity = refusal(404, 'NotFound', 'The requested entity has not been found. Check type and id');
    const path = '/v2/entities/Lamp1';
    const steps: readonly (readonly [string, Sending, object | number, object | number])[] = [
      ['POST /v2/entities', { body: lamp }, 201, { power: 70 }],
      ['POST /v2/entities', { body: lamp }, refusal(422, 'Unprocessable', 'Already Exists'), { power: 70 }],
      ['POST /v2/entities?options=upsert', { body: light }, 204, { power: 70, light: 7 }],
      [`POST ${path}/attrs`, { body: { light: number(8) } }, 204, { power: 70, light: 8 }],
      [
        `POST ${path}/attrs?options=append`,
        { body: { light: number(9), height: number(3) } },
        refusal(404, 'PartialUpdate', 'Some of the following attributes were not updated: { Lamp1- : [light] }'),
        { power: 70, light: 8, height: 3 },
      ],
      [
        `POST ${path}/attrs?options=append`,
        { body: { light: number(9) } },
        refusal(422, 'Unprocessable', 'one or more of the attributes in the request already exist: Lamp1 - [ light ]'),
        { power: 70, light: 8, height: 3 },
      ],
      [`PATCH ${path}/attrs`, { body: { light: number({ $inc: 1 }) } }, noEntity, { power: 70, light: 8, height: 3 }],
      [`PUT ${path}/attrs?type=Lamp`, { body: { power: number(71) } }, 204, { power: 71 }],
      ['POST /v2/op/update', update('append', { ...light, power: number(72) }), 204, { power: 72, light: 7 }],
      ['POST /v2/op/update', update('replace', lamp), 204, { power: 70 }],
      ['POST /v2/op/update', update('appendStrict', light), 204, { power: 70, light: 7 }],
      ['POST /v2/op/update', update('delete', light), 204, { power: 70 }],
      [`DELETE ${path}/attrs/light`, {}, noEntity, { power: 70 }],
      ['POST /v2/op/notify', { body: { subscriptionId: 'x', data: [light] } }, 200, { power: 70, light: 7 }],
      [`DELETE ${path}/attrs/light`, {}, 204, { power: 70 }],
      [`DELETE ${path}`, {}, 204, 404],
      [`DELETE ${path}`, {}, noEntity, 404],
      [`PUT ${path}/attrs?type=Lamp`, { body: { power: number(71) } }, noEntity, 404],
      ['POST /v2/op/update', update('append', light), 204, { light: 7 }],
      ['POST /v2/op/update', update('delete', { id: 'Lamp1', type: 'Lamp' }), 204, 404],
    ];
    for (const [line, sending, answer, there] of steps) {
      const given = await send(tenant, line, sending);
      expect([line, given]).toMatchObject([line, typeof answer === 'number' ? { status: answer } : answer]);
      const expected = typeof there === 'number' ? there : { id: 'Lamp1', type: 'Lamp', ...there };
      expect([line, await at(tenant, 'Lamp1', other)]).toEqual([line, expected]);
      expect([line, await at(tenant, 'Lamp1', broker)]).toEqual([line, 404]);
    }
  });

  test('of NGSI-LD divide the writes of v2 by the attributes that they have', async () => {
    const tenant = `divide_${store}`;
    await registerLd(tenant, { mode: 'exclusive', attrs: ['light'] });
    const both = { ...lamp, light: light.light };
    const room = { id: 'Room1', type: 'Room', power: number(1) };
    expect(
      (await send(tenant, 'POST /v2/op/update', update('append', room, both, { ...room, power: number(2) }))).status,
    ).toBe(204);
    expect(await at(tenant, 'Lamp1', broker)).toEqual({ id: 'Lamp1', type: 'Lamp', power: 70 });
    expect(await at(tenant, 'Lamp1', other)).toEqual({ id: 'Lamp1', type: 'Lamp', light: 7 });
    expect(await at(tenant, 'Room1', broker)).toEqual({ id: 'Room1', type: 'Room', power: 2 });
    expect(await at(tenant, 'Room1', other)).toBe(404);
    expect(await send(tenant, 'POST /v2/entities', { body: both })).toMatchObject(
      refusal(422, 'Unprocessable', 'Already Exists'),
    );
    expect((await send(tenant, 'PUT /v2/entities/Lamp1/attrs', { body: { light: number(9) } })).status).toBe(204);
    expect(await at(tenant, 'Lamp1', broker)).toEqual({ id: 'Lamp1', type: 'Lamp' });
    expect(await at(tenant, 'Lamp1', other)).toEqual({ id: 'Lamp1', type: 'Lamp', light: 9 });
    expect((await send(tenant, 'DELETE /v2/entities/Lamp1/attrs/light')).status).toBe(204);
    expect(await at(tenant, 'Lamp1', other)).toEqual({ id: 'Lamp1', type: 'Lamp' });
    expect((await send(tenant, 'DELETE /v2/entities/Lamp1')).status).toBe(204);
    expect([await at(tenant, 'Lamp1', broker), await at(tenant, 'Lamp1', other)]).toEqual([404, 404]);
    const untyped = { id: 'Lamp1', light: number(5) };
    expect((await send(tenant, 'POST /v2/entities?options=upsert', { body: untyped })).status).toBe(204);
    expect(await at(tenant, 'Lamp1', broker)).toBe(404);
    expect(await at(tenant, 'Lamp1', other)).toEqual({ id: 'Lamp1', type: 'Lamp', light: 5 });
  });

  test('of NGSI-LD that are inclusive get copies of writes of v2, and one that fails harms nothing here', async () => {
    const tenant = `copies_${store}`;
    await registerLd(tenant, { mode: 'inclusive' });
    await registerLd(tenant, { mode: 'inclusive', endpoint: 'http://127.0.0.1:9' });
    const headers = { 'Fiware-ServicePath': '/street' };
    expect((await send(tenant, 'POST /v2/entities', { body: lamp, headers })).status).toBe(201);
    const replaced = { body: { power: number(70) }, headers };
    expect((await send(tenant, 'PUT /v2/entities/Lamp1/attrs', replaced)).status).toBe(204);
    const added = { body: { light: number(8) }, headers };
    expect((await send(tenant, 'POST /v2/entities/Lamp1/attrs', added)).status).toBe(204);
    const scoped = await send(tenant, 'GET /ngsi-ld/v1/entities/urn:ngsi-v2:Lamp1', { at: other });
    expect(scoped.body).toMatchObject({ scope: '/street' });
    const whole = { id: 'Lamp1', type: 'Lamp', power: 70, light: 8 };
    expect([await at(tenant, 'Lamp1', broker), await at(tenant, 'Lamp1', other)]).toEqual([whole, whole]);
    expect((await send(tenant, 'DELETE /v2/entities/Lamp1', { headers })).status).toBe(204);
    expect([await at(tenant, 'Lamp1', broker), await at(tenant, 'Lamp1', other)]).toEqual([404, 404]);
  });

  test('of NGSI-LD whose sources do not take a write of v2 are told, and nothing of it stays here', async () => {
    for (const [tenant, how, why] of [
      ['broken', { endpoint: 'http://127.0.0.1:9' }, 'did not answer'],
      ['unoffered', { operations: ['retrieveOps'] }, 'does not offer'],
    ] as const) {
      const answer = { status: 422, body: { error: 'Unprocessable', description: expect.stringContaining(why) } };
      await registerLd(tenant, { mode: 'redirect', ...how });
      for (const line of ['POST /v2/entities', 'POST /v2/entities?options=upsert'])
        expect(await send(tenant, line, { body: lamp })).toMatchObject(answer);
      expect(await send(tenant, 'POST /v2/op/update', update('append', lamp))).toMatchObject(answer);
      expect(await send(tenant, 'DELETE /v2/entities/Lamp1?type=Lamp')).toMatchObject(answer);
      expect(await at(tenant, 'Lamp1', broker)).toBe(404);
    }
  });
});
