/**
 * Tests every kind of invalid request: the correct status, a problem that names the error, no stored data, and a broker that keeps working.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { contextLink, startTestBroker, type TestBroker } from './scenario.ts';

interface Case {
  readonly send: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly type?: string;
  /** What the detail must name. */
  readonly names?: string | RegExp;
}

const json = { 'Content-Type': 'application/json' };
const ld = { 'Content-Type': 'application/ld+json' };
const id = 'urn:ngsi-ld:Odd:1';
const post = (body: unknown, names: string | RegExp, more: Partial<Case> = {}): Case => ({
  send: 'POST /entities',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers: json,
  status: 400,
  type: 'BadRequestData',
  names,
  ...more,
});
/** An entity to create with one attribute that is wrong. */
const attribute = (value: unknown, names: string | RegExp = /speed/): Case =>
  post({ id, type: 'Odd', speed: value }, names);
const member = (members: object, names: string | RegExp): Case => post({ id, type: 'Odd', ...members }, names);
const get = (path: string, names: string | RegExp, more: Partial<Case> = {}): Case => ({
  send: `GET ${path}`,
  status: 400,
  type: 'BadRequestData',
  names,
  ...more,
});
const request = { status: 400, type: 'InvalidRequest' } as const;
const e = encodeURIComponent;
const deep = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

