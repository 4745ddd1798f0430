/** Tests the RDF export of a real broker with the library n3: each kind of attribute becomes RDF statements. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Parser, Store, type Term } from 'n3';
import { exportEntities } from '../../../src/app/command/export.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { run, type Run, type TestBroker, startTestBroker } from './test-broker.ts';

const context = 'https://example.org/default.jsonld';
let broker: TestBroker;
/** Serves a @context, and counts how often it was asked for. */
let asked = 0;
const server = createServer((_request, response) => {
  asked += 1;
  response
    .setHeader('Content-Type', 'application/ld+json')
    .end(JSON.stringify({ '@context': { street: 'https://elsewhere.example/street' } }));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  broker = await startTestBroker(['--context-allow-private']);
});
afterAll(async () => {
  await broker.stop();
  await new Promise((resolve) => server.close(resolve));
});

const ngsi = 'https://uri.etsi.org/ngsi-ld/';
const own = `${ngsi}default-context/`;
const geo = 'https://purl.org/geojson/vocab#';
const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const xsd = 'http://www.w3.org/2001/XMLSchema#';

const write = (tenant: string, ...args: readonly string[]): Promise<Run> =>
  run(exportEntities, ['--url', broker.url, '--tenant', tenant, '--format', 'nquads', ...args]);

