/** Tests the queries of NGSI v2: filters, the query language, locations, order and pages. */
import { expect } from '@jest/globals';
import { error, type Send, v2Tests } from './v2.ts';

const E = { id: 'E', type: 'T', A: { value: 1, type: 'Number' } };
const bad = (description: string): object => ({ status: 400, json: error('BadRequest', description) });

const create = async (send: Send, ...entities: readonly object[]): Promise<void> => {
  for (const body of entities) expect(await send('POST /v2/entities', { body })).toMatchObject({ status: 201 });
};
const found = async (send: Send, params: string): Promise<unknown> => {
  const { status, json, text } = await send(`GET /v2/entities?${params}`);
  return status === 200 ? (json as { id: string }[]).map(({ id }) => id) : text;
};
const q = (send: Send, query: string, name = 'q'): Promise<unknown> =>
  found(send, `${name}=${encodeURIComponent(query)}`);

v2Tests('queries of NGSI v2', {
  'have pages': async (send) => {
    await create(send, E, { id: 'F' }, { id: 'G' });
    expect(await send('GET /v2/entities?limit=0')).toMatchObject({ status: 200, json: [] });
    expect(await send('GET /v2/entities?limit=1001')).toMatchObject(bad('Bad pagination limit: /1001/ [max: 1000]'));
    expect(await send('GET /v2/entities?limit=x')).toMatchObject(
      bad('Bad pagination limit: /x/ [must be a positive integer number]'),
    );
    expect(await send('GET /v2/entities?offset=x')).toMatchObject(
      bad('Bad pagination offset: /x/ [must be a decimal number]'),
    );
    const over = await send('GET /v2/entities?limit=1&offset=5&options=count');
    expect([over.json, over.headers.get('fiware-total-count')]).toEqual([[], '3']);
    expect(await found(send, 'limit=1&offset=1')).toEqual(['F']);
  },
  'show the attributes that they name': async (send) => {
    await create(send, { ...E, B: { value: 1 } });
    const show = async (params: string): Promise<unknown> => (await send(`GET /v2/entities?${params}`)).json;
    expect(await show('attrs=unknown')).toEqual([{ id: 'E', type: 'T' }]);
    expect(await show('attrs=id&options=keyValues')).toEqual([{ id: 'E', type: 'T' }]);
    expect(await show('attrs=B,A&options=values')).toEqual([[1, 1]]);
    expect(await show('attrs=B,A&options=unique')).toEqual([[1]]);
    const value = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const dateCreated = { type: 'DateTime', value, metadata: {} };
    expect(await show('attrs=dateCreated')).toEqual([{ id: 'E', type: 'T', dateCreated }]);
    expect(Object.keys(((await show('attrs=dateModified,*')) as [object])[0])).toEqual([
      'id',
      'type',
      'dateModified',
      'A',
      'B',
    ]);
  },
  'refuse parameters that contradict each other': async (send) => {
    expect(await send('GET /v2/entities?id=a&idPattern=b')).toMatchObject(
      bad('Incompatible parameters: id, IdPattern'),
    );
    expect(await send('GET /v2/entities?type=a&typePattern=b')).toMatchObject(
      bad('Incompatible parameters: type, typePattern'),
    );
    expect(await send('GET /v2/entities?q=')).toMatchObject(bad('Empty right-hand-side for URI param /q/'));
    expect(await send('GET /v2/entities?idPattern=(')).toMatchObject(bad('Invalid regex for entity idPattern'));
  },
  'refuse what they cannot be, with the texts of Orion': async (send) => {
    const texts: Record<string, string> = {
      'q=;': 'empty q',
      'q=a;;b': 'empty q-item',
      'q=!': 'empty right-hand-side in q-item',
      'q=a==..2': 'empty item in range',
      'q=a==1..': 'empty item in range',
      'q=a==true..2': 'invalid data type for /range-from/',
      'q=a==1..null': 'invalid data type for /range-to/',
      'q=a==1,': 'empty item in list',
      'q=a!=1,x': 'invalid JSON value type in list',
      'q=a>true': 'values of type /Bool/ not supported for operator />/',
      "q=a=='10'x": 'non-terminated forced string',
      "q=a=='10'x'": 'quote in forced string',
      "q=a==house'flat'": 'forbidden characters in String Filter',
      'geometry=circle&coords=1,2': 'Invalid query: error parsing geometry: Invalid selector in geometry specification',
      'geometry=point&coords=1,2,3&georel=equals': 'Invalid query: invalid point in URI param /coords/',
      'geometry=point&coords=1,x&georel=equals': 'Invalid query: invalid coordinates',
      'geometry=point&coords=1,2&georel=near;metres:1': 'Invalid query: Invalid modifier in georel parameter',
      'x=': 'Empty right-hand-side for URI param /x/',
      'x=a<b': 'invalid character in URI parameter',
    };
    for (const [params, text] of Object.entries(texts))
      expect(await send(`GET /v2/entities?${params.replace('<', '%3C')}`)).toMatchObject(bad(text));
    const bodies: readonly (readonly [body: unknown, text: string])[] = [
      [{ x: 1 }, 'Invalid JSON payload, no relevant fields found'],
      [{ entities: {} }, 'not a JSON array'],
      [{ entities: [{ id: 'a;' }] }, 'Invalid characters in entity id'],
      [{ attrs: {} }, 'the field /attrs/ must be a JSON array'],
      [{ attributes: [1] }, 'only JSON Strings allowed in attributes list'],
      [{ expression: [] }, 'expression is not an object'],
      [{ expression: {} }, 'expression is empty'],
      [{ expression: { q: '' } }, 'q is empty'],
      [
        { expression: { georel: 'equals', geometry: 'circle', coords: '1,2' } },
        'error parsing geo-query fields: error parsing geometry: Invalid selector in geometry specification',
      ],
    ];
    for (const [body, text] of bodies) expect(await send('POST /v2/op/query', { body })).toMatchObject(bad(text));
  },
  'order texts, and may end with a semicolon': async (send) => {
    const colours = ['black', 'blue', 'red', 'brown', 'yellow'];
    await create(send, ...colours.map((value) => ({ id: value, colour: { value }, o: { value: { c: value } } })));
    expect(await q(send, 'colour<=brown')).toEqual(['black', 'blue', 'brown']);
    expect(await q(send, 'colour<brown;')).toEqual(['black', 'blue']);
    expect(await q(send, 'o.c>=red')).toEqual(['red', 'yellow']);
    expect(await q(send, 'colour==black..blue')).toEqual(['black', 'blue']);
  },
  'find ids and types by patterns, as v2 spells them': async (send) => {
    await create(
      send,
      { id: 'Room1', type: 'Room' },
      { id: 'urn:ngsi-ld:Room:2', type: 'Room' },
      { id: 'Car1', type: 'Car' },
    );
    expect(await found(send, 'idPattern=^Room')).toEqual(['Room1']);
    expect(await found(send, 'idPattern=Room')).toEqual(['Room1', 'urn:ngsi-ld:Room:2']);
    expect(await found(send, 'typePattern=^R')).toEqual(['Room1', 'urn:ngsi-ld:Room:2']);
    expect(await found(send, 'id=Car1,Room1')).toEqual(['Room1', 'Car1']);
  },
  'compare values with literals of one type': async (send) => {
    await create(send, E, { id: 'F', type: 'T', B: { value: 'a' } }, { id: 'N', A: { value: null } });
    expect(await q(send, 'A==1')).toEqual(['E']);
    expect(await q(send, "A=='1'")).toEqual([]);
    expect(await q(send, 'A:1')).toEqual(['E']);
    expect(await q(send, 'A!=1')).toEqual(['N']);
    expect(await q(send, 'A==null')).toEqual(['N']);
    expect(await q(send, 'A==0..2')).toEqual(['E']);
    expect(await q(send, 'A==1,5')).toEqual(['E']);
    expect(await q(send, 'B~=^a')).toEqual(['F']);
    expect(await q(send, '!A')).toEqual(['F']);
    expect(await q(send, 'A;B')).toEqual([]);
    for (const [query, text] of [
      ['A>0,2', 'lists only valid for equal and not equal ops'],
      ['A>0..2', 'ranges only valid for equal and not equal ops'],
      ['A>=', 'empty right-hand-side in q-item'],
      ['==1', 'empty left-hand-side in q-item'],
      ['A;;B', 'empty q-item'],
      ["A==1..'b'", 'invalid range: types mixed'],
    ] as const)
      expect(await send(`GET /v2/entities?q=${encodeURIComponent(query)}`)).toMatchObject(bad(text));
  },
  'compare dates with dates, and texts with texts': async (send) => {
    await create(
      send,
      { id: 'D', d: { type: 'DateTime', value: '2016-10-01' } },
      { id: 'X', d: { value: '2016-10-01' } },
    );
    expect((await send('GET /v2/entities/D')).json).toMatchObject({ d: { value: '2016-10-01T00:00:00.000Z' } });
    expect(await q(send, 'd>2016-09-30T22:00:00-02:00')).toEqual([]);
    expect(await q(send, 'd>2016-09-30')).toEqual(['D']);
    expect(await q(send, "d=='2016-10-01'")).toEqual(['X']);
    expect(await q(send, 'dateCreated>2016-09-30')).toEqual(['D', 'X']);
  },
  'lead into values and to metadata': async (send) => {
    await create(send, {
      id: 'E',
      A: { value: { b: { 'c.d': 3 } }, metadata: { m: { value: 1 } } },
      r: { type: 'Relationship', value: 'Store1' },
    });
    expect(await q(send, "A.b.'c.d'==3")).toEqual(['E']);
    expect(await q(send, 'A.m<2', 'mq')).toEqual(['E']);
    expect(await q(send, 'A.m>2', 'mq')).toEqual([]);
    expect(await q(send, 'r==Store1')).toEqual(['E']);
  },
  'find locations of any name': async (send) => {
    await create(
      send,
      { id: 'P', position: { type: 'geo:point', value: '40.4, -3.7' } },
      { id: 'Q', location: { type: 'geo:json', value: { type: 'Point', coordinates: [14, 46] } } },
    );
    const near = (lat: number, lon: number): string =>
      `georel=near;maxDistance:1000&geometry=point&coords=${lat},${lon}`;
    expect(await found(send, near(40.4, -3.7))).toEqual(['P']);
    expect(await found(send, `${near(46, 14)}&orderBy=geo:distance`)).toEqual(['Q']);
    expect(await found(send, 'georel=coveredBy&geometry=box&coords=40,-4;41,-3')).toEqual(['P']);
    const expression = { georel: 'near;maxDistance:100000', geometry: 'point', coords: '46,14' };
    await create(send, { id: 'R', location: { type: 'geo:point', value: '46.001, 14' } });
    const nearest = async (order: string): Promise<unknown> =>
      (await send(`POST /v2/op/query?options=keyValues&attrs=none&orderBy=${order}`, { body: { expression } })).json;
    const [q, r] = ['Q', 'R'].map((id) => ({ id, type: 'Thing' }));
    expect(await nearest('geo:distance')).toEqual([q, r]);
    expect(await nearest('!geo:distance')).toEqual([r, q]);
    await create(send, { id: 'S', where: { type: 'geo:point', value: '46.0005, 14' } });
    expect(await nearest('geo:distance')).toEqual([q, { id: 'S', type: 'Thing' }, r]);
    expect((await send('GET /v2/entities/P')).json).toMatchObject({
      position: { type: 'geo:point', value: '40.4, -3.7' },
    });
    for (const [params, text] of [
      [
        'geometry=box&coords=1,2;3,4&georel=near;maxDistance:12',
        'georel /near/ used with geometry different than point',
      ],
      ['geometry=point&coords=1,2&georel=near', 'georel /near/ without either minDistance nor maxDistance'],
      ['coords=1,2', 'URI param /coords/ used without /geometry/'],
      ['geometry=point', 'URI param /geometry/ used without /coords/'],
      ['georel=near', 'URI param /georel/ used without /geometry/'],
      ['geometry=polygon&coords=1,2;3,4;1,2&georel=coveredBy', 'Too few coordinates for polygon'],
    ] as const)
      expect(await send(`GET /v2/entities?${params}`)).toMatchObject(bad(`Invalid query: ${text}`));
  },
  sort: async (send) => {
    await create(
      send,
      { id: '1', A: { value: 1 }, B: { value: 2 } },
      { id: '2', A: { value: 2 }, B: { value: 2 } },
      { id: '3', A: { value: 2 }, B: { value: 1 } },
    );
    expect(await found(send, 'orderBy=!A,B')).toEqual(['3', '2', '1']);
    expect(await found(send, 'orderBy=!A&limit=1&offset=1')).toEqual(['3']);
    expect(await send('GET /v2/entities?orderBy=A,!A')).toMatchObject(bad('duplicate orderBy token detected'));
  },
  'are posted': async (send) => {
    await create(send, E, { id: 'F', type: 'S' });
    const body = { entities: [{ idPattern: '.*', type: 'T' }], attrs: ['A'] };
    const { status, json, headers } = await send('POST /v2/op/query?options=count,keyValues', { body });
    expect({ status, json, count: headers.get('fiware-total-count') }).toEqual({
      status: 200,
      json: [{ id: 'E', type: 'T', A: 1 }],
      count: '1',
    });
    expect((await send('POST /v2/op/query?options=keyValues', { body: { expression: { q: 'A>0' } } })).json).toEqual([
      { id: 'E', type: 'T', A: 1 },
    ]);
    expect(await send('POST /v2/op/query', { body: {} })).toMatchObject(bad('empty payload'));
    expect(await send('POST /v2/op/query', { body: { entities: [{ id: 'E', typePattern: '(' }] } })).toMatchObject(
      bad('Invalid regex for entity typePattern'),
    );
    const many = Array.from({ length: 251 }, (_, n) => ({ idPattern: `a${n}`, typePattern: `b${n}` }));
    expect(await send('POST /v2/op/query', { body: { entities: many } })).toMatchObject({
      status: 403,
      json: { description: 'The request has more than 500 regular expressions as idPattern.' },
    });
  },
});

