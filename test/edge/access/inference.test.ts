/** Tests that no road tells anything about the values of a hidden attribute or a hidden entity: answers stay the same when these change. */
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
  folder = mkdtempSync(join(tmpdir(), 'mlaka-inference-'));
  const args = ['--port', '0', '--data', folder, '--log-level', 'silent', '--models', 'off', '--access', 'required'];
  broker = await startBroker(readConfig({ args: [...args, '--notify-allow-private'], env: {} }));
  administrator = readFileSync(join(folder, 'administrator.key'), 'utf8').trim();
  receiver = await startReceiver();
  app = (
    JSON.parse((await send('POST /ngsi-ld/v1/access/keys', administrator, { name: 'app', roles: ['app'] })).text) as {
      key: string;
    }
  ).key;
  const grant = {
    to: 'key:app',
    operations: ['read', 'write', 'delete', 'subscribe', 'history'],
    types: ['Lamp'],
    attrs: ['n', 'next'],
  };
  expect((await send('POST /ngsi-ld/v1/access/grants', administrator, grant)).status).toBe(201);
});
afterEach(async () => {
  await stopReceivers();
  await broker.stop();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly count: string | null;
}

async function send(
  request: string,
  key: string,
  json?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const [method = '', path = ''] = request.split(' ');
  const answer = await fetch(`${broker.url}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${key}`,
      ...(json === undefined ? undefined : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(json === undefined ? undefined : { body: JSON.stringify(json) }),
  });
  const count = answer.headers.get('NGSILD-Results-Count') ?? answer.headers.get('Fiware-Total-Count');
  return { status: answer.status, text: await answer.text(), count };
}

const place = (x: number): JsonObject => ({ type: 'GeoProperty', value: { type: 'Point', coordinates: [x, 46] } });
const number = (value: number): JsonObject => ({ type: 'Property', value, accuracy: { type: 'Property', value } });

/** Two worlds that differ only in what the caller may not see. */
const worlds: readonly (readonly JsonObject[])[] = [1, 2].map((world) => [
  lamp(1, {
    secret: number(world),
    location: place(world),
    linked: { type: 'Relationship', object: `urn:x:${world}` },
  }),
  lamp(2, { secret: number(3 - world), location: place(3 - world) }),
  lamp(3, world === 1 ? { other: number(1) } : { secret: number(5) }),
  { id: 'urn:m:1', type: 'Meter', n: number(world), next: { type: 'Relationship', object: `urn:x:${world}` } },
]);

function lamp(n: number, hidden: JsonObject): JsonObject {
  return {
    id: `urn:x:${n}`,
    type: 'Lamp',
    n: { type: 'Property', value: n },
    next: { type: 'Relationship', object: 'urn:m:1' },
    ...hidden,
  };
}

async function load(world: readonly JsonObject[]): Promise<void> {
  const { status } = await send('POST /ngsi-ld/v1/entityOperations/upsert', administrator, world);
  expect([201, 204]).toContain(status);
}

const ld = '/ngsi-ld/v1';
const near = 'georel=near;maxDistance==90000&geometry=Point&coordinates=[1,46]';
const always = 'timerel=after&timeAt=2020-01-01T00:00:00Z';
const always2 = `${always}&format=temporalValues`;

const roads: readonly (readonly [string, JsonObject?])[] = [
  ...['secret==1', 'secret>1', '!secret', 'secret', 'secret.accuracy>1', 'other'].flatMap((q): [string][] => [
    [`GET ${ld}/entities?type=Lamp&count=true&q=${encodeURIComponent(q)}`],
    [`GET ${ld}/temporal/entities?type=Lamp&${always2}&q=${encodeURIComponent(q)}`],
  ]),
  ...['next{Meter:n}>1', 'linked{Lamp:n}==1', 'next{Meter:next{Lamp:n}}==1'].map((q): [string] => [
    `GET ${ld}/entities?type=Lamp&count=true&join=flat&joinLevel=2&q=${encodeURIComponent(q)}`,
  ]),
  [`GET ${ld}/entities?type=Lamp&orderBy=secret`],
  [`GET ${ld}/entities?type=Lamp&orderBy=secret;desc&limit=1`],
  [`GET ${ld}/entities?type=Lamp&orderBy=modifiedAt`],
  [`GET ${ld}/entities?type=Lamp&count=true&${near}`],
  [`GET ${ld}/entities?type=Lamp&attrs=secret&count=true`],
  [`GET ${ld}/entities?type=Lamp&join=inline&joinLevel=1`],
  [`GET ${ld}/entities?type=Lamp&join=flat&joinLevel=2`],
  [`GET ${ld}/entities?type=Meter&count=true`],
  [`GET ${ld}/entities/urn:x:1`],
  [`GET ${ld}/entities/urn:x:1?pick=secret`],
  [`GET ${ld}/entities/urn:m:1`],
  [`GET ${ld}/entities/urn:x:1/attrs/secret`],
  [`GET ${ld}/entities/urn:x:1/attrs/secret/value`],
  [`PUT ${ld}/entities/urn:x:1/attrs/secret/value`, { value: 1 }],
  [`PATCH ${ld}/entities/urn:x:1/attrs/secret`, { value: 1 }],
  [`POST ${ld}/entities/urn:x:1/attrs?options=noOverwrite`, { secret: { type: 'Property', value: 1 } }],
  [`DELETE ${ld}/entities/urn:x:3/attrs/secret`],
  [`DELETE ${ld}/entities/urn:x:3/attrs/other`],
  [`POST ${ld}/entityOperations/query`, { type: 'Query', entities: [{ type: 'Lamp' }], q: 'secret>1' }],
  [`GET ${ld}/types`],
  [`GET ${ld}/types/Lamp`],
  [`GET ${ld}/attributes?details=true`],
  [`GET ${ld}/attributes/secret`],
  [`GET ${ld}/temporal/entities/urn:x:1?${always2}`],
  [
    `GET ${ld}/temporal/entities/urn:x:1?${always}&attrs=secret&aggrMethods=max&aggrPeriodDuration=PT0S&format=aggregatedValues`,
  ],
  [`GET ${ld}/access/explain?operation=read&entity=urn:x:3&attribute=secret`],
  [`GET ${ld}/access/explain?operation=read&entity=urn:m:1`],
  [`GET ${ld}/access/explain?operation=write&entity=urn:x:3`],
  ['GET /v2/entities?type=Lamp&orderBy=secret&options=count'],
  ['GET /v2/entities?type=Lamp&orderBy=!secret&limit=1'],
  ['GET /v2/entities?type=Lamp&orderBy=dateModified'],
  ['GET /v2/entities?type=Lamp&q=secret>1&options=count'],
  ['GET /v2/entities?type=Lamp&q=!secret&options=count'],
  ['GET /v2/entities?type=Lamp&mq=secret.accuracy>1&options=count'],
  ['GET /v2/entities?type=Lamp&attrs=secret&options=count'],
  ['GET /v2/entities?type=Lamp&georel=near;maxDistance:90000&geometry=point&coords=46,1&options=count'],
  ['GET /v2/entities?type=Lamp&orderBy=geo:distance&georel=near;maxDistance:900000&geometry=point&coords=46,1'],
  ['GET /v2/entities/urn:x:1'],
  ['GET /v2/entities/urn:x:1/attrs/secret'],
  ['GET /v2/entities/urn:x:1/attrs/secret/value'],
  ['GET /v2/types'],
  ['GET /v2/types/Lamp'],
  ['POST /v2/op/query?options=count', { entities: [{ idPattern: '.*', type: 'Lamp' }], expression: { q: 'secret>1' } }],
  ['POST /v2/op/query?orderBy=secret', { entities: [{ idPattern: '.*' }] }],
  ['PUT /v2/entities/urn:x:1/attrs/secret', { value: 1, type: 'Number' }],
  ['POST /v2/entities/urn:x:1/attrs?options=append', { secret: { value: 1, type: 'Number' } }],
  ['DELETE /v2/entities/urn:x:3/attrs/secret'],
  ['DELETE /v2/entities/urn:x:3/attrs/other'],
];

/** What differs in each answer anyway: times and ids that the broker makes. */
const masked = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, 'UUID');

