/** Tests the entities of NGSI v2: statuses, error texts and representations, as the clients of Orion know them. */
import { expect } from '@jest/globals';
import { error, type Send, v2Tests } from './v2.ts';

const E = { id: 'E', type: 'T', A: { value: 1, type: 'Number' } };
const shownE = { id: 'E', type: 'T', A: { type: 'Number', value: 1, metadata: {} } };
const json = { 'Content-Type': 'application/json' };
const text = { 'Content-Type': 'text/plain' };

const create = async (send: Send, ...entities: readonly object[]): Promise<void> => {
  for (const body of entities)
    expect(await send('POST /v2/entities', { body })).toMatchObject({ status: 201, text: '' });
};
const refused = async (send: Send, line: string, body: unknown, failure: object, status = 400): Promise<void> =>
  expect(await send(line, { body })).toMatchObject({ status, json: failure });
const bad = (description: string): object => error('BadRequest', description);

v2Tests('entities of NGSI v2', {
  'are created with a Location and a correlator': async (send) => {
    const { status, headers, text: body } = await send('POST /v2/entities', { body: E });
    expect({ status, body, location: headers.get('location') }).toEqual({
      status: 201,
      body: '',
      location: '/v2/entities/E?type=T',
    });
    expect(headers.get('fiware-correlator')).toHaveLength(36);
    await refused(send, 'POST /v2/entities', E, error('Unprocessable', 'Already Exists'), 422);
    await refused(send, 'POST /v2/entities', { ...E, type: 'Other' }, error('Unprocessable', 'Already Exists'), 422);
    expect(
      (await send('GET /v2/entities/', { headers: { 'Fiware-Correlator': 'abc' } })).headers.get('fiware-correlator'),
    ).toBe('abc');
  },
  'have the type Thing without one, and attributes types by their values': async (send) => {
    const bare = await send('POST /v2/entities', { body: { id: 'Bare' } });
    expect(bare.headers.get('location')).toBe('/v2/entities/Bare?type=Thing');
    expect((await send('GET /v2/entities/Bare')).json).toEqual({ id: 'Bare', type: 'Thing' });
    const { headers } = await send('POST /v2/entities?options=keyValues', {
      body: { id: 'X', s: 'a', n: 1, b: true, z: null, o: {}, l: [] },
    });
    expect(headers.get('location')).toBe('/v2/entities/X?type=Thing');
    const shown = (type: string, value: unknown): object => ({ type, value, metadata: {} });
    expect((await send('GET /v2/entities/X')).json).toEqual({
      id: 'X',
      type: 'Thing',
      s: shown('Text', 'a'),
      n: shown('Number', 1),
      b: shown('Boolean', true),
      z: shown('None', null),
      o: shown('StructuredValue', {}),
      l: shown('StructuredValue', []),
    });
  },
  'are refused with the text of the fault': async (send) => {
    const post = 'POST /v2/entities';
    await refused(send, post, { type: 'T' }, bad('entity id length: 0, min length supported: 1'));
    await refused(send, post, { id: 12 }, bad('Invalid JSON type for entity id'));
    await refused(send, post, { id: 'a b' }, bad('Invalid characters in entity id'));
    await refused(send, post, { id: 'a'.repeat(257) }, bad('entity id length: 257, max length supported: 256'));
    await refused(send, post, { id: 'X', A: { value: 'a(b' } }, bad('Invalid characters in attribute value'));
    await refused(
      send,
      post,
      { id: 'X', A: 1 },
      bad('attribute must be a JSON object, unless keyValues option is used'),
    );
    await refused(send, post, { id: 'X', A: { val: 1 } }, bad('unrecognized property for context attribute'));
    await refused(
      send,
      post,
      { id: 'X', A: { type: 'DateTime', value: 'now' } },
      bad('date has invalid format in attribute value'),
    );
    await refused(
      send,
      post,
      { id: 'X', A: { value: 'urn:ngsi-ld:null' } },
      bad('Invalid characters in attribute value'),
    );
    await refused(send, post, '{"id":"X",', error('ParseError', 'Errors found in incoming JSON buffer'));
    await refused(send, `${post}?options=nonsense`, E, bad('Invalid value for URI param /options/'));
    await create(send, { id: 'X', A: { type: 'TextUnrestricted', value: 'a(b' } });
    expect(await send(post)).toMatchObject({
      status: 411,
      json: error('ContentLengthRequired', 'Zero/No Content-Length in PUT/POST/PATCH request'),
    });
    expect(await send(post, { body: E, headers: { 'Content-Type': 'application/xml' } })).toMatchObject({
      status: 415,
      json: error('UnsupportedMediaType', 'not supported content type: application/xml'),
    });
  },
  'are at paths that are told when they are wrong': async (send) => {
    expect(await send('GET /v2/nothing')).toMatchObject({
      status: 400,
      json: bad('Service not found. Check your URL as probably it is wrong.'),
    });
    for (const request of [{ body: {} }, {}]) {
      const { status, headers, json: body } = await send('PUT /v2/entities/E', request);
      expect({ status, body }).toEqual({ status: 405, body: error('MethodNotAllowed', 'method not allowed') });
      expect(headers.get('allow')).toMatch(/GET.*DELETE/);
    }
    for (const line of ['POST /v2/entities/E', 'PUT /v2/types', 'POST /v2/entities/E/attrs/A'])
      expect(await send(line)).toMatchObject({ status: 405 });
    expect((await send('GET /v2')).json).toEqual({
      entities_url: '/v2/entities',
      types_url: '/v2/types',
      subscriptions_url: '/v2/subscriptions',
      registrations_url: '/v2/registrations',
    });
    expect((await send('GET /version')).json).toMatchObject({
      orion: { version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
    });
    expect(await send('GET /v2/entities/none')).toMatchObject({
      status: 404,
      json: error('NotFound', 'The requested entity has not been found. Check type and id'),
    });
    await create(send, E);
    expect(await send('GET /v2/entities/E/attrs/none')).toMatchObject({
      status: 404,
      json: error('NotFound', 'The entity does not have such an attribute'),
    });
    expect(await send('GET /v2/entities/E?type=Other')).toMatchObject({ status: 404 });
    expect(await send('GET /v2/entities', { headers: { Accept: 'text/html' } })).toMatchObject({
      status: 406,
      json: { error: 'NotAcceptable' },
    });
  },
  'are created or merged by an upsert': async (send) => {
    const upsert = 'POST /v2/entities?options=upsert';
    const first = await send(upsert, { body: E });
    expect({ status: first.status, location: first.headers.get('location') }).toEqual({
      status: 204,
      location: '/v2/entities/E?type=T',
    });
    expect(await send(upsert, { body: { id: 'E', type: 'T', B: { value: 2 } } })).toMatchObject({ status: 204 });
    expect((await send('GET /v2/entities/E?options=keyValues')).json).toEqual({ id: 'E', type: 'T', A: 1, B: 2 });
    await refused(send, upsert, { ...E, type: 'Other' }, error('Unprocessable', 'Already Exists'), 422);
  },
  'are updated as far as their attributes exist': async (send) => {
    await create(send, E);
    const patch = 'PATCH /v2/entities/E/attrs';
    await refused(
      send,
      patch,
      { A: { value: 2 }, C: { value: 3 } },
      error('PartialUpdate', 'do not exist: E - [ C ]'),
      422,
    );
    expect((await send('GET /v2/entities/E/attrs?options=keyValues')).json).toEqual({ A: 2 });
    await refused(
      send,
      `${patch}?type=T`,
      { C: { value: 3 }, D: {} },
      error('Unprocessable', 'do not exist: E/T - [ C, D ]'),
      422,
    );
    await refused(send, patch, { id: 'E', A: { value: 1 } }, bad('entity id specified in payload'));
    await refused(send, patch, {}, bad('empty payload'));
    const exist = 'one or more of the attributes in the request already exist: E - [ A ]';
    await refused(
      send,
      'POST /v2/entities/E/attrs?options=append',
      { A: { value: 9 }, B: { value: 8 } },
      error('PartialUpdate', exist),
      422,
    );
    expect((await send('GET /v2/entities/E/attrs?options=keyValues')).json).toEqual({ A: 2, B: 8 });
    expect(await send('POST /v2/entities/E/attrs', { body: { A: { value: 9 } } })).toMatchObject({ status: 204 });
    const [before] = (await send('GET /v2/entities?attrs=dateCreated')).json as [object];
    expect(await send('PUT /v2/entities/E/attrs', { body: { B: { value: 7 } } })).toMatchObject({ status: 204 });
    expect((await send('GET /v2/entities/E?options=keyValues')).json).toEqual({ id: 'E', type: 'T', B: 7 });
    expect((await send('GET /v2/entities/E?attrs=dateCreated')).json).toEqual(before);
    expect(before).toMatchObject({
      dateCreated: {
        type: 'DateTime',
        value: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        metadata: {},
      },
    });
  },
  'and attributes are deleted once': async (send) => {
    await create(send, E);
    for (const status of [204, 404]) expect(await send('DELETE /v2/entities/E/attrs/A')).toMatchObject({ status });
    for (const status of [204, 404]) expect(await send('DELETE /v2/entities/E')).toMatchObject({ status });
  },
  'have values of their own media types': async (send) => {
    await create(send, {
      id: 'E',
      type: 'T',
      A: { value: 'S' },
      O: { value: { x: 1 } },
      D: { type: 'DateTime', value: '2016-10-01' },
    });
    const value = (name: string, accept: string) =>
      send(`GET /v2/entities/E/attrs/${name}/value`, { headers: { Accept: accept } });
    const plain = await value('A', '*/*');
    expect([plain.text, plain.headers.get('content-type')]).toEqual(['"S"', 'text/plain']);
    expect(await value('A', 'application/json')).toMatchObject({
      status: 406,
      json: error('NotAcceptable', 'accepted MIME types: text/plain'),
    });
    expect((await value('D', '*/*')).text).toBe('2016-10-01T00:00:00.000Z');
    const asText = await value('O', 'text/plain');
    expect([asText.text, asText.headers.get('content-type')]).toEqual(['{"x":1}', 'text/plain']);
    expect((await value('O', 'application/json, text/plain')).headers.get('content-type')).toBe('application/json');
    const put = (body: string, headers: Record<string, string> = text) =>
      send('PUT /v2/entities/E/attrs/A/value', { body, headers });
    for (const [body, stored] of [
      ['"foo"', 'foo'],
      ['true', true],
      ['12.5', 12.5],
      ['null', null],
    ] as const) {
      expect(await put(body)).toMatchObject({ status: 204 });
      expect((await send('GET /v2/entities/E/attrs/A')).json).toMatchObject({ value: stored });
    }
    expect(await put('TRUE')).toMatchObject({ status: 204 });
    expect((await send('GET /v2/entities/E/attrs/A')).json).toEqual({ type: 'Text', value: true, metadata: {} });
    expect(await put('foo')).toMatchObject({ status: 400, json: bad('attribute value type not recognized') });
    expect(await put('{"value":3}', json)).toMatchObject({ status: 204 });
    expect((await send('GET /v2/entities/E/attrs/A')).json).toMatchObject({ value: { value: 3 } });
  },
  'of which nothing is given are null, and bodies of which nothing is given are refused': async (send) => {
    await create(send, E);
    for (const method of ['POST', 'PATCH', 'PUT'])
      expect(await send(`${method} /v2/entities/E/attrs`, { body: {} })).toMatchObject({
        status: 400,
        json: bad('empty payload'),
      });
    expect(await send('PUT /v2/entities/E/attrs/A', { body: {} })).toMatchObject({ status: 204 });
    expect((await send('GET /v2/entities/E/attrs/A')).json).toEqual({ type: 'None', value: null, metadata: {} });
    await refused(send, 'POST /v2/entities', {}, bad('entity id length: 0, min length supported: 1'));
    await refused(send, 'POST /v2/entities', [], error('ParseError', 'Errors found in incoming JSON buffer'));
    expect(await send('PATCH /v2/entities/E')).toMatchObject({ status: 411 });
    for (const [path, text] of [
      ['/v2/entities/E&/attrs/A', 'invalid character in URI'],
      ['/v2/ent=ities', 'invalid character in URI'],
      ['/v2/entities//', 'entity id length: 0, min length supported: 1'],
      ['/v2/entities/E/attrs//', 'attribute name length: 0, min length supported: 1'],
      ['/v2/types//', 'entity type length: 0, min length supported: 1'],
    ] as const)
      expect(await send(`GET ${path}`)).toMatchObject({ status: 400, json: bad(text) });
  },
  'keep dates that users give as metadata, and show them in place of the built-in ones': async (send) => {
    const own = { type: 'DateTime', value: '2050-01-01T00:00:00.123Z' };
    await create(send, { id: 'E', type: 'T', A: { value: 1, metadata: { dateModified: own } } });
    for (const query of ['', '?metadata=dateModified'])
      expect((await send(`GET /v2/entities/E/attrs/A${query}`)).json).toMatchObject({
        metadata: { dateModified: own },
      });
    expect((await send('GET /v2/entities?mq=A.dateModified<2049-01-01')).json).toHaveLength(1);
  },
  'keep metadata that an update does not name': async (send) => {
    await create(send, { id: 'E', type: 'T', A: { value: 1, metadata: { m: { value: 1 }, n: { value: 2 } } } });
    const patch = (options: string, metadata: object) =>
      send(`PATCH /v2/entities/E/attrs${options}`, { body: { A: { value: 2, metadata } } });
    const metadata = async () => ((await send('GET /v2/entities/E/attrs/A')).json as { metadata: object }).metadata;
    await patch('', { m: { value: 3 } });
    expect(await metadata()).toEqual({ m: { type: 'Number', value: 3 }, n: { type: 'Number', value: 2 } });
    await patch('?options=overrideMetadata', { m: { value: 4 } });
    expect(await metadata()).toEqual({ m: { type: 'Number', value: 4 } });
    expect(
      Object.keys(
        (await send('GET /v2/entities/E/attrs/A?metadata=dateCreated,*')).json as { metadata: object }['metadata'],
      ),
    ).toEqual(['type', 'value', 'metadata']);
    await patch('', {});
    expect(await metadata()).toEqual({});
  },
  'are changed by update operators': async (send) => {
    await create(send, { id: 'E', type: 'T', n: { value: 1 }, l: { value: [1] }, o: { value: { x: 1 } } });
    const body = {
      n: { value: { $inc: 2 } },
      l: { value: { $push: 3 } },
      o: { value: { $set: { y: 2 }, $unset: { x: 1 } } },
    };
    expect(await send('PATCH /v2/entities/E/attrs', { body })).toMatchObject({ status: 204 });
    expect((await send('GET /v2/entities/E?options=keyValues')).json).toEqual({
      id: 'E',
      type: 'T',
      n: 3,
      l: [1, 3],
      o: { y: 2 },
    });
    expect(await send('PATCH /v2/entities/E/attrs', { body: { o: { value: { $unset: 1 } } } })).toMatchObject({
      status: 204,
    });
    expect(await send('PATCH /v2/entities/E/attrs', { body: { n: { value: { $inc: 'x' } } } })).toMatchObject({
      status: 400,
    });
    expect(await send('PATCH /v2/entities/E/attrs', { body: { l: { value: { $inc: 1 } } } })).toMatchObject({
      status: 422,
      json: { error: 'Unprocessable' },
    });
    // What is replaced is computed from nothing.
    expect(await send('PUT /v2/entities/E/attrs', { body: { n: { value: { $inc: 5 } } } })).toMatchObject({
      status: 204,
    });
    expect((await send('GET /v2/entities/E?options=keyValues')).json).toEqual({ id: 'E', type: 'T', n: 5 });
  },
  'live in service paths': async (send) => {
    const at = (path: string): { headers: Record<string, string> } => ({ headers: { 'Fiware-ServicePath': path } });
    const ids = async (request = {}) =>
      ((await send('GET /v2/entities', request)).json as { id: string }[]).map(({ id }) => id);
    expect(await send('POST /v2/entities', { body: E, headers: { ...at('/a/b').headers, ...json } })).toMatchObject({
      status: 201,
    });
    await create(send, { id: 'F', type: 'T' });
    expect(await ids(at('/a'))).toEqual([]);
    expect(await ids(at('/a/#'))).toEqual(['E']);
    expect(await ids(at('/'))).toEqual(['F']);
    expect(await ids(at('/a/b, /'))).toEqual(['E', 'F']);
    for (const all of [await ids(at('/#')), await ids()]) expect(all).toEqual(['E', 'F']);
    expect(await send('PATCH /v2/entities/E/attrs', { body: { A: { value: 2 } } })).toMatchObject({ status: 404 });
    expect((await send('GET /v2/entities/E?attrs=servicePath')).json).toMatchObject({
      servicePath: { type: 'Text', value: '/a/b' },
    });
    const wrong = await send('POST /v2/entities', { body: E, headers: { ...at('a').headers, ...json } });
    expect(wrong).toMatchObject({
      status: 400,
      json: bad('Only /absolute/ Service Paths allowed [a service path must begin with /]'),
    });
    expect(await send('DELETE /v2/entities/E', at('/a/b'))).toMatchObject({ status: 204 });
  },
  'are written in batches, one by one': async (send) => {
    const update = (actionType: string, ...entities: readonly object[]) =>
      send('POST /v2/op/update', { body: { actionType, entities } });
    expect(await update('append', E, { id: 'F', type: 'T', B: { value: 1 } })).toMatchObject({ status: 204 });
    expect(
      await update('update', { id: 'E', type: 'T', A: { value: 5 } }, { id: 'G', type: 'T', A: { value: 1 } }),
    ).toMatchObject({
      status: 422,
      json: error('PartialUpdate', 'do not exist: G/T - [entity itself]'),
    });
    expect((await send('GET /v2/entities/E')).json).toMatchObject({ A: { value: 5 } });
    expect(await update('update', { id: 'X', type: 'T', A: { value: 5 } }, { id: 'G', type: 'T' })).toMatchObject({
      status: 404,
      json: error('NotFound', 'do not exist: X/T - [entity itself], G/T [entity itself]'),
    });
    expect(await update('APPEND_STRICT', { id: 'E', type: 'T', A: { value: 6 }, N: { value: 1 } })).toMatchObject({
      status: 422,
      json: error('PartialUpdate', 'one or more of the attributes in the request already exist: E/T - [ A ]'),
    });
    expect(await update('replace', { id: 'E', type: 'T', Z: { value: 1 } })).toMatchObject({ status: 204 });
    expect((await send('GET /v2/entities/E?options=keyValues')).json).toEqual({ id: 'E', type: 'T', Z: 1 });
    expect(await update('delete', { id: 'E', type: 'T' }, { id: 'F', type: 'T', B: { value: 0 } })).toMatchObject({
      status: 204,
    });
    expect((await send('GET /v2/entities')).json).toEqual([{ id: 'F', type: 'T' }]);
    expect(await update('x', E)).toMatchObject({
      status: 400,
      json: bad('invalid update action type: right ones are: append, appendStric, delete, replace, update'),
    });
    expect(await update('append')).toMatchObject({ status: 400, json: bad('empty entities vector') });
    expect(await update('append', { type: 'T' })).toMatchObject({
      status: 400,
      json: bad('nor /id/ nor /idPattern/ present'),
    });
    await refused(
      send,
      'POST /v2/op/update',
      { actionType: 'append' },
      bad('Invalid JSON payload, mandatory field /entities/ not found'),
    );
    expect(await update('update', { idPattern: '.*', type: 'T' })).toMatchObject({ status: 501 });
    expect(await send('POST /v2/op/notify', { body: { subscriptionId: '0'.repeat(24), data: [E] } })).toMatchObject({
      status: 200,
      text: '',
    });
    expect((await send('GET /v2/entities/E')).json).toEqual(shownE);
  },
  'have types': async (send) => {
    await create(send, E, { id: 'F', type: 'S', B: { value: 'x' } });
    expect((await send('GET /v2/types?options=values,count')).json).toEqual(['S', 'T']);
    expect((await send('GET /v2/types')).json).toEqual([
      { type: 'S', attrs: { B: { types: ['Text'] } }, count: 1 },
      { type: 'T', attrs: { A: { types: ['Number'] } }, count: 1 },
    ]);
    expect((await send('GET /v2/types/T')).json).toEqual({ attrs: { A: { types: ['Number'] } }, count: 1 });
    expect(await send('GET /v2/types/none')).toMatchObject({
      status: 404,
      json: error('NotFound', 'Entity type not found'),
    });
  },
  'of a tenant that does not exist are none, and no tenant is made': async (send) => {
    const headers = { 'Fiware-Service': 'nowhere' };
    expect(await send('GET /v2/entities?options=count', { headers })).toMatchObject({ status: 200, json: [] });
    expect(await send('GET /v2/entities/E', { headers })).toMatchObject({ status: 404, json: { error: 'NotFound' } });
    expect(
      await send('PATCH /v2/entities/E/attrs', { headers: { ...headers, ...json }, body: { A: { value: 1 } } }),
    ).toMatchObject({ status: 404 });
    expect(await send('GET /ngsi-ld/v1/types', { headers })).toMatchObject({ status: 404 });
    expect(await send('GET /v2/entities', { headers: { 'Fiware-Service': 'a-b' } })).toMatchObject({ status: 400 });
    // The parameter tenant of NGSI-LD is none of v2.
    await create(send, E);
    expect(await send('GET /v2/entities?tenant=nowhere')).toMatchObject({ json: [shownE] });
  },
  'have subscriptions beside them': async (send) => {
    const body = {
      subject: { entities: [{ idPattern: '.*' }] },
      notification: { http: { url: 'https://example.org/notify' } },
    };
    const { status, headers, text: why } = await send('POST /v2/subscriptions', { body });
    expect([why, status, headers.get('location')]).toEqual([
      '',
      201,
      expect.stringMatching(/^\/v2\/subscriptions\/[0-9a-f]{24}$/),
    ]);
    expect(await send(`DELETE ${headers.get('location') ?? ''}`)).toMatchObject({ status: 204 });
    expect(await send('GET /v2/subscriptions', { headers: { 'Fiware-Service': 'nowhere' } })).toMatchObject({
      json: [],
    });
  },
});