const cases: Readonly<Record<string, Case>> = {
  'a GeoProperty whose string is nested deeper than any stack': attribute(
    { type: 'GeoProperty', value: '['.repeat(200_000) + ']'.repeat(200_000) },
    /GeoJSON/,
  ),
  'a query with a member that every object has': {
    send: 'POST /entityOperations/query',
    body: '{"type":"Query","constructor":{"q":"speed"}}',
    headers: json,
    status: 400,
    type: 'BadRequestData',
    names: /constructor/,
  },
  'a history query that joins': {
    send: 'POST /temporal/entityOperations/query',
    body: '{"type":"Query","q":"at{speed==1}","join":"inline"}',
    headers: json,
    status: 400,
    type: 'BadRequestData',
    names: /join/,
  },
  'a merge in a language that is none': {
    send: `PATCH /entities/${e(id)}?lang=en,fr`,
    body: '{"speed":"x"}',
    headers: json,
    status: 400,
    type: 'BadRequestData',
    names: /lang/,
  },
  ...Object.fromEntries(
    [
      'POST /entities',
      `PATCH /entities/${e(id)}/attrs`,
      `PUT /entities/${e(id)}`,
      'POST /entityOperations/upsert',
      'POST /temporal/entities',
      'POST /temporal/entityOperations/upsert',
    ].map((request) => [
      `a parameter local that is neither true nor false, of ${request}`,
      post(request.includes('Operations') ? [] : {}, /local/, { send: `${request}?local=5` }),
    ]),
  ),
  ...Object.fromEntries(
    ['attrs', 'pick', 'omit', 'q', 'orderBy', 'idPattern'].flatMap((name) => [
      [`a parameter ${name} that cannot be read`, get(`/entities?local=true&type=Odd&${name}=a-b(`, new RegExp(name))],
      [
        `a parameter ${name} that cannot be read, of histories`,
        get(`/temporal/entities?timerel=after&timeAt=2026-01-01T00:00:00Z&type=Odd&${name}=a-b(`, new RegExp(name)),
      ],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries({
      attrs: ['a-b'],
      pick: ['a-b'],
      omit: ['a-b'],
      geoQ: { georel: 'within', geometry: 'Point', coordinates: [1, 2], radius: 5 },
      entities: [{ type: 'Odd', scope: '/a' }],
      ordering: { orderBy: ['speed'], direction: 'desc' },
    }).map(([name, value]) => [
      `a query by POST whose ${name} cannot be read`,
      post({ type: 'Query', entities: [{ type: 'Odd' }], [name]: value }, new RegExp(name), {
        send: 'POST /entityOperations/query?local=true',
      }),
    ]),
  ),
  ...Object.fromEntries(
    ['entity', 'entityList', 'lang'].map((name) => [
      `a sub-attribute named as the member ${name} of answers`,
      attribute({ value: 1, [name]: { value: 'x' } }, new RegExp(name)),
    ]),
  ),
  'no JSON': post('{"id":', /JSON/, request),
  'empty body': post('', /body/i, request),
  'JSON with a trailing comma': post('{"id":"a:b",}', /JSON/, request),
  'single quotes': post("{'id': 1}", /JSON/, request),
  'bytes that are no UTF-8': post('', /UTF-8/, {
    ...request,
    body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  }),
  'an array for an entity': post([], /object/, request),
  'a string for an entity': post('"x"', /object/, request),
  'null for an entity': post('null', /object/, request),
  'a number for a batch': {
    send: 'POST /entityOperations/create',
    body: '5',
    headers: json,
    status: 400,
    names: /array/,
  },
  'an object for a batch': {
    send: 'POST /entityOperations/upsert',
    body: '{}',
    headers: json,
    status: 400,
    names: /array/,
  },
  'nesting beyond the limit': post(`{"id":"${id}","type":"Odd","speed":{"value":${deep(200)}}}`, /deep|nest/i, request),
  'nesting of 100,000 levels': post(deep(100_000), /deep|nest/i, request),
  'nesting of 100,000 arrays': post('['.repeat(100_000), /deep|nest|JSON/i, request),
  XML: post('<a/>', /media type|Content-Type/i, { headers: { 'Content-Type': 'application/xml' }, status: 415 }),
  'no media type': post('{}', /media type|Content-Type/i, { headers: {}, status: 415 }),
  'no media type, and no JSON': post('{', /JSON/i, { headers: {}, type: 'InvalidRequest' }),
  'merge patch to POST': post('{}', /media type|Content-Type/i, {
    headers: { 'Content-Type': 'application/merge-patch+json' },
    status: 415,
  }),
  'no id': post({ type: 'Odd' }, /id/),
  'no type': post({ id }, /type/),
  'an id that is no URI': post({ id: 'lamp', type: 'Odd' }, /lamp/),
  'an id with a blank': post({ id: 'urn:a b', type: 'Odd' }, /urn:a b/),
  'an id with an angle bracket': post({ id: 'urn:<a>', type: 'Odd' }, /urn:<a>/),
  'an id with a zero-width space': post({ id: 'urn:a\u200bb', type: 'Odd' }, /URI/),
  'an id with a bidi override': post({ id: 'urn:a\u202eb', type: 'Odd' }, /URI/),
  'an id with a byte order mark': post({ id: 'urn:a\ufeffb', type: 'Odd' }, /URI/),
  'an id that is a number': post({ id: 5, type: 'Odd' }, /5/),
  'the NGSI-LD Null as id': post({ id: 'urn:ngsi-ld:null', type: 'Odd' }, /Null/),
  'an id of 5,000 characters': post({ id: `urn:${'x'.repeat(5000)}`, type: 'Odd' }, /URI/),
  'id and @id': post({ id, '@id': id, type: 'Odd' }, /@id/),
  'type and @type': post({ id, type: 'Odd', '@type': 'Odd' }, /@type/),
  'an empty array of types': post({ id, type: [] }, /type/),
  'a type that is a number': post({ id, type: 7 }, /7/),
  'a type with a blank': post({ id, type: 'Odd one' }, /Odd one/),
  'the type type': post({ id, type: 'type' }, /type/),
  'an attribute name with a blank': member({ 'wind speed': 1 }, /wind speed/),
  'an attribute name beginning with a digit': member({ '2nd': 1 }, /2nd/),
  'an attribute name with a dollar': member({ $where: 1 }, /\$where/),
  'an attribute named __proto__': post(`{"id":"${id}","type":"Odd","__proto__":{"value":1}}`, /__proto__/),
  'an empty attribute name': member({ '': 1 }, /name/),
  'an attribute named observedAt': member({ observedAt: '2026-03-01T00:00:00Z' }, /observedAt/),
  'an attribute named datasetId': member({ datasetId: 'urn:a:b' }, /datasetId/),
  'an attribute named value': member({ value: 1 }, /value/),
  'a faulty scope': member({ scope: '/a//b' }, /\/a\/\/b/),
  'a scope that begins with a digit': member({ scope: '9bad' }, /9bad/),
  'a faulty scope among others': member({ scope: ['/ok', 'a-b'] }, /a-b/),
  'an empty array of scopes': member({ scope: [] }, /scope/),
  'a faulty expiresAt': member({ expiresAt: 'tomorrow' }, /tomorrow/),
  '@context in application/json': member({ '@context': 'https://example.org/c.jsonld' }, /@context/),
  'a Property without a value': attribute({ type: 'Property' }),
  'a Relationship without an object': attribute({ type: 'Relationship' }),
  'null for a value': attribute({ type: 'Property', value: null }),
  'null for an attribute': attribute(null),
  'null inside a value': attribute({ type: 'Property', value: { a: [null] } }),
  'a kind that does not exist': attribute({ type: 'Propperty', value: 1 }, /Propperty/),
  'a number too large': post(`{"id":"${id}","type":"Odd","speed":{"value":1e400}}`, /speed/),
  'a LanguageProperty without a map': attribute({ type: 'LanguageProperty' }),
  'a language map of numbers': attribute({ type: 'LanguageProperty', languageMap: { en: 5 } }),
  'a language that is no tag': attribute({ type: 'LanguageProperty', languageMap: { 'no tag': 'x' } }),
  'an empty language': attribute({ type: 'LanguageProperty', languageMap: { '': 'x' } }),
  'a scalar JsonProperty': attribute({ type: 'JsonProperty', json: 5 }),
  'a ListProperty that is no list': attribute({ type: 'ListProperty', valueList: 5 }),
  'a ListRelationship without URIs': attribute({ type: 'ListRelationship', objectList: ['no uri'] }),
  'a Relationship to no URI': attribute({ type: 'Relationship', object: 'there' }),
  'a Relationship with a unit': attribute({ type: 'Relationship', object: 'urn:a:b', unitCode: 'MTR' }),
  'a Property with an object': attribute({ type: 'Property', value: 1, object: 'urn:a:b' }),
  'a Property with a previousValue': attribute({ type: 'Property', value: 1, previousValue: 2 }),
  'a Property with an objectType': attribute({ type: 'Property', value: 1, objectType: 'Quay' }),
  'a VocabProperty of numbers': attribute({ type: 'VocabProperty', vocab: 5 }),
  'observedAt with an offset': attribute({ value: 1, observedAt: '2026-03-01T08:00:00+01:00' }, /observedAt/),
  'observedAt on 30 February': attribute({ value: 1, observedAt: '2026-02-30T08:00:00Z' }, /observedAt/),
  'observedAt as an object': attribute({ value: 1, observedAt: { value: '2026-03-01T08:00:00Z' } }, /observedAt/),
  'a unitCode that is a number': attribute({ value: 1, unitCode: 5 }, /unitCode/),
  'a datasetId that is no URI': attribute({ value: 1, datasetId: 'gps' }, /gps/),
  'a datasetId twice': attribute(
    [
      { value: 1, datasetId: 'urn:a:b' },
      { value: 2, datasetId: 'urn:a:b' },
    ],
    /urn:a:b/,
  ),
  'two default instances': attribute([{ value: 1 }, { value: 2 }], /datasetId/),
  'the NGSI-LD Null in a create': attribute('urn:ngsi-ld:null'),
  'the NGSI-LD Null inside a value': attribute({ value: { a: { b: 'urn:ngsi-ld:null' } } }),
  'a faulty sub-attribute': attribute({ value: 1, accuracy: { type: 'Property' } }, /speed\.accuracy/),
  'a location that is a Property': member({ location: { type: 'Property', value: 5 } }, /location/),
  'a location outside the world': member({ location: { type: 'Point', coordinates: [200, 91] } }, /location/),
  'a Point without coordinates': member({ location: { type: 'GeoProperty', value: { type: 'Point' } } }, /location/),
  'a ring that is not closed': member(
    {
      location: {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, 0],
            [1, 1],
            [0, 1],
          ],
        ],
      },
    },
    /location/,
  ),
  'a GeometryCollection': member(
    { location: { type: 'GeoProperty', value: { type: 'GeometryCollection', geometries: [] } } },
    /location/,
  ),
  'a string that holds no geometry': member({ location: { type: 'GeoProperty', value: 'here' } }, /location/),
  'JSON-LD without @context': post({ id, type: 'Odd' }, /@context/, { headers: ld }),
  'JSON-LD with a Link as well': post(
    { id, type: 'Odd', '@context': 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld' },
    /Link/,
    { headers: { ...ld, Link: contextLink('https://example.org/c.jsonld') } },
  ),
  'an @context that is a number': post({ id, type: 'Odd', '@context': 5 }, /@context/, { headers: ld }),
  'an @context with a faulty term': post({ id, type: 'Odd', '@context': { speed: { '@id': 5 } } }, /speed/, {
    headers: ld,
  }),
  'an @context with a cycle': post({ id, type: 'Odd', '@context': { a: 'b:x', b: 'a:x' } }, /a|b/, { headers: ld }),
  'an @context with a scheme other than http': post({ id, type: 'Odd', '@context': 'file:///etc/passwd' }, /file/, {
    headers: ld,
  }),
  'an @context that cannot be had': post({ id, type: 'Odd' }, /127\.0\.0\.1:9/, {
    headers: { ...json, Link: contextLink('http://127.0.0.1:9/c.jsonld') },
    status: 504,
    type: 'LdContextNotAvailable',
  }),
  'a Link that is none': post({ id, type: 'Odd' }, /Link/, {
    headers: { ...json, Link: 'nonsense; rel="http://www.w3.org/ns/json-ld#context"' },
  }),
  'an unknown parameter': post({ id, type: 'Odd' }, /colour/, { ...request, send: 'POST /entities?colour=red' }),
  'a parameter twice': get('/entities?type=A&type=B', /type/, request),
  'a percent sign without digits': get('/entities?type=%zz', /%zz|percent/i, request),
  'an unknown option': get('/entities?type=Odd&options=fast', /fast/, request),
  'an unknown format': get('/entities?type=Odd&format=pretty', /pretty/, request),
  'a limit that is no number': get('/entities?type=Odd&limit=ten', /ten/),
  'a limit above the most': get('/entities?type=Odd&limit=1001', /1000/, { status: 403, type: 'TooManyResults' }),
  'a negative offset': get('/entities?type=Odd&offset=-1', /offset/),
  'count that is no boolean': get('/entities?type=Odd&count=maybe', /maybe/),
  'a query that is too wide': get('/entities', /wide/),
  'a faulty type selection': get(`/entities?type=${e('(A;B')}`, /\(A;B|type/),
  'a faulty idPattern': get(`/entities?type=Odd&idPattern=${e('(')}`, /pattern|\(/i),
  'an idPattern with a back reference': get(`/entities?type=Odd&idPattern=${e('(a)\\1')}`, /reference|\\1/i),
  'q without a value': get(`/entities?q=${e('speed>')}`, /speed>|position|end/i),
  'q with an open quote': get(`/entities?q=${e('speed=="a')}`, /quote|string|"/i),
  'q with an open bracket': get(`/entities?q=${e('speed[a=="b"')}`, /bracket|\]|position/i),
  'q with an open parenthesis': get(`/entities?q=${e('(speed>1')}`, /parenthes|\)|position/i),
  'q of 20,000 terms': get(`/entities?q=${'a;'.repeat(4000)}a`, /./, { status: 403, type: 'TooComplexQuery' }),
  'q that only knows system attributes': get(`/entities?q=${e('createdAt>2020-01-01T00:00:00Z')}`, /wide/),
  'a georel that does not exist': get('/entities?type=Odd&georel=beside&geometry=Point&coordinates=[1,1]', /beside/),
  'a geo-query without coordinates': get('/entities?type=Odd&georel=within&geometry=Point', /coordinates/),
  'coordinates that are no JSON': get('/entities?type=Odd&georel=within&geometry=Point&coordinates=[1', /coordinates/),
  'a distance of zero metres less one': get(
    '/entities?type=Odd&georel=near;maxDistance==-1&geometry=Point&coordinates=[1,1]',
    /maxDistance|distance/i,
  ),
  'a distance that is infinite': get(
    '/entities?type=Odd&georel=near;maxDistance==1e400&geometry=Point&coordinates=[1,1]',
    /maxDistance|distance/i,
  ),
  'a faulty scopeQ': get(`/entities?type=Odd&scopeQ=${e('/a//b')}`, /scope/i),
  'pick with attrs': get('/entities?type=Odd&pick=a&attrs=a', /attrs/),
  'pick with doubled commas': get('/entities?type=Odd&pick=a,,b', /pick/),
  'an empty list of attrs': get('/entities?type=Odd&attrs=', /attrs/),
  'geometryProperty without GeoJSON': get(`/entities?type=Odd&geometryProperty=location`, /geometryProperty/),
  'a faulty language': get('/entities?type=Odd&lang=!!', /!!/),
  'an id in the path that is no URI': get('/entities/lamp', /lamp/),
  'an id in the path with a percent sign': get('/entities/%E0%A4%A', /percent|path/i, request),
  'an attribute in the path that is no name': {
    send: `DELETE /entities/${id}/attrs/${e('(a)')}`,
    status: 400,
    type: 'BadRequestData',
    names: /\(a\)/,
  },
  'a faulty timerel': get(`/temporal/entities/${id}?timerel=during&timeAt=2026-03-01T00:00:00Z`, /during/),
  'between without an end': get(`/temporal/entities/${id}?timerel=between&timeAt=2026-03-01T00:00:00Z`, /endTimeAt/),
  'a faulty lastN': get(`/temporal/entities/${id}?lastN=many`, /lastN/),
  'an unknown tenant': get('/entities?type=Odd', /nowhere/, {
    headers: { 'NGSILD-Tenant': 'nowhere' },
    status: 404,
    type: 'NonexistentTenant',
  }),
  'two tenants at once': get('/entities?type=Odd', /enant/, {
    headers: { 'NGSILD-Tenant': 'a', 'Fiware-Service': 'b' },
  }),
  'Accept that cannot be met': get('/entities?type=Odd', /application\/json/, {
    headers: { Accept: 'image/png' },
    status: 406,
    type: '',
  }),
  'a method that is not there': { send: `POST /entities/${id}`, body: '{}', headers: json, status: 405, type: '' },
  'a path that is not there': { send: 'GET /lamps', status: 404, names: /lamps/ },
  'an entity map of a query that is too wide': get('/entityMaps?id=urn:x', /too wide/),
  'a lifetime that is no duration': get(
    '/entities?type=Odd&entityMap=true&entityMapLifetime=1hour',
    /entityMapLifetime/,
  ),
  'an entity map of histories without an interval': get('/temporal/entityMaps?type=Odd', /timerel/),
};

describe('bad input', () => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTestBroker();
  });
  afterAll(() => broker.stop());

  test('there are at least a hundred cases', () => expect(Object.keys(cases).length).toBeGreaterThanOrEqual(100));

  test.each(Object.entries(cases))('%s', async (_, { send, body, headers, status, type, names }) => {
    const [method = '', path = ''] = send.split(' ');
    const answer = await fetch(`${broker.url}/ngsi-ld/v1${path}`, {
      method,
      ...(headers ? { headers } : undefined),
      ...(body === undefined ? undefined : { body: new Blob([body]) }),
    });
    const text = await answer.text();
    expect({ send, status: answer.status, text }).toEqual({ send, status, text });
    if (status === 415 || type === '') return;
    const problem = JSON.parse(text) as { type: string; title: string; detail: string; status: number };
    if (type !== undefined) expect(problem.type).toBe(`https://uri.etsi.org/ngsi-ld/errors/${type}`);
    expect(problem.status).toBe(status);
    expect(problem.title.length > 0 && problem.title !== problem.detail).toBe(true);
    if (names !== undefined) expect(problem.detail).toMatch(names);
    expect(answer.headers.get('content-type')).toBe('application/json');
  });

  test('a body that is too large is refused before it has been read', async () => {
    const small = await startTestBroker(['--body-bytes-max', '2048', '--store', 'memory']);
    const answer = await fetch(`${small.url}/ngsi-ld/v1/entities`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ id, type: 'Odd', a: 'x'.repeat(4000) }),
    });
    expect(answer.status).toBe(413);
    await small.stop();
  });

  test.each([
    ['nonsense', 'nonsense\r\n\r\n', /^HTTP\/1\.1 400/],
    ['a header that is none', 'GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n', /^HTTP\/1\.1 400/],
    [
      'two lengths',
      'POST /ngsi-ld/v1/entities HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
      /^HTTP\/1\.1 400/,
    ],
    ['a header of 100 kB', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, /^HTTP\/1\.1 431/],
  ])('raw HTTP: %s', async (_, bytes, expected) => {
    const { port } = new URL(broker.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes));
      let seen = '';
      socket.on('data', (data) => (seen += data.toString()));
      socket.on('close', () => resolve(seen));
      socket.on('error', (error) => (seen === '' ? reject(error) : resolve(seen)));
    });
    expect(answer).toMatch(expected);
  });

  test('after all of it the broker is alive, and has kept nothing', async () => {
    const all = await fetch(`${broker.url}/ngsi-ld/v1/entities?type=*&count=true&limit=0`);
    expect([all.status, all.headers.get('ngsild-results-count')]).toEqual([200, '0']);
    expect((await fetch(`${broker.url}/version`)).status).toBe(200);
  });

  test('odd but legal names, ids and values come back as they were', async () => {
    const odd = {
      id: "urn:ngsi-ld:Odd:ž-ô;=('$&",
      type: 'Čuden',
      '\u00e9tat': { type: 'Property', value: '<script>&amp;"\\ \u0000 \ud83d\ude00 \u202e' },
      'https://example.org/a.b.c/$d?e=f#g': {
        type: 'Property',
        value: { __proto__: 1, constructor: 'x', 'a.b': [{}], '': 0 },
      },
    };
    const text = JSON.stringify(odd).replace('{"constructor"', '{"__proto__":1,"constructor"');
    const made = await fetch(`${broker.url}/ngsi-ld/v1/entities`, { method: 'POST', headers: json, body: text });
    expect(made.status).toBe(201);
    const answer = await fetch(`${broker.url}/ngsi-ld/v1/entities/${e(odd.id)}`);
    expect(await answer.json()).toEqual(JSON.parse(text));
  });
});
