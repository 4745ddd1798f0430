/** Fills a broker with data that name a person in every place, for tests of finding and erasing them. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import { eventually } from '../edge/deliver/test-broker.ts';
import type { JsonObject } from '../../src/core/model/json.ts';

export const ana = 'urn:ngsi-ld:Person:ana';
const bo = 'urn:ngsi-ld:Person:bo';

export interface Client {
  /** Sends a request below /ngsi-ld/v1. Throws when it is refused. */
  send(line: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<unknown>;
}

export function createClient(url: string, key?: string): Client {
  return {
    async send(line, body, more = {}) {
      const [method = '', path = ''] = line.split(' ');
      const type = body === undefined ? undefined : { 'Content-Type': 'application/json' };
      const headers = { ...type, ...(key === undefined ? undefined : { Authorization: `Bearer ${key}` }), ...more };
      const content = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await fetch(`${url}/ngsi-ld/v1${path}`, { method, headers, ...content });
      const text = await answer.text();
      if (answer.status >= 400) throw new Error(`${line}: ${answer.status} ${text}`);
      return isJson(answer, text) ? (JSON.parse(text) as unknown) : text;
    },
  };
}

const isJson = ({ headers }: Response, text: string): boolean =>
  text !== '' && headers.get('content-type')?.includes('ndjson') !== true;

/** A receiver that refuses everything, so that notifications become dead letters. */
export async function startRefusing(): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(400).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, server };
}

/** A receiver that answers 503 until it is opened. */
export async function startReceiver(): Promise<{
  readonly url: string;
  readonly server: Server;
  open(): void;
  bodies(): readonly string[];
}> {
  const bodies: string[] = [];
  let isOpen = false;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      if (isOpen) bodies.push(body);
      response.writeHead(isOpen ? 200 : 503, { 'Retry-After': '1' }).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    server,
    open: () => {
      isOpen = true;
    },
    bodies: () => bodies,
  };
}

const property = (value: unknown, more: object = {}): object => ({ type: 'Property', value, ...more });
const relationship = (object: unknown): object => ({ type: 'Relationship', object });

/** `refusing`: a receiver for one of the subscriptions. */
export async function fill({ send }: Client, refusing: string): Promise<void> {
  await send('POST /csourceSubscriptions', {
    type: 'Subscription',
    entities: [{ type: 'Person' }],
    notification: { endpoint: { uri: refusing } },
  });
  await send('POST /subscriptions', {
    id: 'urn:ngsi-ld:Subscription:persons',
    type: 'Subscription',
    entities: [{ type: 'Person' }],
    notification: { endpoint: { uri: refusing } },
  });
  const ofAna = {
    id: 'urn:ngsi-ld:Subscription:ana',
    type: 'Subscription',
    entities: [{ type: 'Person', id: ana }],
    notification: { endpoint: { uri: refusing } },
  };
  await send('POST /subscriptions', ofAna);
  await send('POST /csourceRegistrations', {
    id: 'urn:ngsi-ld:ContextSourceRegistration:ana',
    type: 'ContextSourceRegistration',
    information: [{ entities: [{ type: 'Patient', id: ana }] }],
    endpoint: refusing,
  });
  await fillEntities({ send });
  await send('POST /snapshots', {
    id: 'urn:ngsi-ld:Snapshot:all',
    type: 'Snapshot',
    snapshotQueries: [{ type: 'Query', entities: [{ type: 'Person' }, { type: 'Car' }] }],
    snapshotTemporalQueries: [
      {
        type: 'Query',
        entities: [{ type: 'Person' }],
        temporalQ: { timerel: 'before', timeAt: '2030-01-01T00:00:00Z' },
      },
    ],
  });
  await send('POST /snapshots', {
    id: 'urn:ngsi-ld:Snapshot:ana',
    type: 'Snapshot',
    snapshotQueries: [{ type: 'Query', entities: [{ type: 'Person', id: ana }] }],
  });
  for (const name of ['all', 'ana'])
    await eventually(
      async () => asObject(await send(`GET /snapshots/urn:ngsi-ld:Snapshot:${name}`))['snapshotStatus'],
      (status) => status !== 'preparing',
    );
  await send('POST /subscriptions', ofAna, { 'NGSILD-Snapshot': 'urn:ngsi-ld:Snapshot:all' });
}