async function post(path: string, tenant: string, body: Json): Promise<Response> {
  const type = JSON.stringify(body).includes('"@context"') ? 'application/ld+json' : 'application/json';
  const headers = { 'Content-Type': type, 'NGSILD-Tenant': tenant };
  const answer = await fetch(`${broker.url}/ngsi-ld/v1${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer;
}

const create = (tenant: string, entity: JsonObject): Promise<Response> => post('/entities', tenant, entity);

/** The statements of a text; there are as many as lines. */
function statementsIn(text: string): Store {
  const quads = new Parser({ format: 'N-Quads', blankNodePrefix: '' }).parse(text);
  const store = new Store(quads);
  expect([text.endsWith(' .\n'), quads.length, store.size]).toEqual([
    true,
    text.trimEnd().split('\n').length,
    quads.length,
  ]);
  return store;
}

const written = (term: Term): string =>
  term.termType === 'Literal' ? `${term.value}${term.language === '' ? '' : `@${term.language}`}` : term.value;

/** The objects at the end of a path of predicates. */
function objects(store: Store, subject: Term | string, ...path: readonly string[]): Term[] {
  const [first, ...others] = path;
  if (first === undefined) return typeof subject === 'string' ? [] : [subject];
  return store.getObjects(subject, first, null).flatMap((object) => objects(store, object, ...others));
}

const valuesAt = (store: Store, subject: Term | string, ...path: readonly string[]): string[] =>
  objects(store, subject, ...path).map(written);

/** The elements of an RDF list, lists in it as lists. */
function listOf(store: Store, head: Term): unknown[] {
  if (head.value === `${rdf}nil`) return [];
  const [first] = objects(store, head, `${rdf}first`);
  const [rest] = objects(store, head, `${rdf}rest`);
  if (!first || !rest) throw new Error(`${head.value} is no list.`);
  const isList = first.value === `${rdf}nil` || objects(store, first, `${rdf}rest`).length > 0;
  return [isList ? listOf(store, first) : written(first), ...listOf(store, rest)];
}

function theOne<Value>(values: readonly Value[]): Value {
  const [value, ...others] = values;
  if (value === undefined || others.length > 0) throw new Error(`There are ${values.length} of them.`);
  return value;
}

const lamp: JsonObject = {
  id: 'urn:x:lamp:1',
  type: ['Lamp', 'Fixture'],
  scope: ['/kranj', '/lights'],
  location: {
    type: 'GeoProperty',
    value: {
      type: 'LineString',
      coordinates: [
        [14.5, 46.25],
        [1e-7, -2],
      ],
    },
  },
  power: [
    {
      type: 'Property',
      value: 22,
      unitCode: 'WTT',
      observedAt: '2026-01-01T00:00:00Z',
      rating: { type: 'Property', value: 1e-7 },
    },
    { type: 'Property', value: 22, datasetId: 'urn:x:estimate' },
  ],
  name: { type: 'LanguageProperty', languageMap: { sl: 'Luč _:b0', en: ['lamp', 'a "light"\n<_:b1>'], '@none': 'L1' } },
  state: { type: 'VocabProperty', vocab: ['on', 'https://example.org/dim'] },
  route: { type: 'ListProperty', valueList: [3, 1, [1, 'a'], []] },
  pole: { type: 'Relationship', object: ['urn:x:pole:2', 'urn:x:pole:1'], since: { type: 'Property', value: true } },
  chain: { type: 'ListRelationship', objectList: [{ object: 'urn:x:lamp:3' }, { object: 'urn:x:lamp:2' }] },
  raw: { type: 'JsonProperty', json: { b: [1, 1, null], a: 1e-7, '@id': '_:b0' } },
  address: { type: 'Property', value: { street: 'Glavni trg', number: 4 } },
};

describe('mlaka export --format nquads', () => {
  test('every kind of attribute is stated in the terms of the core context', async () => {
    await create('kinds', lamp);
    const { out, code, err } = await write('kinds');
    expect({ code, err: err.includes('1 entit') }).toEqual({ code: 0, err: true });
    const store = statementsIn(out);
    const at = (...path: readonly string[]): string[] => valuesAt(store, 'urn:x:lamp:1', ...path).sort();
    expect(at(`${rdf}type`)).toEqual([`${own}Fixture`, `${own}Lamp`]);
    expect(at(`${ngsi}scope`)).toEqual(['/kranj', '/lights']);
    expect(at(`${own}power`, `${rdf}type`)).toEqual([`${ngsi}Property`, `${ngsi}Property`]);
    expect(at(`${own}power`, `${ngsi}datasetId`)).toEqual(['urn:x:estimate']);
    expect(at(`${own}power`, `${ngsi}hasValue`)).toEqual(['22', '22']);
    expect(at(`${own}power`, `${ngsi}unitCode`)).toEqual(['WTT']);
    const [observed] = objects(store, 'urn:x:lamp:1', `${own}power`, `${ngsi}observedAt`);
    expect(observed).toMatchObject({ value: '2026-01-01T00:00:00Z', datatypeString: `${ngsi}DateTime` });
    expect(at(`${own}name`, `${ngsi}hasLanguageMap`)).toEqual(['L1', 'Luč _:b0@sl', 'a "light"\n<_:b1>@en', 'lamp@en']);
    expect(at(`${own}state`, `${ngsi}hasVocab`)).toEqual(['https://example.org/dim', `${own}on`]);
    expect(at(`${own}pole`, `${ngsi}hasObject`)).toEqual(['urn:x:pole:1', 'urn:x:pole:2']);
    expect(at(`${own}pole`, `${own}since`, `${ngsi}hasValue`)).toEqual(['true']);
    expect(at(`${own}address`, `${ngsi}hasValue`, `${own}street`)).toEqual(['Glavni trg']);
    const [raw] = objects(store, 'urn:x:lamp:1', `${own}raw`, `${ngsi}hasJSON`);
    expect(raw).toMatchObject({ value: '{"@id":"_:b0","a":1e-7,"b":[1,1,null]}', datatypeString: `${rdf}JSON` });
  });

  test('lists keep their order, and a small number is no zero', async () => {
    await create('lists', lamp);
    const store = statementsIn((await write('lists')).out);
    const head = (...path: readonly string[]): Term => theOne(objects(store, 'urn:x:lamp:1', ...path));
    expect(listOf(store, head(`${ngsi}location`, `${ngsi}hasValue`, `${geo}coordinates`))).toEqual([
      ['1.45E1', '4.625E1'],
      ['1.0E-7', '-2'],
    ]);
    expect(valuesAt(store, 'urn:x:lamp:1', `${ngsi}location`, `${ngsi}hasValue`, `${rdf}type`)).toEqual([
      `${geo}LineString`,
    ]);
    expect(listOf(store, head(`${own}route`, `${ngsi}hasValueList`))).toEqual(['3', '1', ['1', 'a'], []]);
    const chain = listOf(store, head(`${own}chain`, `${ngsi}hasObjectList`));
    expect(chain).toHaveLength(2);
    const links = store.getQuads(null, `${ngsi}hasObject`, 'urn:x:lamp:3', null);
    expect(links).toHaveLength(1);
    expect(chain[0]).toBe(links[0]?.subject.value);
    expect(head(`${own}power`, `${own}rating`, `${ngsi}hasValue`)).toMatchObject({
      value: '1.0E-7',
      datatypeString: `${xsd}double`,
    });
  });

  test('entities share no blank node, none is lost beyond a page, and the same comes again', async () => {
    const count = 1003;
    const entities = Array.from({ length: count }, (_, index) => ({
      id: `urn:x:many:${index}`,
      type: 'Many',
      v: { type: 'Property', value: { of: index } },
    }));
    await post('/entityOperations/create', 'many', entities);
    const path = join(broker.folder, 'many.nq');
    await write('many', '--out', path);
    const text = readFileSync(path, 'utf8');
    const store = statementsIn(text);
    expect(store.size).toBe(count * 5);
    expect(new Set(store.getSubjects(null, null, null).map(({ value }) => value)).size).toBe(count * 3);
    for (const index of [0, 999, 1000, 1002])
      expect(valuesAt(store, `urn:x:many:${index}`, `${own}v`, `${ngsi}hasValue`, `${own}of`)).toEqual([`${index}`]);
    expect((await write('many')).out).toBe(text);
  });

  test('what RDF cannot hold is told by name, and leaves no file', async () => {
    const path = join(broker.folder, 'bad.nq');
    await create('bad', { id: 'urn:x:bad', type: 'Bad', v: { type: 'Property', value: { 'a b': 1 } } });
    await expect(write('bad', '--out', path)).rejects.toThrow(/"urn:x:bad" cannot be written as N-Quads: .*"a b"/);
    await create('relative', { id: 'urn:x:r', type: 'Bad', v: { type: 'Property', value: { id: 'elsewhere' } } });
    await expect(write('relative')).rejects.toThrow(/"urn:x:r" cannot be written as N-Quads: .*"elsewhere"/);
    expect([existsSync(path), existsSync(`${path}.part`)]).toEqual([false, false]);
  });
});

describe('the @context of the N-Quads', () => {
  const address: JsonObject = {
    id: 'urn:x:1',
    type: 'Place',
    address: { type: 'Property', value: { street: 'Glavni trg' } },
  };
  const streets = (text: string): string[] =>
    statementsIn(text)
      .getQuads(null, null, null, null)
      .filter(({ object }) => object.value === 'Glavni trg')
      .map(({ predicate }) => predicate.value);

  test('is one that the broker hosts, or comes with Mlaka', async () => {
    await create('hosted', address);
    const made = await post('/jsonldContexts', 'hosted', { '@context': { street: 'https://example.org/street' } });
    const url = new URL(made.headers.get('Location') ?? '', broker.url).href;
    expect(streets((await write('hosted', '--context', url)).out)).toEqual(['https://example.org/street']);
    expect(streets((await write('hosted')).out)).toEqual([`${own}street`]);
    const known = 'https://smart-data-models.mlaka.si/parking/context.jsonld';
    expect(streets((await write('hosted', '--context', known)).out)).toHaveLength(1);
  });

  test('is never fetched by the command from elsewhere', async () => {
    await create('remote', address);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/context.jsonld`;
    const exported = write('remote', '--context', url);
    await expect(exported).rejects.toThrow(/is not fetched\. Post it to/);
    expect(asked).toBe(1);
  });

  test('is the core context, whatever the default of the broker is', async () => {
    const other = await startTestBroker(['--default-context', context, '--context-preload', preload()]);
    try {
      await fetch(`${other.url}/ngsi-ld/v1/entities`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(address),
      });
      const { out } = await run(exportEntities, ['--url', other.url, '--format', 'nquads']);
      expect(statementsIn(out).countQuads('urn:x:1', 'https://example.org/address', null, null)).toBe(1);
    } finally {
      await other.stop();
    }
  });

  /** A file that tells which file stands for the default @context. */
  function preload(): string {
    const [path, list] = [join(broker.folder, 'default.jsonld'), join(broker.folder, 'preload.json')];
    writeFileSync(path, JSON.stringify({ '@context': { address: 'https://example.org/address' } }));
    writeFileSync(list, JSON.stringify({ [context]: path }));
    return list;
  }
});
