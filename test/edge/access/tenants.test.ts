/** Tests that rights in one tenant give nothing in another one, by any road to it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { airDataset, catalogue } from '../../city/catalogue/city-datasets.ts';
import { type RequiredBroker, startRequiredBroker } from './required-broker.ts';

const ld = '/ngsi-ld/v1';
const always = 'timeproperty=modifiedAt&timerel=after&timeAt=2020-01-01T00:00:00Z';
const snapshot = 'urn:ngsi-ld:Snapshot:b';
const models = 'https://smart-data-models.mlaka.si';
const [inA, inB] = [{ 'NGSILD-Tenant': 'a' }, { 'NGSILD-Tenant': 'b' }];
const lamp = (n: number) => ({ type: 'Lamp', n: { type: 'Property', value: n, observedAt: '2026-03-01T08:00:00Z' } });
const stored = { id: 'urn:x:1', ...lamp(4242) };
const subscription = {
  id: 'urn:ngsi-ld:Subscription:b',
  type: 'Subscription',
  entities: [{ type: 'Lamp' }],
  notification: { endpoint: { uri: 'http://127.0.0.1:9/' } },
};

let broker: RequiredBroker;
let app: string;

/** The app may do all that a grant can give, but only in the tenant a. The tenant b and the default tenant have data. */
beforeAll(async () => {
  broker = await startRequiredBroker(['--notify-allow-private']);
  app = await broker.key('app');
  const operations = ['read', 'write', 'delete', 'subscribe', 'history', 'register', 'administer', 'audit'];
  await broker.grant({ to: 'role:app', operations, tenants: ['a'] });
  const snapshotQueries = [{ type: 'Query', entities: [{ type: 'Lamp' }] }];
  const ldJson = { ...inB, 'Content-Type': 'application/ld+json' };
  const described = [catalogue, airDataset].map((one) => ({
    '@context': `${models}/catalogue/context.jsonld`,
    ...one,
  }));
  const pm10 = { type: 'Property', value: 4242 };
  const air = { id: 'urn:x:air', type: 'AirQualityObserved', pm10 };
  for (const [path, headers, body] of [
    ['entities', inA, { id: 'urn:x:a', ...lamp(1) }],
    ['entities', inB, stored],
    ['entities', {}, stored],
    ...[...described, { '@context': `${models}/environment/context.jsonld`, ...air }].map(
      (one) => ['entities', ldJson, one] as const,
    ),
    ['subscriptions', inB, subscription],
    ['snapshots', inB, { id: snapshot, type: 'Snapshot', snapshotQueries }],
  ] as const) {
    const { status } = await broker.send(`POST ${ld}/${path}`, { key: broker.administrator, body, headers });
    expect([path, status]).toEqual([path, 201]);
  }
});
afterAll(() => broker.stop());

const roads: readonly (readonly [string, unknown?])[] = [
  ...[
    ...['entities?type=Lamp&count=true', 'entities/urn:x:1', `temporal/entities?type=Lamp&${always}`, 'types'],
    ...[`temporal/entities/urn:x:1?${always}`, 'attributes', 'subscriptions', `subscriptions/${subscription.id}`],
    ...['csourceRegistrations?type=Lamp', 'csourceSubscriptions', `snapshots/${snapshot}`],
    ...['access/grants', 'access/audit', 'jobs', 'jsonldContexts', 'stream?type=Lamp', 'entityMaps?type=Lamp'],
    `subscriptions/${subscription.id}/explain?entity=urn:x:1`,
  ].map((path): [string] => [`GET ${ld}/${path}`]),
  ...[`subscriptions/${subscription.id}`, `snapshots/${snapshot}`, 'entities/urn:x:1'].map((path): [string] => [
    `DELETE ${ld}/${path}`,
  ]),
  [`POST ${ld}/subscriptions`, { ...subscription, id: 'urn:ngsi-ld:Subscription:more' }],
  [`POST ${ld}/snapshots/${snapshot}/clone`, {}],
  [`POST ${ld}/entities`, { id: 'urn:x:new', type: 'Lamp' }],
  [`PATCH ${ld}/entities/urn:x:1/attrs`, { n: { type: 'Property', value: 0 } }],
  [`POST ${ld}/entityOperations/upsert`, [stored]],
  [`POST ${ld}/entityOperations/delete`, ['urn:x:1']],
  [`POST ${ld}/entityOperations/query`, { type: 'Query', entities: [{ type: 'Lamp' }] }],
  ...['entities?type=Lamp&options=count', 'entities/urn:x:1', 'types', 'subscriptions', 'registrations'].map(
    (path): [string] => [`GET /v2/${path}`],
  ),
  ['POST /v2/op/query', { entities: [{ idPattern: '.*' }] }],
  ['POST /v2/op/update', { actionType: 'append', entities: [{ id: 'urn:x:1', type: 'Lamp' }] }],
  ...['GET /ql/v2/entities', 'GET /ql/v2/entities/urn:x:1', 'GET /ql/v2/attrs/n/value'].map((one): [string] => [one]),
  ['DELETE /ql/v2/entities/urn:x:1'],
  ['GET /STH/v2/entities/urn:x:1/attrs/n?type=Lamp&lastN=1'],
  ['DELETE /STH/v1/contextEntities'],
  ...[
    'GET /dcat/catalog',
    'GET /dcat/dataset/air-quality',
    'GET /data/air-quality.csv',
    'GET /api/3/action/package_list',
  ].map((one): [string] => [one]),
];

