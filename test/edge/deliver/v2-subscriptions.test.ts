/** Tests the delivery of subscriptions of NGSI v2 with the real engine, store and HTTP: when they notify, what, and what is counted. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { openPolicy } from '../../../src/core/access/policy.ts';
import { anonymous } from '../../../src/core/access/identity.ts';
import { createClock } from '../../../src/app/process.ts';
import type { Fragments } from '../../../src/core/model/attribute.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import type { Mutation } from '../../../src/core/model/mutation.ts';
import { perform } from '../../../src/core/operation/perform.ts';
import type { Operation, OperationResult } from '../../../src/core/operation/operation.ts';
import {
  createV2Subscription,
  deleteV2Subscription,
  listV2Subscriptions,
  retrieveV2Subscription,
  updateV2Subscription,
} from '../../../src/core/operation/subscription/v2/operations.ts';
import { listSubscriptions } from '../../../src/core/operation/subscription/read-subscriptions.ts';
import {
  listDeadLetters,
  replayDeadLetters,
  retrieveDeadLetter,
} from '../../../src/core/operation/subscription/dead-letters.ts';
import { explainSubscription } from '../../../src/core/operation/subscription/explain.ts';
import { createDeliveryEngine } from '../../../src/edge/deliver/engine.ts';
import { createHttpMessenger } from '../../../src/edge/deliver/http-messenger.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';
import { createTestServices } from '../../test-services.ts';
import { eventually } from './test-broker.ts';

const vocabulary = 'https://uri.etsi.org/ngsi-ld/default-context/';
const uri = (id: string): string => `urn:ngsi-v2:${id}`;

interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Bench {
  readonly url: string;
  readonly received: Received[];
  status: number;
  send(
    operation: Operation,
    request?: { path?: Record<string, string>; params?: Record<string, string>; body?: Json; servicePath?: string },
  ): Promise<OperationResult>;
  subscribe(subscription: JsonObject, servicePath?: string): Promise<string>;
  read(id: string): Promise<JsonObject>;
  /** Creates an entity of type T, or writes its attributes. */
  write(
    id: string,
    attrs: Record<string, Json>,
    more?: { readonly scope?: string; readonly correlator?: string },
  ): Promise<void>;
  apply(mutation: Mutation, correlator?: string): Promise<void>;
  until(count: number): Promise<readonly Received[]>;
  /** What was notified, when everything that was written is delivered. */
  bodies(count: number): Promise<readonly unknown[]>;
}

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function startServer(bench: () => Bench): Promise<Server> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      bench().received.push({ method, path: url, headers, text: Buffer.concat(pieces).toString() });
      response.writeHead(bench().status).end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  stops.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return server;
}

async function openBench(tenant = ''): Promise<Bench> {
  const observe = (): unknown => undefined;
  const clock = createClock();
  const stores = createMemoryStores({ yieldToEventLoop: () => undefined });
  const store = await stores.open(tenant, true);
  if (!store) throw new Error('there is no store');
  const parts = createTestServices({ stores, clock, observe });
  const messenger = createHttpMessenger({ timeoutMs: 5000 });
  const engine = createDeliveryEngine({
    messenger,
    services: parts,
    concurrency: 8,
    attemptsMax: 3,
    deadLettersMax: 10,
  });
  const services = { ...parts, subscriptions: engine.subscriptions };
  await engine.start();
  stops.unshift(() => engine.stop());
  const server = await startServer(() => bench);
  const caller = {
    tenant,
    principal: openPolicy.principalOf(anonymous),
    context: services.contexts.core,
    media: 'json',
  } as const;
  const bench: Bench = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    status: 200,
    send: (operation, { path = {}, params = {}, body, servicePath } = {}) =>
      perform(
        operation,
        { path, params, ...(body === undefined ? {} : { body }) },
        {
          caller: {
            ...caller,
            ...(servicePath === undefined ? {} : { headers: { 'fiware-servicepath': servicePath } }),
          },
          services,
        },
      ),
    async subscribe(subscription, servicePath) {
      const made = await bench.send(createV2Subscription, {
        body: subscription,
        ...(servicePath === undefined ? {} : { servicePath }),
      });
      if (made.kind !== 'created') throw new Error('it was not created');
      return made.location.slice('/v2/subscriptions/'.length);
    },
    read: async (id) => jsonIn(await bench.send(retrieveV2Subscription, { path: { id } })) as JsonObject,
    async write(id, attrs, { scope, correlator } = {}) {
      const fragments: Fragments = Object.fromEntries(
        Object.entries(attrs).map(([name, value]) => [vocabulary + name, [{ kind: 'Property', value }]]),
      );
      const entity = { types: [`${vocabulary}T`], attrs: fragments, ...(scope === undefined ? {} : { scope }) };
      await bench.apply({ op: 'upsert', id: uri(id), entity, mode: 'update' }, correlator);
    },
    async apply(mutation, correlator) {
      const write = { mutation, ...(correlator === undefined ? {} : { correlator }) };
      const [outcome] = await store.apply([write], clock.now());
      if (outcome?.status === 'refused') throw new Error(outcome.problem.detail);
    },
    until: (count) =>
      eventually(
        () => Promise.resolve(bench.received),
        ({ length }) => length >= count,
      ),
    bodies: async (count) => (await bench.until(count)).map(({ text }) => JSON.parse(text) as unknown),
  };
  return bench;
}

