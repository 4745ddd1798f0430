/** Tests the catalogue as DCAT-AP: its forms, its addresses, what is in it, and what the official shapes say of it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import jsonld from 'jsonld';
import { type Quad, Store } from 'n3';
import { RdfXmlParser } from 'rdfxml-streaming-parser';
import { startTestBroker, type TestBroker, testedStores } from '../../scenario/scenario.ts';
import { agent, airDataset, catalogue, datasetLike, weatherDataset, writeEntities } from './city-datasets.ts';
import { complaintsOf, describeWithShapes, quadsIn } from './official-shapes.ts';

const dcat = 'http://www.w3.org/ns/dcat#';
const dct = 'http://purl.org/dc/terms/';
const type = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';

const read = async (url: string, headers: Readonly<Record<string, string>> = {}) => {
  const response = await fetch(url, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

function quadsInXml(text: string, baseIRI: string): Promise<readonly Quad[]> {
  return new Promise((resolve, reject) => {
    const quads: Quad[] = [];
    const parser = new RdfXmlParser({ baseIRI });
    parser.on('data', (quad: Quad) => quads.push(quad));
    parser.on('end', () => resolve(quads));
    parser.on('error', reject);
    parser.end(text);
  });
}

/** The canonical lines of a graph, the same for equal graphs whatever the names of blank nodes. */
const canonical = (quads: string): Promise<unknown> =>
  jsonld.canonize(quads as unknown as object, { inputFormat: 'application/n-quads', format: 'application/n-quads' });

const linesOf = (quads: readonly Quad[]): string =>
  quads
    .map(({ subject, predicate, object }) => `${termText(subject)} ${termText(predicate)} ${termText(object)} .\n`)
    .join('');

function termText(term: Quad['subject'] | Quad['predicate'] | Quad['object']): string {
  if (term.termType === 'BlankNode') return `_:${term.value}`;
  if (term.termType !== 'Literal') return `<${term.value}>`;
  const end = term.language === '' ? `^^<${term.datatype.value}>` : `@${term.language}`;
  return JSON.stringify(term.value) + end;
}