test.each([
  ['NGSILD-Tenant', inB],
  ['Fiware-Service', { 'Fiware-Service': 'b' }],
  ['both', { ...inB, 'Fiware-Service': 'b' }],
  ['neither, which is the default tenant', {}],
])('every road to another tenant is closed, with its name in %s', async (_, headers) => {
  const answers = [];
  for (const [request, body] of roads) {
    const { status, text } = await broker.send(request, { key: app, headers, ...(body === undefined ? {} : { body }) });
    answers.push([request, status, text.includes('4242')]);
  }
  expect(answers).toEqual(roads.map(([request]) => [request, 403, false]));
});

test.each([
  ['two headers that differ', { ...inA, 'Fiware-Service': 'b' }],
  ['two headers that differ the other way', { ...inB, 'Fiware-Service': 'a' }],
  ['two names in one header', { 'NGSILD-Tenant': 'a, b' }],
  ['another case', { 'NGSILD-Tenant': 'B' }],
  ['its code', { 'NGSILD-Tenant': '%62' }],
])('%s never lead to the other tenant', async (_, headers) => {
  for (const path of [`${ld}/entities?type=Lamp`, `${ld}/entities/urn:x:1`, '/ql/v2/entities', '/v2/entities']) {
    const { status, text } = await broker.send(`GET ${path}`, { key: app, headers });
    expect([path, status < 500, text.includes('4242')]).toEqual([path, true, false]);
  }
});

test('a snapshot, a subscription and a dataset of another tenant are not in the own one', async () => {
  const within = { key: app, headers: { ...inA, 'NGSILD-Snapshot': snapshot } };
  expect((await broker.send(`GET ${ld}/entities?type=Lamp`, within)).status).toBe(404);
  const [file, catalog] = ['/data/air-quality.csv', '/dcat/catalog'];
  for (const path of [`${ld}/snapshots/${snapshot}`, `${ld}/subscriptions/${subscription.id}`, file])
    expect([path, (await broker.send(`GET ${path}`, { key: app, headers: inA })).status]).toEqual([path, 404]);
  expect((await broker.send(`GET ${catalog}`, { key: app, headers: inA })).text).not.toContain('air-quality');
  const ckan = 'GET /api/3/action/package_list';
  expect(JSON.parse((await broker.send(ckan, { key: app, headers: inA })).text)).toMatchObject({ result: [] });
  // They are there for who may see them.
  const theirs = { key: broker.administrator, headers: inB };
  expect((await broker.send(`GET ${file}`, theirs)).text).toContain('4242');
  expect((await broker.send(`GET ${catalog}`, theirs)).text).toContain('air-quality');
  expect((await broker.send(ckan, theirs)).text).toContain('air-quality');
});

test('a ticket of one tenant does not open the stream of another one', async () => {
  const made = await broker.send(`POST ${ld}/stream/tickets`, { key: app, headers: inA });
  const { ticket } = JSON.parse(made.text) as { ticket: string };
  const socket = new WebSocket(
    `${broker.url.replace('http', 'ws')}${ld}/stream?tenant=b&ticket=${ticket}`,
    'ngsi-ld-ws.v1',
    {
      headers: inB,
    },
  );
  const frames: string[] = [];
  socket.on('message', (frame: Buffer) => frames.push(frame.toString()));
  await new Promise((resolve) => socket.on('open', resolve));
  const lamps = { type: 'Subscription', entities: [{ type: 'Lamp' }] };
  socket.send(JSON.stringify({ op: 'subscribe', id: 's', subscription: lamps, snapshot: true }));
  socket.send(JSON.stringify({ op: 'request', id: 'r', operation: 'retrieveEntity', path: { id: 'urn:x:1' } }));
  while (!frames.some((one) => one.includes('"id":"r"')) || !frames.some((one) => one.includes('"op":"snapshot"')))
    await new Promise((resolve) => socket.once('message', resolve));
  socket.terminate();
  expect(frames.join('')).toContain('urn:x:a');
  expect(frames.join('')).not.toContain('4242');
});

test('a registration of the own tenant that leads to another tenant of this broker has no rights there', async () => {
  const body = {
    ...{ id: 'urn:ngsi-ld:ContextSourceRegistration:b', type: 'ContextSourceRegistration' },
    ...{ information: [{ entities: [{ type: 'Lamp' }] }], endpoint: broker.url, tenant: 'b', mode: 'inclusive' },
    operations: ['federationOps', 'redirectionOps'],
  };
  expect((await broker.send(`POST ${ld}/csourceRegistrations`, { key: app, headers: inA, body })).status).toBe(201);
  for (const path of ['entities?type=Lamp', 'entities/urn:x:1', 'types'])
    expect((await broker.send(`GET ${ld}/${path}`, { key: app, headers: inA })).text).not.toContain('4242');
  const change = { n: { type: 'Property', value: 0 } };
  await broker.send(`PATCH ${ld}/entities/urn:x:1/attrs`, { key: app, headers: inA, body: change });
});

test('nothing was changed in the other tenant', async () => {
  const theirs = { key: broker.administrator, headers: inB };
  expect(JSON.parse((await broker.send(`GET ${ld}/entities?type=Lamp`, theirs)).text)).toEqual([stored]);
  for (const path of [`snapshots/${snapshot}`, `subscriptions/${subscription.id}`])
    expect([path, (await broker.send(`GET ${ld}/${path}`, theirs)).status]).toEqual([path, 200]);
});
