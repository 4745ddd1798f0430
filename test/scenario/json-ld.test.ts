/** Tests answers and notifications in JSON-LD with a JSON-LD library that knows only the core @context of NGSI-LD. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import jsonld from 'jsonld';
import { coreContextUrl } from '../../src/core/jsonld/known/core-context.ts';
import type { Json } from '../../src/core/model/json.ts';
import { offline } from '../core/jsonld/offline.ts';
import { startReceiver, stopReceivers } from '../edge/deliver/receiver.ts';
import { contextLink, startTestBroker, testedStores, type TestBroker } from './scenario.ts';

interface Index {
  readonly families: readonly {
    readonly name: string;
    readonly context: { readonly file: string; readonly url: string };
    readonly types: readonly { readonly iri: string; readonly examples: { readonly normalized: string } }[];
  }[];
}

const folder = new URL('../../smart-data-models/', import.meta.url);
const readJson = (file: string): unknown => JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
const { families } = readJson('index.json') as Index;
const bundled = Object.fromEntries(families.map(({ context }) => [context.url, readJson(context.file) as Json]));

type Node = Readonly<Record<string, readonly unknown[]>> & { readonly '@id'?: string };
const ngsi = (name: string): string => `https://uri.etsi.org/ngsi-ld/${name}`;

describe.each(testedStores)('a JSON-LD library finds ids, types and values (%s)', (store) => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store, '--notify-allow-private']);
  });
  afterAll(async () => {
    await broker.stop();
    await stopReceivers();
  });

  /** What the library makes of a body: its nodes, names in full. */
  const library = offline(bundled, () => broker.url);
  const read = async (body: unknown): Promise<readonly Node[]> =>
    (await jsonld.expand(body as jsonld.JsonLdDocument, library)) as unknown as readonly Node[];

  const ask = async (line: string, init: { body?: unknown; headers?: Record<string, string> } = {}) => {
    const [method = 'GET', path = ''] = line.split(' ');
    const answer = await fetch(`${broker.url}/ngsi-ld/v1${path}`, {
      method,
      headers: {
        Accept: 'application/ld+json',
        ...(init.body === undefined ? undefined : { 'Content-Type': 'application/ld+json' }),
        ...init.headers,
      },
      ...(init.body === undefined ? undefined : { body: JSON.stringify(init.body) }),
    });
    const text = await answer.text();
    expect({ line, status: answer.status < 300 ? 'well' : text }).toEqual({ line, status: 'well' });
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };

  const light = { id: 'urn:ngsi-ld:Light:1', type: 'Light', level: { type: 'Property', value: 7 } };
  const own = { Light: 'https://example.org/Light', level: 'https://example.org/level' };
  const observed = { ...light.level, observedAt: '2026-01-01T00:00:00Z' };
  const level = (value: number): unknown =>
    expect.arrayContaining([
      expect.objectContaining({ '@type': [ngsi('Property')], [ngsi('hasValue')]: [{ '@value': value }] }),
    ]);
  const found = (value: number): unknown =>
    expect.objectContaining({
      '@id': light.id,
      '@type': ['https://example.org/Light'],
      'https://example.org/level': level(value),
    });

  test.each(families)('in answers with the context of the family $name', async ({ context, types }) => {
    const headers = { Link: contextLink(context.url) };
    for (const { iri, examples } of types) {
      const entity = readJson(examples.normalized) as { id: string; type: string };
      await ask('POST /entities', { body: entity });
      const id = encodeURIComponent(entity.id);
      const paths = [`/entities/${id}`, `/entities?type=${entity.type}`, `/temporal/entities/${id}`];
      for (const [at, path] of paths.entries()) {
        const [node] = await read(await ask(`GET ${path}`, { headers }));
        expect(node).toMatchObject({ '@id': entity.id, '@type': [iri] });
        const attributes = Object.values(node ?? {}).filter((values) =>
          JSON.stringify(values).includes(ngsi('hasValue')),
        );
        // The history of an entity may have nothing in it that was observed.
        expect(attributes.length).toBeGreaterThanOrEqual(at < 2 ? 1 : 0);
      }
    }
    const [type] = await read(await ask(`GET /types/${encodeURIComponent(types[0]?.iri ?? '')}`, { headers }));
    expect(type).toMatchObject({ '@type': [ngsi('EntityTypeInfo')], [ngsi('entityCount')]: [{ '@value': 1 }] });
  });

  test('in answers with a @context in the body, and with a hosted one', async () => {
    await ask('POST /entities', { body: { ...light, level: observed, '@context': own } });
    const query = { type: 'Query', entities: [{ type: 'Light' }], '@context': own };
    const list = (await ask('POST /entityOperations/query', { body: query })) as { '@context': unknown }[];
    expect(list[0]?.['@context']).toEqual([own, coreContextUrl]);
    expect(await read(list)).toEqual([found(7)]);
    const temporal = { ...query, temporalQ: { timerel: 'after', timeAt: '2025-01-01T00:00:00Z' } };
    expect(await read(await ask('POST /temporal/entityOperations/query', { body: temporal }))).toEqual([found(7)]);

    const hosting = await fetch(`${broker.url}/ngsi-ld/v1/jsonldContexts`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ '@context': own }),
    });
    const url = new URL(hosting.headers.get('location') ?? '', broker.url).href;
    const headers = { Link: contextLink(url) };
    const entity = (await ask(`GET /entities/${light.id}`, { headers })) as { '@context': unknown };
    expect(entity['@context']).toEqual([url, coreContextUrl]);
    expect(await read(entity)).toEqual([found(7)]);
  });

  test('in answers of a tenant: with a hosted context, and with one that the broker stores for the Link header', async () => {
    const tenant = { 'NGSILD-Tenant': 'harbour' };
    await ask('POST /entities', { body: { ...light, '@context': own }, headers: tenant });
    const hosting = await fetch(`${broker.url}/ngsi-ld/v1/jsonldContexts`, {
      method: 'POST',
      headers: { ...tenant, 'Content-Type': 'application/json' },
      body: JSON.stringify({ '@context': own }),
    });
    const url = new URL(hosting.headers.get('location') ?? '', broker.url).href;
    const headers = { ...tenant, Link: contextLink(url) };
    expect(await read(await ask(`GET /entities/${light.id}`, { headers }))).toEqual([found(7)]);

    const query = await fetch(`${broker.url}/ngsi-ld/v1/entityOperations/query`, {
      method: 'POST',
      headers: { ...tenant, 'Content-Type': 'application/ld+json', Accept: 'application/json' },
      body: JSON.stringify({ type: 'Query', entities: [{ type: 'Light' }], '@context': own }),
    });
    const [, linked = ''] = /<([^>]*)>/.exec(query.headers.get('link') ?? '') ?? [];
    const [entity] = (await query.json()) as object[];
    expect(await read({ ...entity, '@context': linked })).toEqual([found(7)]);
  });

  test('in GeoJSON', async () => {
    const place = { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.35, 46.24] } };
    await ask('POST /entities', { body: { ...light, id: 'urn:ngsi-ld:Light:2', location: place, '@context': own } });
    const query = { type: 'Query', entities: [{ id: 'urn:ngsi-ld:Light:2', type: 'Light' }], '@context': own };
    const headers = { Accept: 'application/geo+json' };
    const [collection] = await read(await ask('POST /entityOperations/query', { body: query, headers }));
    expect(JSON.stringify(collection)).toContain('"@id":"urn:ngsi-ld:Light:2"');
    expect(JSON.stringify(collection)).toContain('"@type":["https://example.org/Light"]');
  });

  test('in subscriptions and notifications', async () => {
    const receiver = await startReceiver();
    const subscription = {
      id: 'urn:ngsi-ld:Subscription:1',
      type: 'Subscription',
      entities: [{ type: 'Light' }],
      notification: { endpoint: { uri: receiver.url, accept: 'application/ld+json' } },
      '@context': own,
    };
    await ask('POST /subscriptions', { body: subscription });
    const [shown] = await read(await ask('GET /subscriptions'));
    expect(shown).toMatchObject({ '@id': subscription.id, '@type': [ngsi('Subscription')] });
    await ask('POST /entities', { body: { ...light, id: 'urn:ngsi-ld:Light:3', '@context': own } });
    const [told] = await receiver.until(({ length }) => length > 0);
    const [notification] = await read(told?.body);
    expect(notification).toMatchObject({ '@type': [ngsi('Notification')] });
    expect(JSON.stringify(notification?.[ngsi('hasData')] ?? notification)).toContain('"@id":"urn:ngsi-ld:Light:3"');
    const [entity] = await read(told?.body.data[0]);
    expect(entity).toMatchObject({ '@id': 'urn:ngsi-ld:Light:3', '@type': ['https://example.org/Light'] });
    expect(entity).toHaveProperty(['https://example.org/level'], level(7));
  });
});

test('the @contexts that come with the broker are served, and known by its own URLs', async () => {
  const broker = await startTestBroker(['--store', 'memory', '--models', 'off']);
  for (const [path, type] of [
    ['parking', 'ParkingSpot'],
    ['dataModel.Parking', 'ParkingSpot'],
  ] as const) {
    const url = `${broker.url}/smart-data-models/${path}/context.jsonld`;
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/ld+json']);
    const { '@context': context } = (await answer.json()) as { '@context': Record<string, string> };
    expect(context[type]).toBe(`https://smartdatamodels.org/dataModel.Parking/${type}`);
    const types = await fetch(`${broker.url}/ngsi-ld/v1/types`, { headers: { Link: contextLink(url) } });
    expect(types.status).toBe(200);
  }
  await broker.stop();
});