const ld = { headers: { 'Content-Type': 'application/json' } };

v2Tests('one store behind NGSI v2 and NGSI-LD', {
  'has ids that lead back': async (send) => {
    await create(send, { id: 'Room1', type: 'Room', n: { type: 'Integer', value: 1 }, s: { value: 2 } });
    const { status, json } = await send('GET /ngsi-ld/v1/entities/urn:ngsi-v2:Room1');
    expect(status).toBe(200);
    expect(json).toEqual({
      id: 'urn:ngsi-v2:Room1',
      type: 'Room',
      n: { type: 'Property', value: 1, valueType: 'Integer' },
      s: { type: 'Property', value: 2 },
    });
    expect((await send('GET /v2/entities/Room1')).json).toMatchObject({ id: 'Room1', n: { type: 'Integer' } });
  },
  'has units, times, relationships and null on both roads': async (send) => {
    const body = {
      id: 'urn:ngsi-ld:X:1',
      type: 'X',
      t: { type: 'Property', value: 1, unitCode: 'CEL', observedAt: '2026-01-01T00:00:00Z' },
    };
    await create(send, {
      id: 'V',
      type: 'X',
      refStore: { type: 'Relationship', value: 'Store1' },
      description: { type: 'Text', value: null },
      a: { value: 1, metadata: { accuracy: { value: 0.9 } } },
    });
    expect(await send('POST /ngsi-ld/v1/entities', { body, ...ld })).toMatchObject({ status: 201 });
    expect((await send('GET /v2/entities/urn:ngsi-ld:X:1')).json).toMatchObject({
      t: {
        type: 'Number',
        metadata: {
          unitCode: { type: 'Text', value: 'CEL' },
          TimeInstant: { type: 'DateTime', value: '2026-01-01T00:00:00.000Z' },
        },
      },
    });
    expect((await send('GET /ngsi-ld/v1/entities/urn:ngsi-v2:V')).json).toMatchObject({
      refStore: { type: 'Relationship', object: 'urn:ngsi-v2:Store1' },
      a: { accuracy: { type: 'Property', value: 0.9 } },
    });
    expect((await send('GET /v2/entities/V')).json).toMatchObject({
      refStore: { value: 'Store1' },
      description: { type: 'Text', value: null },
    });
    expect(await send('PATCH /v2/entities/V/attrs', { body: { a: { value: 2 } } })).toMatchObject({ status: 204 });
    expect((await send('GET /v2/entities/V')).json).toMatchObject({
      a: { value: 2, metadata: { accuracy: { value: 0.9 } } },
    });
  },
  'has a service path for a scope': async (send) => {
    const headers = { 'Fiware-ServicePath': '/a', 'Content-Type': 'application/json' };
    expect(await send('POST /v2/entities', { body: { id: 'S', type: 'T' }, headers })).toMatchObject({ status: 201 });
    expect((await send('GET /ngsi-ld/v1/entities/urn:ngsi-v2:S')).json).toMatchObject({ scope: '/a' });
    expect(await send('POST /ngsi-ld/v1/entities', { body: { id: 'urn:x:1', type: 'T' }, ...ld })).toMatchObject({
      status: 201,
    });
    expect((await send('GET /v2/entities/urn:x:1?attrs=servicePath&options=keyValues')).json).toEqual({
      id: 'urn:x:1',
      type: 'T',
      servicePath: '/',
    });
  },
});