describe.each(testedStores)('the catalogue (%s)', (store) => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store]);
  });
  afterAll(() => broker.stop());

  test('an empty broker answers one catalogue with the mandatory properties and no dataset', async () => {
    const { status, text, headers } = await read(`${broker.url}/dcat/catalog`);
    expect([status, headers.get('Content-Type')]).toEqual([200, 'text/turtle; charset=utf-8']);
    const graph = new Store([...quadsIn(text)]);
    const [node, ...others] = graph.getSubjects(type, `${dcat}Catalog`, null);
    expect(others).toEqual([]);
    expect(node?.value).toBe(`${broker.url}/dcat/catalog`);
    for (const property of ['title', 'description', 'publisher'])
      expect(graph.countQuads(node ?? null, `${dct}${property}`, null, null)).toBeGreaterThan(0);
    expect(graph.countQuads(null, type, `${dcat}Dataset`, null)).toBe(0);
  });

  test('Turtle, JSON-LD and RDF/XML hold the same graph, by Accept and by ending', async () => {
    await writeEntities(broker.url, [agent, catalogue, airDataset, weatherDataset]);
    const address = `${broker.url}/dcat/catalog`;
    const [turtle, json, xml] = await Promise.all(
      ['text/turtle', 'application/ld+json', 'application/rdf+xml'].map((Accept) => read(address, { Accept })),
    );
    expect([turtle, json, xml].map((one) => one?.headers.get('Content-Type'))).toEqual([
      'text/turtle; charset=utf-8',
      'application/ld+json',
      'application/rdf+xml; charset=utf-8',
    ]);
    const whole = await canonical(linesOf(quadsIn(turtle?.text ?? '')));
    const fromJson = await jsonld.toRDF(JSON.parse(json?.text ?? '') as object, { format: 'application/n-quads' });
    expect(await canonical(String(fromJson))).toBe(whole);
    expect(await canonical(linesOf(await quadsInXml(xml?.text ?? '', address)))).toBe(whole);
    expect((await read(`${address}.ttl`, { Accept: 'text/html' })).text).toBe(turtle?.text);
    expect((await read(`${address}.jsonld`)).text).toBe(json?.text);
    expect((await read(`${address}.rdf`)).text).toBe(xml?.text);
    expect((await read(address, { Accept: 'image/png' })).status).toBe(406);
  });

  test('a dataset says in the terms of DCAT-AP what its entity says', async () => {
    const graph = new Store([...quadsIn((await read(`${broker.url}/dcat/dataset/air-quality`)).text)]);
    const node = `${broker.url}/dcat/dataset/air-quality`;
    const valuesOf = (property: string): readonly string[] =>
      graph
        .getObjects(node, property, null)
        .map((term) => (term.termType === 'Literal' ? termText(term) : term.value))
        .sort();
    expect(valuesOf(`${dct}title`)).toEqual(['"Air quality \\"hourly\\""@en', '"Kakovost zraka <PM & NO₂>"@sl']);
    expect(valuesOf(`${dcat}keyword`)).toEqual(['"air"@en', '"delci"@sl', '"zrak"@sl']);
    expect(valuesOf(`${dct}accrualPeriodicity`)).toEqual([
      'http://publications.europa.eu/resource/authority/frequency/HOURLY',
    ]);
    expect(valuesOf(`${dct}issued`)).toEqual(['"2026-01-15"^^<http://www.w3.org/2001/XMLSchema#date>']);
    expect(valuesOf(`${dcat}spatialResolutionInMeters`)).toEqual([
      '"0.0000005"^^<http://www.w3.org/2001/XMLSchema#decimal>',
    ]);
    expect(valuesOf('http://data.europa.eu/r5r/applicableLegislation')).toEqual([]);
    const [licence] = graph.getObjects(null, `${dct}license`, null);
    expect(licence?.value).toBe('http://publications.europa.eu/resource/authority/licence/CC_BY_4_0');
  });

  test('a high-value dataset is one only when its entity says so, with the categories that it names', async () => {
    const graph = new Store([...quadsIn((await read(`${broker.url}/dcat/catalog.ttl`)).text)]);
    const valued = graph.getSubjects('http://data.europa.eu/r5r/hvdCategory', null, null).map(({ value }) => value);
    expect(valued.sort()).toEqual([`${broker.url}/dcat/catalog#ngsi-ld`, `${broker.url}/dcat/dataset/weather`]);
  });

  test.each([
    ['its access is restricted', { accessRights: 'RESTRICTED' }],
    ['nobody says that its access is public', { accessRights: 'unknown words' }],
    ['the data officer holds it back', { isPublished: false }],
    ['it has personal data', { personalData: 'personal' }],
  ])('a dataset is not public when %s', async (why, members) => {
    const id = `hidden:${why}`.replaceAll(' ', '-');
    await writeEntities(broker.url, [datasetLike(id, members)]);
    const { text } = await read(`${broker.url}/dcat/catalog`);
    expect(text).toContain('air-quality');
    expect(text).not.toContain('hidden');
    expect((await read(`${broker.url}/dcat/dataset/${id.replaceAll(':', '-').toLowerCase()}`)).status).toBe(404);
  });

  test('two datasets never share an address: the older one keeps its name', async () => {
    const twins = ['twin:one', 'twin:two'].map((id) => datasetLike(id, { slug: 'twin' }));
    for (const twin of twins) await writeEntities(broker.url, [twin]);
    const graph = new Store([...quadsIn((await read(`${broker.url}/dcat/catalog`)).text)]);
    const addressOf = (id: string): string | undefined =>
      graph
        .getQuads(null, `${dct}identifier`, null, null)
        .find(({ object }) => object.value === `urn:ngsi-ld:Dataset:${id}`)?.subject.value;
    expect(addressOf('twin:one')).toBe(`${broker.url}/dcat/dataset/twin`);
    expect(addressOf('twin:two')).toBe(`${broker.url}/dcat/dataset/twin-two`);
  });

  test('what is no IRI, date or number where RDF needs one is left out, and nothing fails', async () => {
    const broken = {
      license: 'free for all',
      theme: ['what ever'],
      issued: '1.11.2026',
      temporal: '???',
      contactPoint: 'x y',
    };
    await writeEntities(broker.url, [datasetLike('broken', broken)]);
    const graph = new Store([...quadsIn((await read(`${broker.url}/dcat/dataset/broken`)).text)]);
    for (const property of [`${dct}license`, `${dcat}theme`, `${dct}issued`, `${dct}temporal`, `${dcat}contactPoint`])
      expect(graph.countQuads(`${broker.url}/dcat/dataset/broken`, property, null, null)).toBe(0);
  });

  test.each([[['none', 'special']], [true], [{ class: 'special' }], ['']])(
    'a dataset with the class of personal data %j is not public',
    async (personalData) => {
      await writeEntities(broker.url, [datasetLike('personal', { personalData })]);
      expect((await read(`${broker.url}/dcat/dataset/personal`)).status).toBe(404);
    },
  );

  test('a client that has the catalogue gets 304, until a description changes', async () => {
    const address = `${broker.url}/dcat/catalog.rdf`;
    const first = await read(address);
    const tag = first.headers.get('ETag') ?? '';
    expect((await read(address, { 'If-None-Match': `"other", W/${tag}` })).status).toBe(304);
    expect(first.headers.get('Cache-Control')).toBe('public, max-age=60');
    expect((await read(`${broker.url}/dcat/catalog.ttl`)).headers.get('ETag')).not.toBe(tag);
    await writeEntities(broker.url, [{ ...airDataset, purpose: { type: 'Property', value: 'changed' } }]);
    expect((await read(address, { 'If-None-Match': tag })).status).toBe(200);
  });

  test('HEAD has the headers of GET, other methods are refused', async () => {
    const address = `${broker.url}/dcat/catalog`;
    const head = await fetch(address, { method: 'HEAD' });
    expect([head.status, head.headers.get('Content-Type'), await head.text()]).toEqual([
      200,
      'text/turtle; charset=utf-8',
      '',
    ]);
    expect((await fetch(address, { method: 'POST' })).status).toBe(405);
    expect((await fetch(address, { method: 'OPTIONS' })).headers.get('Allow')).toBe('GET, HEAD, OPTIONS');
  });

  test('a tenant has a catalogue of its own, which its addresses name', async () => {
    await writeEntities(broker.url, [datasetLike('harbour', {})], { 'NGSILD-Tenant': 'harbour' });
    const { text } = await read(`${broker.url}/dcat/catalog?tenant=harbour`);
    const datasets = new Store([...quadsIn(text)]).getSubjects(type, `${dcat}Dataset`, null);
    expect(datasets.map(({ value }) => value)).toEqual([`${broker.url}/dcat/dataset/harbour?tenant=harbour`]);
    expect((await read(datasets[0]?.value ?? '')).status).toBe(200);
    expect((await read(`${broker.url}/dcat/catalog?tenant=nowhere`)).status).toBe(200);
  });

  test.each([
    ['/dcat/catalog?page=2', 400],
    ['/dcat/catalog?page=none', 400],
    ['/dcat/catalog?size=2', 400],
    ['/dcat/catalog.xlsx', 404],
    ['/dcat/dataset/nothing', 404],
    ['/dcat/dataset/air-quality.pdf', 404],
    ['/dcat', 404],
  ])('%s answers %d', async (path, status) => {
    const response = await fetch(broker.url + path);
    expect(response.status).toBe(status);
    expect(await response.json()).toHaveProperty('detail');
  });
});