const sent = async ([request, body]: (typeof roads)[number]): Promise<readonly unknown[]> => {
  const { status, text, count } = await send(request.replaceAll(/[<>!]/g, encodeURIComponent), app, body);
  return [request, body, status, masked(text), count];
};

test('answers do not depend on hidden attributes and entities', async () => {
  const [one = [], other = []] = worlds;
  await load(one);
  const before = [];
  for (const road of roads) before.push(await sent(road));
  // A road that is refused as malformed would tell nothing by itself.
  expect(before.filter(([, , status]) => Number(status) === 400 || Number(status) >= 500)).toEqual([]);
  await load(other);
  for (const [index, road] of roads.entries()) expect(await sent(road)).toEqual(before[index]);
});

test('conditions of subscriptions do not depend on hidden attributes', async () => {
  const [one = [], other = []] = worlds;
  await load(one);
  const endpoint = { uri: receiver.url };
  for (const q of ['secret==2', 'secret>1', 'secret.accuracy>1']) {
    const subscription = { type: 'Subscription', entities: [{ type: 'Lamp' }], q, notification: { endpoint } };
    expect((await send(`POST ${ld}/subscriptions`, app, subscription)).status).toBe(201);
  }
  const watched = {
    type: 'Subscription',
    entities: [{ type: 'Lamp' }],
    watchedAttributes: ['secret'],
    notification: { endpoint },
  };
  expect((await send(`POST ${ld}/subscriptions`, app, watched)).status).toBe(201);
  const v2 = {
    subject: { entities: [{ idPattern: '.*', type: 'Lamp' }], condition: { attrs: [], expression: { q: 'secret>1' } } },
    notification: { http: { url: receiver.url } },
  };
  const v2Watched = { ...v2, subject: { ...v2.subject, condition: { attrs: ['secret'] } } };
  const mq = { ...v2, subject: { ...v2.subject, condition: { attrs: [], expression: { mq: 'secret.accuracy>1' } } } };
  for (const body of [v2, v2Watched, mq]) expect((await send('POST /v2/subscriptions', app, body)).status).toBe(201);
  const all = { type: 'Subscription', entities: [{ type: 'Lamp' }], notification: { endpoint, attributes: ['n'] } };
  await load(other);
  expect((await send(`POST ${ld}/subscriptions`, app, all)).status).toBe(201);
  const lamps = other.filter(({ type }) => type === 'Lamp').map((entity) => ({ ...entity, n: number(9) }));
  await load(lamps);
  // Only the last one, whose condition is on what is visible, is told.
  while (receiver.received.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(masked(JSON.stringify(receiver.received.map(({ body }) => body)))).not.toContain('secret');
  expect(receiver.received).toHaveLength(3);
});