const jsonIn = (result: OperationResult): unknown => {
  if (result.kind !== 'found') throw new Error('it was not found');
  return JSON.parse(String(result.text)) as unknown;
};

/** A subscription to all entities of type T. */
const toAll = ({ url }: Bench, notification: JsonObject = {}, condition?: JsonObject): JsonObject => ({
  subject: { entities: [{ idPattern: '.*', type: 'T' }], ...(condition ? { condition } : {}) },
  notification: { http: { url: `${url}/notify` }, ...notification },
});

test('a change is notified in normalized form, with the headers that FIWARE components need, and is counted', async () => {
  const bench = await openBench('city');
  const id = await bench.subscribe(toAll(bench));
  expect(id).toMatch(/^[0-9a-f]{24}$/);
  expect(await bench.read(id)).not.toHaveProperty('notification.timesSent');
  await bench.write('E', { A: 1 });
  const [first] = await bench.until(1);
  expect(first?.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'ngsiv2-attrsformat': 'normalized',
    'fiware-servicepath': '/',
    'fiware-service': 'city',
    'fiware-correlator': expect.stringMatching(/^[0-9a-f-]{36}; cbnotif=1$/),
  });
  expect(JSON.parse(first?.text ?? '')).toEqual({
    subscriptionId: id,
    data: [{ id: 'E', type: 'T', A: { type: 'Number', value: 1, metadata: {} } }],
  });
  const shown = await eventually(
    () => bench.read(id),
    ({ notification }) => (notification as JsonObject)['lastSuccessCode'] !== undefined,
  );
  expect(shown).toMatchObject({ id, status: 'active', notification: { timesSent: 1, lastSuccessCode: 200 } });
  expect((shown['notification'] as JsonObject)['lastSuccess']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('the same value again is no change, and attributes that are not watched do not notify', async () => {
  const bench = await openBench();
  await bench.subscribe(toAll(bench, { attrsFormat: 'keyValues' }, { attrs: ['A'] }));
  await bench.write('E', { A: 1, B: 1 });
  await bench.write('E', { A: 1 });
  await bench.write('E', { B: 2 });
  await bench.write('F', { B: 2 });
  await bench.write('E', { A: 3 });
  expect((await bench.bodies(2)).map((body) => (body as { data: unknown[] }).data[0])).toEqual([
    { id: 'E', type: 'T', A: 1, B: 1 },
    { id: 'E', type: 'T', A: 3, B: 2 },
  ]);
});

test('a deletion is notified with the last state, and entityUpdate also without a new value', async () => {
  const bench = await openBench();
  const attrs = ['alterationType', 'A'];
  await bench.subscribe(
    toAll(bench, { attrs, attrsFormat: 'simplifiedKeyValues' }, { alterationTypes: ['entityDelete', 'entityUpdate'] }),
  );
  await bench.write('E', { A: 1 });
  await bench.write('E', { A: 1 });
  await bench.write('E', { A: 2 });
  await bench.apply({ op: 'delete', id: uri('E') });
  expect(await bench.bodies(3)).toEqual([
    { id: 'E', type: 'T', alterationType: 'entityUpdate', A: 1 },
    { id: 'E', type: 'T', alterationType: 'entityChange', A: 2 },
    { id: 'E', type: 'T', alterationType: 'entityDelete', A: 2 },
  ]);
});

test('attributes are shown as asked: exceptAttrs, covered, onlyChangedAttrs, values and built-in metadata', async () => {
  const bench = await openBench();
  const keyValues = { attrsFormat: 'simplifiedKeyValues' };
  await bench.write('E', { A: 1, B: 1, C: 1 });
  const path = (name: string): JsonObject => ({ http: { url: `${bench.url}/${name}` } });
  await bench.subscribe(toAll(bench, { ...path('except'), ...keyValues, exceptAttrs: ['A'] }));
  await bench.subscribe(toAll(bench, { ...path('covered'), ...keyValues, attrs: ['A', 'Z'], covered: true }));
  await bench.subscribe(toAll(bench, { ...path('changed'), ...keyValues, onlyChangedAttrs: true }));
  await bench.subscribe(toAll(bench, { ...path('values'), attrsFormat: 'values', attrs: ['C', 'A'] }));
  await bench.subscribe(
    toAll(bench, { ...path('previous'), attrs: ['A', 'B'], metadata: ['previousValue', 'actionType'] }),
  );
  await bench.write('E', { A: 2 });
  await bench.until(5);
  const sent = Object.fromEntries(
    bench.received.map(({ path: place, text }) => [place, JSON.parse(text) as JsonObject]),
  );
  expect(sent['/except']).toEqual({ id: 'E', type: 'T', B: 1, C: 1 });
  expect(sent['/covered']).toEqual({ id: 'E', type: 'T', A: 2, Z: null });
  expect(sent['/changed']).toEqual({ id: 'E', type: 'T', A: 2 });
  expect(sent['/values']).toMatchObject({ data: [[1, 2]] });
  expect(sent['/previous']).toMatchObject({
    data: [
      {
        A: {
          value: 2,
          metadata: { previousValue: { type: 'Number', value: 1 }, actionType: { type: 'Text', value: 'update' } },
        },
        B: { value: 1, metadata: {} },
      },
    ],
  });
});

test('a custom notification has its own method, address, headers and content, with macros', async () => {
  const bench = await openBench();
  const custom = {
    url: `${bench.url}/of/\${id}`,
    method: 'PUT',
    qs: { t: '${type}' },
    headers: {
      'X-A': '${A}',
      '${H}st': 'other.example',
      'X-Auth-Token': '',
      'Content-Type': 'text/csv',
      'Ngsiv2-AttrsFormat': 'mine',
    },
    payload: '${id}|${A}|%22',
  };
  const { subject } = toAll(bench) as { subject: JsonObject };
  await bench.subscribe({ subject, notification: { httpCustom: custom } });
  await bench.write('E', { A: 1, H: 'Ho' });
  const [first] = await bench.until(1);
  expect(first).toMatchObject({ method: 'PUT', path: '/of/E?t=T', text: 'E|1|"' });
  expect(first?.headers).toMatchObject({ 'x-a': '1', 'content-type': 'text/csv', 'ngsiv2-attrsformat': 'custom' });
  expect(first?.headers['host']).toBe(new URL(bench.url).host);
  const ngsi = {
    url: bench.url,
    ngsi: {
      C: { value: '${A*2}', type: 'Calculated', metadata: { evalPriority: { type: 'Number', value: 1 } } },
      D: { value: '${C+1}', type: 'Number' },
      type: 'New',
    },
  };
  await bench.subscribe({ subject, notification: { httpCustom: ngsi, attrs: ['C', 'D'] } });
  const json = { url: bench.url, json: { place: '${id}', value: '${A}', all: ['${A|toFixed(1)}'] } };
  await bench.subscribe({ subject, notification: { httpCustom: json } });
  await bench.write('E', { A: 4 });
  const texts = (await bench.until(4)).map(({ text }) => text);
  expect(texts).toContain('{"place":"E","value":4,"all":[4]}');
  const patched = texts.find((text) => text.includes('subscriptionId')) ?? '{}';
  expect(JSON.parse(patched)).toMatchObject({
    data: [
      {
        id: 'E',
        type: 'New',
        C: { type: 'Calculated', value: 8, metadata: {} },
        D: { type: 'Number', value: 9, metadata: {} },
      },
    ],
  });
});

test('a subscription notifies of entities in its service path only', async () => {
  const bench = await openBench();
  await bench.subscribe(toAll(bench, { attrsFormat: 'simplifiedKeyValues' }), '/a/#');
  await bench.write('E', { A: 1 }, { scope: '/b' });
  await bench.write('F', { A: 1 }, { scope: '/a/b' });
  await bench.write('G', { A: 1 });
  await bench.write('H', { A: 1 }, { scope: '/a' });
  expect((await bench.bodies(2)).map((body) => (body as { id: string }).id)).toEqual(['F', 'H']);
  expect(bench.received.map(({ headers }) => headers['fiware-servicepath'])).toEqual(['/a/b', '/a']);
});

test('a oneshot subscription notifies once and is inactive then, until a patch activates it', async () => {
  const bench = await openBench();
  const id = await bench.subscribe({ ...toAll(bench, { attrsFormat: 'simplifiedKeyValues' }), status: 'oneshot' });
  await Promise.all(['E', 'F', 'G'].map((name) => bench.write(name, { A: 1 })));
  await eventually(
    () => bench.read(id),
    ({ status }) => status === 'inactive',
  );
  expect(bench.received).toHaveLength(1);
  await bench.write('E', { A: 2 });
  await bench.send(updateV2Subscription, { path: { id }, body: { status: 'active' } });
  await bench.write('E', { A: 3 });
  const sent = await bench.bodies(2);
  expect(sent[1]).toEqual({ id: 'E', type: 'T', A: 3 });
});

test('changed attributes only: what would show none of them is not sent, and an unchanged value is its own previous one', async () => {
  const bench = await openBench();
  const shown = { attrs: ['A', 'B'], metadata: ['previousValue'] };
  await bench.subscribe(toAll(bench, { ...shown, onlyChangedAttrs: true, attrsFormat: 'simplifiedKeyValues' }));
  await bench.write('E', { A: 1, B: 1, C: 1 });
  await bench.write('E', { C: 2 });
  await bench.write('E', { B: 2 });
  expect(await bench.bodies(2)).toEqual([
    { id: 'E', type: 'T', A: 1, B: 1 },
    { id: 'E', type: 'T', B: 2 },
  ]);
  await bench.subscribe(toAll(bench, { ...shown, attrsFormat: 'simplifiedNormalized' }, { attrs: ['B'] }));
  await bench.write('E', { B: 3 });
  const previous = (value: number): object => ({ metadata: { previousValue: { type: 'Number', value } } });
  const sent = await bench.bodies(4);
  expect(sent).toContainEqual(expect.objectContaining({ A: expect.objectContaining(previous(1)) }));
});

test('what a notification causes does not trigger the same subscription again, so that there is no loop', async () => {
  const bench = await openBench();
  await bench.subscribe(toAll(bench));
  await bench.write('E', { A: 1 });
  const [first] = await bench.until(1);
  const echoed = first?.headers['fiware-correlator'];
  // The receiver writes with the correlator of the notification; then somebody else writes.
  await bench.write('E', { A: 2 }, { correlator: String(echoed) });
  await bench.write('E', { A: 3 }, { correlator: 'other; cbnotif=1' });
  const [, second] = await bench.until(2);
  expect(second?.text).toContain('"value":3');
  expect(second?.headers['fiware-correlator']).toBe('other; cbnotif=1');
});

test('throttling drops what comes too soon', async () => {
  const bench = await openBench();
  await bench.subscribe({ ...toAll(bench, { attrsFormat: 'simplifiedKeyValues' }), throttling: 3600 });
  await bench.subscribe(toAll(bench, { http: { url: `${bench.url}/last` }, attrsFormat: 'simplifiedKeyValues' }));
  await bench.write('E', { A: 1 });
  await bench.until(2);
  await bench.write('E', { A: 2 });
  await bench.write('E', { A: 3 });
  await bench.until(4);
  expect(bench.received.filter(({ path }) => path === '/notify')).toHaveLength(1);
});

test('a condition in JEXL holds on the new state', async () => {
  const bench = await openBench();
  const condition = { jexlExpression: 'A > 5 && metadata.A.previousValue < 5' };
  await bench.subscribe(toAll(bench, { attrsFormat: 'simplifiedKeyValues' }, condition));
  await bench.write('E', { A: 1 });
  await bench.write('E', { A: 7 });
  await bench.write('E', { A: 8 });
  await bench.write('E', { A: 2 });
  await bench.write('E', { A: 9 });
  expect(await bench.bodies(2)).toEqual([
    { id: 'E', type: 'T', A: 7 },
    { id: 'E', type: 'T', A: 9 },
  ]);
});

test('a refused notification is an answer in the counters, and a dead letter that can be sent again', async () => {
  const bench = await openBench();
  bench.status = 404;
  const { subject } = toAll(bench) as { subject: JsonObject };
  const custom = {
    url: `${bench.url}/\${id}`,
    headers: { Authorization: 'Bearer s3', 'X-Id': '${id}' },
    payload: 'of ${id}',
  };
  const id = await bench.subscribe({ subject, notification: { httpCustom: custom } });
  await bench.write('E', { A: 1 });
  const letters = await eventually(
    async () => jsonIn(await bench.send(listDeadLetters, { path: { id } })) as readonly { id: string }[],
    ({ length }) => length === 1,
  );
  expect(await bench.read(id)).toMatchObject({ notification: { timesSent: 1, lastSuccessCode: 404 } });
  const letter = jsonIn(await bench.send(retrieveDeadLetter, { path: { id, letterId: letters[0]?.id ?? '' } }));
  expect(letter).toMatchObject({ entity: uri('E'), notification: 'of E' });
  expect(JSON.stringify(letter)).not.toContain('s3');
  bench.status = 204;
  await bench.send(replayDeadLetters, { path: { id } });
  const [, again] = await bench.until(2);
  expect(again).toMatchObject({ path: '/E', text: 'of E', headers: { authorization: 'Bearer s3', 'x-id': 'E' } });
});

test('more failures in a row than maxFailsLimit make a subscription inactive', async () => {
  const bench = await openBench();
  const id = await bench.subscribe(toAll(bench, { http: { url: 'http://127.0.0.1:1/' }, maxFailsLimit: 1 }));
  await bench.write('E', { A: 1 });
  await bench.write('F', { A: 1 });
  const shown = await eventually(
    () => bench.read(id),
    ({ status }) => status === 'inactive',
  );
  expect(shown).toMatchObject({
    notification: { failsCounter: 2, lastFailureReason: expect.stringContaining('ECONNREFUSED') },
  });
});

test('a list has the subscriptions of v2 with their count, and that of NGSI-LD has none of them', async () => {
  const bench = await openBench();
  const first = await bench.subscribe(toAll(bench));
  const second = await bench.subscribe(toAll(bench), '/a');
  const list = await bench.send(listV2Subscriptions, { params: { limit: '1', offset: '1', options: 'count' } });
  expect(list).toMatchObject({ page: { count: 2 } });
  expect([first, second]).toContain((jsonIn(list) as [{ id: string }])[0].id);
  expect(jsonIn(await bench.send(listV2Subscriptions, { servicePath: '/a' }))).toMatchObject([{ id: second }]);
  expect(jsonIn(await bench.send(listSubscriptions))).toEqual([]);
});

test('a patch replaces members, and a deleted subscription is not found and notifies nothing', async () => {
  const bench = await openBench();
  const id = await bench.subscribe(toAll(bench, { attrsFormat: 'keyValues' }));
  const patch = { notification: { http: { url: `${bench.url}/new` }, attrs: ['B'] }, expires: '2040-01-01T00:00:00Z' };
  await bench.send(updateV2Subscription, { path: { id }, body: patch });
  expect(await bench.read(id)).toMatchObject({
    expires: '2040-01-01T00:00:00.000Z',
    notification: { attrsFormat: 'keyValues', attrs: ['B'], http: { url: `${bench.url}/new` } },
  });
  await bench.send(deleteV2Subscription, { path: { id } });
  const unknown = { code: 'NotFound', message: 'The requested subscription has not been found. Check id' };
  await expect(bench.send(deleteV2Subscription, { path: { id } })).rejects.toMatchObject(unknown);
  await expect(bench.read(id)).rejects.toMatchObject(unknown);
  await expect(bench.read('x')).rejects.toMatchObject({
    message: 'Invalid subscription ID: bad length - 24 chars expected',
  });
  await bench.subscribe(toAll(bench));
  await bench.write('E', { A: 1 });
  expect((await bench.until(1)).map(({ path }) => path)).toEqual(['/notify']);
});

test('it is explained why an entity was notified', async () => {
  const bench = await openBench();
  const id = await bench.subscribe(toAll(bench, {}, { attrs: ['B'] }));
  await bench.write('E', { A: 1 });
  const explained = jsonIn(await bench.send(explainSubscription, { path: { id }, params: { entity: uri('E') } }));
  const { clauses } = explained as { clauses: readonly { clause: string; isMet: boolean }[] };
  expect(clauses).toContainEqual(expect.objectContaining({ clause: 'subject.entities', isMet: true }));
  expect(clauses).toContainEqual(expect.objectContaining({ clause: 'change', isMet: false }));
});