test('--public-url begins all addresses', async () => {
  const broker = await startTestBroker(['--store', 'memory', '--public-url', 'https://data.town.example/open/']);
  try {
    await writeEntities(broker.url, [airDataset]);
    const graph = new Store([...quadsIn((await read(`${broker.url}/dcat/catalog`)).text)]);
    const [dataset] = graph.getSubjects(type, `${dcat}Dataset`, null);
    expect(dataset?.value).toBe('https://data.town.example/open/dcat/dataset/air-quality');
  } finally {
    await broker.stop();
  }
});

describeWithShapes('the official shapes', () => {
  let broker: TestBroker;
  let whole: readonly Quad[];
  beforeAll(async () => {
    broker = await startTestBroker(['--store', 'memory']);
    await writeEntities(broker.url, [agent, catalogue, airDataset, weatherDataset]);
    whole = quadsIn((await read(`${broker.url}/dcat/catalog`)).text);
  });
  afterAll(() => broker.stop());

  test.each([
    ['shapes', []],
    ['range', []],
    // The table of publishers lists institutions of the European Union, and the one of places no own areas.
    ['mdr-vocabularies', ['W:Node:publisher', 'W:Node:spatial']],
  ] as const)('%s finds nothing but what is right', async (name, known) => {
    expect(await complaintsOf(whole, name)).toEqual(known);
  });

  test('those of high-value datasets find nothing in the record of one', async () => {
    const record = quadsIn((await read(`${broker.url}/dcat/dataset/weather`)).text);
    expect(await complaintsOf(record, 'hvd-full')).toEqual([]);
  });

  test('they find a fault, so that finding none means something', async () => {
    const lame = whole.filter(({ predicate }) => predicate.value !== `${dcat}accessURL`);
    expect(await complaintsOf(lame, 'shapes')).toEqual(['V:MinCount:accessURL']);
  });
});