/** A large text: the change log keeps such entities in another form. */
const long = 'x'.repeat(20_000);

async function fillEntities({ send }: Client): Promise<void> {
  await send('POST /entities', {
    id: ana,
    type: 'Person',
    name: property('Ana Novak'),
    pulse: property(60, { observedAt: '2026-01-01T08:00:00Z' }),
  });
  for (const n of [1, 2, 3])
    await send(`PATCH /entities/${ana}/attrs`, { pulse: property(60 + n, { observedAt: `2026-01-0${n}T09:00:00Z` }) });
  await send('POST /entities', { id: bo, type: 'Person', friend: relationship(ana) });
  await send('POST /entities', {
    id: 'urn:ngsi-ld:Car:1',
    type: 'Car',
    driver: relationship(ana),
    users: relationship([ana, bo]),
    note: property(`belongs to ${ana}.`),
    logbook: property({ last: ana, kilometres: 12 }),
    speed: [property(50), property(51, { datasetId: ana })],
    colour: property('red', { providedBy: relationship(ana) }),
    doors: property(4),
  });
  await send(`PATCH /entities/urn:ngsi-ld:Car:1/attrs`, { driver: relationship(bo), doors: property(5) });
  await send(`PATCH /entities/urn:ngsi-ld:Car:1/attrs`, { driver: relationship(ana) });
  // An entity that is not there any more, and a large one.
  await send('POST /entities', { id: 'urn:ngsi-ld:Trip:1', type: 'Trip', driver: relationship(ana) });
  await send('DELETE /entities/urn:ngsi-ld:Trip:1');
  await send('POST /entities', {
    id: 'urn:ngsi-ld:Book:1',
    type: 'Book',
    text: property(long),
    reader: relationship(ana),
  });
  await send('PATCH /entities/urn:ngsi-ld:Book:1/attrs', { pages: property(7) });
  await send('PATCH /entities/urn:ngsi-ld:Book:1/attrs', { reader: relationship(bo) });
}

/** What is not about the person is as it was. */
export async function expectRest({ send }: Client): Promise<void> {
  const car = asObject(await send('GET /entities/urn:ngsi-ld:Car:1'));
  expect(car).toEqual({
    id: 'urn:ngsi-ld:Car:1',
    type: 'Car',
    users: { type: 'Relationship', object: ['urn:ngsi-ld:Person:bo'] },
    logbook: { type: 'Property', value: { kilometres: 12 } },
    speed: { type: 'Property', value: 50 },
    colour: { type: 'Property', value: 'red' },
    doors: { type: 'Property', value: 5 },
  });
  const query = 'timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=modifiedAt';
  const history = asObject(await send(`GET /temporal/entities/urn:ngsi-ld:Car:1?${query}`));
  const valuesOf = (name: string): readonly unknown[] =>
    [history[name] ?? []].flat().map((one) => asObject(one)['value'] ?? asObject(one)['object']);
  expect(valuesOf('doors')).toEqual([4, 5]);
  expect(valuesOf('driver')).toEqual(expect.arrayContaining(['urn:ngsi-ld:Person:bo']));
  const subscriptions = await send('GET /subscriptions');
  expect((subscriptions as readonly JsonObject[]).map(({ id }) => id)).toEqual(['urn:ngsi-ld:Subscription:persons']);
  expect(await send('GET /csourceRegistrations?type=Patient')).toEqual([]);
  const copied = await send('GET /entities/urn:ngsi-ld:Car:1', undefined, {
    'NGSILD-Snapshot': 'urn:ngsi-ld:Snapshot:all',
  });
  expect(copied).toMatchObject({ doors: { value: 5 } });
}

export const asObject = (value: unknown): JsonObject => value as JsonObject;
