/** Tests reads that go to registered context sources, with several listening brokers and with servers that record what they are asked. */
import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { listen, send, urlOf, useBrokers } from './context-sources.ts';
import { testedStores } from './scenario.ts';

let numbers = 0;
/** Registers a source at broker 0 (or another), and returns the path of the registration. */
async function register(endpoint: string, members: object, at = 0): Promise<string> {
  const id = `urn:ngsi-ld:ContextSourceRegistration:${(numbers += 1)}`;
  const made = await send(at, 'POST /csourceRegistrations', {
    id,
    type: 'ContextSourceRegistration',
    endpoint,
    ...members,
  });
  expect(made).toMatchObject({ status: 201 });
  return `/csourceRegistrations/${id}`;
}
const about = (type: string, more: object = {}): object => ({ information: [{ entities: [{ type }], ...more }] });

/** A server that answers every request with this, and records what it is asked. */
async function serve(
  body: unknown,
  status = 200,
): Promise<{ readonly url: string; readonly asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const url = await listen((request, response) => {
    asked.push(request);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  return { url, asked };
}

const create = async (n: number, entity: object): Promise<void> => {
  expect((await send(n, 'POST /entities', entity)).status).toBe(201);
};

describe.each(testedStores)('reads over context sources (%s)', (store) => {
  useBrokers(store, 'broker');

  test('give one entity from all that have a part of it', async () => {
    const id = 'urn:lamp:1';
    await create(0, { id, type: 'Lamp', color: 'red', level: { value: 1, observedAt: '2026-01-01T00:00:00Z' } });
    await create(1, { id, type: 'Lamp', power: 'on', level: { value: 2, observedAt: '2026-01-02T00:00:00Z' } });
    await create(2, { id, type: 'Lamp', secret: 1, height: 8 });
    await register(urlOf(1), about('Lamp'));
    await register(`${urlOf(2)}/`, about('Lamp', { propertyNames: ['height'] }));
    const whole = { id, type: 'Lamp', color: 'red', level: 2, power: 'on', height: 8 };
    expect(await send(0, `GET /entities/${id}?options=keyValues`)).toMatchObject({
      status: 200,
      warning: null,
      body: whole,
    });
    expect((await send(0, `GET /entities/${id}?options=keyValues`)).body).not.toHaveProperty('secret');
    expect((await send(0, 'GET /entities?type=Lamp&options=keyValues&count=true')).body).toEqual([whole]);
    expect((await send(0, `GET /entities/${id}?options=keyValues&pick=power`)).body).toEqual({ power: 'on' });
    expect((await send(0, `GET /entities/${id}?options=keyValues&local=true`)).body).toEqual({
      id,
      type: 'Lamp',
      color: 'red',
      level: 1,
    });
    const query = { type: 'Query', entities: [{ type: 'Lamp' }], q: 'power=="on"' };
    expect((await send(0, 'POST /entityOperations/query?options=keyValues', query)).body).toMatchObject([
      { id, power: 'on' },
    ]);
    const stamped = (await send(0, `GET /entities/${id}?options=sysAttrs`)).body;
    expect(stamped).toMatchObject({ power: { createdAt: expect.any(String) } });
    expect((await send(0, 'GET /entities?type=Lamp&orderBy=power')).status).toBe(400);
  });

  test('of split entities test conditions on the whole when they are asked to', async () => {
    const id = 'urn:door:1';
    await create(0, { id, type: 'Door', open: true });
    await create(1, { id, type: 'Door', locked: false });
    await register(urlOf(1), about('Door'));
    const q = 'q=open==true;locked==false';
    expect((await send(0, `GET /entities?type=Door&${q}`)).body).toEqual([]);
    expect((await send(0, `GET /entities?type=Door&${q}&splitEntities=true&options=keyValues`)).body).toEqual([
      { id, type: 'Door', open: true, locked: false },
    ]);
  });

  test('take what is exclusive from its source only, and from auxiliary ones only what is missing', async () => {
    const id = 'urn:pump:1';
    await create(0, { id, type: 'Pump', name: 'here' });
    await create(1, { id, type: 'Pump', name: 'there', flow: { value: 1, observedAt: '2026-01-09T00:00:00Z' } });
    await create(2, {
      id,
      type: 'Pump',
      name: { value: 'other', observedAt: '2026-02-01T00:00:00Z' },
      flow: 2,
      age: 3,
    });
    await register(urlOf(1), about('Pump'));
    await register(urlOf(2), {
      mode: 'exclusive',
      information: [{ entities: [{ id, type: 'Pump' }], propertyNames: ['flow'] }],
    });
    await register(urlOf(2), { ...about('Pump'), mode: 'auxiliary' });
    expect((await send(0, `GET /entities/${id}?options=keyValues`)).body).toMatchObject({
      name: 'there',
      flow: 2,
      age: 3,
    });
  });

  test('pass on no headers but those that are registered, and no credentials', async () => {
    const { url, asked } = await serve({ id: 'urn:guarded:1', type: 'Guarded', a: { type: 'Property', value: 1 } });
    const contextSourceInfo = [
      { key: 'X-Own', value: 'own' },
      { key: 'X-Asked', value: 'urn:ngsi-ld:request' },
      { key: 'Authorization', value: 'Bearer source' },
      { key: 'NGSILD-Tenant', value: 'other' },
    ];
    await register(url, { ...about('Guarded'), contextSourceInfo, tenant: 'theirs' });
    for (const key of ['X-Auth-Token', 'authorization', 'Cookie', 'Proxy-Authorization']) {
      const copied = { ...about('Guarded'), contextSourceInfo: [{ key, value: 'urn:ngsi-ld:request' }] };
      const body = { type: 'ContextSourceRegistration', endpoint: url, ...copied };
      expect(await send(0, 'POST /csourceRegistrations', body)).toMatchObject({
        status: 400,
        body: { detail: expect.stringContaining(key) as unknown },
      });
    }
    const headers = {
      'X-Asked': 'this',
      'X-Auth-Token': 'mine',
      Authorization: 'Bearer mine',
      Cookie: 'a=b',
      Via: '1.1 first',
    };
    const answer = await send(0, 'GET /entities/urn:guarded:1?type=Guarded&attrs=a', undefined, headers);
    expect(answer).toMatchObject({ status: 200, body: { a: { value: 1 } } });
    const [request] = asked;
    expect(request?.url).toBe('/ngsi-ld/v1/entities/urn%3Aguarded%3A1?attrs=a&options=sysAttrs');
    expect(request?.headers).toMatchObject({
      'x-own': 'own',
      'x-asked': 'this',
      authorization: 'Bearer source',
      'ngsild-tenant': 'theirs',
      via: '1.1 first, 1.1 broker0',
      accept: 'application/json',
    });
    expect(request?.headers).not.toHaveProperty('cookie');
    expect(request?.headers).not.toHaveProperty('x-auth-token');
  });

  test('ask only sources that can have an answer', async () => {
    const { url, asked } = await serve([]);
    await register(url, {
      information: [{ entities: [{ type: 'Bus', idPattern: '^urn:bus:1' }], propertyNames: ['speed'] }],
      size: 3,
    });
    await register(url, { ...about('Bus'), contextSourceAlias: 'first' });
    await register(url, { ...about('Bus'), operations: ['updateOps'] });
    await register(url, {
      ...about('Bus'),
      location: { type: 'Point', coordinates: [0, 0] },
      operations: ['createEntity'],
    });
    const none = [
      'type=Train',
      'type=Bus&id=urn:bus:2',
      'type=Bus&attrs=color',
      'type=Bus&csf=size==4',
      'type=Bus&local=true',
    ];
    for (const query of none) await send(0, `GET /entities?${query}`, undefined, { Via: '1.1 first' });
    expect(asked).toEqual([]);
    await send(0, 'GET /entities?type=Bus,Train&id=urn:bus:11,urn:bus:2&attrs=speed,color&csf=size==3', undefined, {
      Via: '1.1 first',
    });
    expect(asked.map((request) => request.url)).toEqual([
      '/ngsi-ld/v1/entities?type=Bus&id=urn%3Abus%3A11&attrs=speed&options=sysAttrs&limit=21',
    ]);
  });

  test('ask in the way that a source offers', async () => {
    const id = 'urn:train:1';
    await create(1, { id, type: 'Train', line: 7, speed: 3 });
    await register(urlOf(1), {
      ...about('Train', { propertyNames: ['line'] }),
      operations: ['queryBatch'],
      localOnly: true,
    });
    const body = { id, type: 'Train', line: 7 };
    expect((await send(0, `GET /entities/${id}?options=keyValues`)).body).toEqual(body);
    expect((await send(0, 'GET /entities?type=Train&q=line==7&options=keyValues')).body).toEqual([body]);
    const query = { type: 'Query', entities: [{ type: 'Train', id }], attrs: ['line', 'speed'] };
    expect((await send(0, 'POST /entityOperations/query?options=keyValues', query)).body).toEqual([body]);
  });

  test('read a source that answers in JSON-LD', async () => {
    const core = 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld';
    const id = 'urn:raft:1';
    const { url, asked } = await serve([{ id, type: 'Raft', speed: { type: 'Property', value: 5 }, '@context': core }]);
    const contextSourceInfo = [{ key: 'accept', value: 'application/ld+json' }];
    await register(url, { ...about('Raft'), contextSourceInfo });
    const { body, warning } = await send(0, 'GET /entities?type=Raft');
    expect(asked.map(({ headers }) => headers.accept)).toEqual(['application/ld+json']);
    expect({ body, warning }).toEqual({
      body: [{ id, type: 'Raft', speed: { type: 'Property', value: 5 } }],
      warning: null,
    });
  });

  test('name many ids in several URLs', async () => {
    const urls: string[] = [];
    const url = await listen((request, response) => {
      urls.push(request.url ?? '');
      const ids = new URL(request.url ?? '', url).searchParams.get('id')?.split(',') ?? [];
      const body = JSON.stringify(ids.map((id) => ({ id, type: 'Buoy', a: 1 })));
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
    });
    const entities = Array.from({ length: 500 }, (_, n) => ({ type: 'Buoy', id: `urn:buoy:${n}` }));
    await register(url, { information: [{ entities }] });
    expect(await send(0, 'GET /entities?type=Buoy&limit=1&count=true')).toMatchObject({ count: '500', warning: null });
    expect(urls.length).toBeGreaterThan(1);
    expect(Math.max(...urls.map(({ length }) => length))).toBeLessThan(5000);
  });

  test('leave out what a source has no value of', async () => {
    const id = 'urn:probe:1';
    const { url } = await serve({
      id,
      type: 'Probe',
      a: { type: 'Property', value: 1 },
      b: { type: 'Property', value: null },
      c: null,
      d: [
        { type: 'Property', value: { '@type': 'Intangible', '@value': null } },
        { type: 'Property', value: 2, datasetId: 'urn:d:1' },
      ],
    });
    await register(url, about('Probe'));
    expect(await send(0, `GET /entities/${id}`)).toMatchObject({
      warning: null,
      body: {
        id,
        type: 'Probe',
        a: { type: 'Property', value: 1 },
        d: { type: 'Property', value: 2, datasetId: 'urn:d:1' },
      },
    });
  });

  test('warn of each source that sends what is no entity, or not what was asked for', async () => {
    const id = 'urn:canal:1';
    await create(0, { id, type: 'Canal', a: 1 });
    const bad = [
      5,
      'text',
      true,
      [null],
      [[]],
      {},
      [{ id: 1, type: 'Canal' }],
      [{ id, type: 'Canal', b: { type: 'X' } }],
    ];
    const answers = await Promise.all(bad.map((body) => serve(body)));
    for (const { url } of answers) await register(url, about('Canal'));
    for (const path of ['/entities?type=Canal', `/entities/${id}?type=Canal`]) {
      const { status, body, warning } = await send(0, `GET ${path}&options=keyValues`);
      expect([status, [body].flat()]).toEqual([200, [{ id, type: 'Canal', a: 1 }]]);
      expect(warning?.match(/\b111 /g)).toHaveLength(bad.length);
    }
  });

  test('use an earlier answer while its registration allows it, and nothing was written there since', async () => {
    const id = 'urn:lock:1';
    const { url, asked } = await serve({ id, type: 'Lock', a: { type: 'Property', value: 1 } });
    const operations = ['retrieveOps', 'updateOps'];
    const path = await register(url, { ...about('Lock'), operations, management: { cacheDuration: 'PT1H' } });
    const read = () => send(0, `GET /entities/${id}?type=Lock&options=keyValues`);
    const body = { id, type: 'Lock', a: 1 };
    expect(await read()).toMatchObject({ body, warning: null });
    expect(await read()).toMatchObject({ body, warning: expect.stringMatching(/^110 127\.0\.0\.1:\d+ "/) });
    expect(asked).toHaveLength(1);
    expect((await send(0, `GET ${path}`)).body).toMatchObject({ timesSent: 1, timesFailed: 0 });
    await send(0, `PATCH /entities/${id}/attrs?type=Lock`, { a: 2 });
    expect(await read()).toMatchObject({ body, warning: null });
    expect(asked.map(({ method }) => method)).toEqual(['GET', 'PATCH', 'GET']);
  });

  test('do not query a source that only retrieves', async () => {
    const id = 'urn:barge:1';
    await create(1, { id, type: 'Barge', line: 7 });
    await register(urlOf(1), { ...about('Barge'), operations: ['retrieveEntity'] });
    expect((await send(0, 'GET /entities?type=Barge')).body).toEqual([]);
    expect((await send(0, `GET /entities/${id}?options=keyValues`)).body).toEqual({ id, type: 'Barge', line: 7 });
  });

  test('name one entity by a text and several by a list when they query a source by POST', async () => {
    const bodies: unknown[] = [];
    const url = await listen((request, response) => {
      let text = '';
      request.on('data', (piece: Buffer) => (text += piece.toString()));
      request.on('end', () => {
        bodies.push(JSON.parse(text));
        response.writeHead(200, { 'Content-Type': 'application/json' }).end('[]');
      });
    });
    await register(url, { ...about('Plane'), operations: ['queryBatch'] });
    await send(0, 'GET /entities?type=Plane&id=urn:plane:1');
    await send(0, 'GET /entities?type=Plane&id=urn:plane:1,urn:plane:2');
    expect(bodies).toMatchObject([
      { entities: [{ type: 'Plane', id: 'urn:plane:1' }] },
      { entities: [{ type: 'Plane', id: ['urn:plane:1', 'urn:plane:2'] }] },
    ]);
  });

  test('warn of sources that fail, and answer with the rest', async () => {
    const failing = await serve({ title: 'no' }, 500);
    const lying = await serve([{ id: 'no uri', type: 'Tram' }]);
    const lost = await serve({ title: 'none' }, 404);
    await create(0, { id: 'urn:tram:1', type: 'Tram', line: 1 });
    for (const url of [failing.url, lying.url, lost.url, 'http://127.0.0.1:1']) await register(url, about('Tram'));
    const answer = await send(0, 'GET /entities?type=Tram&options=keyValues');
    expect(answer).toMatchObject({ status: 200, body: [{ id: 'urn:tram:1', line: 1 }] });
    expect(answer.warning?.match(/\b\d{3} 127\.0\.0\.1:\d+ "/g)?.map((one) => one.slice(0, 3))).toEqual([
      '299',
      '111',
      '199',
    ]);
    const missing = await send(0, 'GET /entities/urn:tram:2?type=Tram');
    expect(missing).toMatchObject({ status: 404, warning: expect.stringContaining('299') });
    const peers = (await send(0, 'GET /access/peers')).body as readonly { readonly host: string }[];
    const stateAt = (url: string) => peers.find(({ host }) => host === new URL(url).host);
    expect(stateAt(failing.url)).toMatchObject({
      state: 'failing',
      failuresInARow: 2,
      lastReason: expect.stringContaining('500'),
    });
    expect(stateAt(lost.url)).toMatchObject({ state: 'ok', failed: 0, lastSuccess: expect.any(String) });
    const path = await register(failing.url, about('Tram2'));
    await send(0, 'GET /entities?type=Tram2');
    expect((await send(0, `GET ${path}`)).body).toMatchObject({ status: 'failed', timesSent: 1, timesFailed: 1 });
  });

  test('answer without a source whose @context cannot be loaded', async () => {
    await create(0, { id: 'urn:bus:1', type: 'Bus', line: 1 });
    await create(1, { id: 'urn:bus:2', type: 'Bus', line: 2 });
    await register(urlOf(1), about('Bus'));
    const contextSourceInfo = [{ key: 'jsonldContext', value: 'http://127.0.0.1:1/context.jsonld' }];
    await register(urlOf(2), { ...about('Bus'), contextSourceInfo });
    const answer = await send(0, 'GET /entities?type=Bus&options=keyValues');
    expect(answer).toMatchObject({ status: 200, body: [{ id: 'urn:bus:1' }, { id: 'urn:bus:2' }] });
    expect(answer.warning).toMatch(/^199 /);
  });

  test('have no more warnings than a client can take', async () => {
    await create(0, { id: 'urn:barge:1', type: 'Barge' });
    for (let n = 0; n < 25; n += 1)
      await register('http://127.0.0.1:1', { ...about('Barge'), contextSourceAlias: `source${n}` });
    const { status, warning } = await send(0, 'GET /entities?type=Barge');
    const warnings = warning?.split(', 199 ') ?? [];
    expect([status, warnings.length, warnings.at(-1)]).toEqual([200, 20, 'broker0 "6 more warnings are left out."']);
  });

  test('end when a source sends entities without end', async () => {
    let last = 0;
    const toJSON = (): object[] =>
      Array.from({ length: 1000 }, (_, n) => ({ id: `urn:raft:${(last += 1)}`, type: n === 0 ? 'Raft' : 'Other' }));
    const { url, asked } = await serve({ toJSON });
    await register(url, about('Raft'));
    expect(await send(0, 'GET /entities?type=Raft')).toMatchObject({
      status: 403,
      body: { type: expect.stringContaining('TooManyResults') },
    });
    expect(asked).toHaveLength(12);
  });

  test('give the same page by page as at once, and read only what a page needs', async () => {
    for (let n = 0; n < 14; n += 1)
      for (const at of [0, 1, 2].filter((one) => (n * 7 + one) % 3 !== n % 2))
        await create(at, { id: `urn:skiff:${at === 2 ? n : (n * 5) % 14}`, type: 'Skiff', [`at${at}`]: n });
    const ids: string[] = [];
    const queries: URLSearchParams[] = [];
    const url = await listen((request, response) => {
      const query = new URL(request.url ?? '', 'http://localhost').searchParams;
      queries.push(query);
      const [offset, limit, only] = [Number(query.get('offset')), Number(query.get('limit')), query.get('id')];
      const found =
        only === null ? ids.slice(offset, offset + limit) : ids.filter((id) => only.split(',').includes(id));
      const body = JSON.stringify(found.map((id) => ({ id, type: 'Skiff', served: 1 })));
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
    });
    ids.push(...Array.from({ length: 30 }, (_, n) => `urn:skiff:${(n * 11) % 30}`));
    for (const source of [urlOf(1), urlOf(2), url]) await register(source, about('Skiff'));
    const page = async (query: string): Promise<unknown[]> =>
      (await send(0, `GET /entities?type=Skiff&options=keyValues&${query}`)).body as unknown[];
    const all = await page('limit=100&count=true');
    expect(all).toHaveLength(30);
    for (const limit of [4, 9]) {
      queries.length = 0;
      const pages: unknown[] = [];
      for (let offset = 0; offset < all.length; offset += limit)
        pages.push(...(await page(`limit=${limit}&offset=${offset}`)));
      expect(pages).toEqual(all);
      expect(queries[0]?.get('limit')).toBe(String(limit + 1));
    }
  });

  test('leave out what a source sends unasked', async () => {
    const { url } = await serve([
      { id: 'urn:cab:1', type: 'Cab', a: 1 },
      { id: 'urn:cab:2', type: 'Cab', a: 1 },
      { id: 'urn:cab:3', type: 'Carriage', a: 1 },
    ]);
    await register(url, about('Cab'));
    expect((await send(0, 'GET /entities/urn:cab:2?type=Cab&options=keyValues')).body).toMatchObject({
      id: 'urn:cab:2',
    });
    expect((await send(0, 'GET /entities/urn:cab:4?type=Cab')).status).toBe(404);
    expect((await send(0, 'GET /entities?type=Cab&id=urn:cab:1,urn:cab:3')).body).toMatchObject([{ id: 'urn:cab:1' }]);
  });

  test('take what a source has of a pattern that they name, which may be another than the registered one', async () => {
    const { url } = await serve([
      { id: 'urn:bin:b:1', type: 'Bin', a: 1 },
      { id: 'urn:bin:c:1', type: 'Bin', a: 1 },
    ]);
    await register(url, { information: [{ entities: [{ type: 'Bin', idPattern: '^urn:bin:a:' }] }] });
    expect((await send(0, 'GET /entities?type=Bin&idPattern=^urn:bin:b:')).body).toMatchObject([{ id: 'urn:bin:b:1' }]);
    expect((await send(0, 'GET /entities?type=Bin')).body).toEqual([]);
  });

  test('end in a loop of brokers, and say so', async () => {
    await create(0, { id: 'urn:loop:1', type: 'Loop', a: 1 });
    await create(1, { id: 'urn:loop:2', type: 'Loop', a: 2 });
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [2, 0],
    ] as const)
      await register(urlOf(to), about('Loop'), from);
    const answer = await send(0, 'GET /entities?type=Loop&options=keyValues&count=true');
    expect(answer).toMatchObject({ status: 200, count: '2', warning: expect.stringMatching(/^199 broker0 /) });
    expect(answer.body).toEqual([
      { id: 'urn:loop:1', type: 'Loop', a: 1 },
      { id: 'urn:loop:2', type: 'Loop', a: 2 },
    ]);
  });

  const attrs = ['a', 'b', 'c'] as const;
  const entities = fc.array(
    fc.record({
      attrs: fc.dictionary(fc.constantFrom(...attrs), fc.record({ value: fc.nat(3), at: fc.nat(2) }), { minKeys: 1 }),
    }),
    { minLength: 1, maxLength: 5 },
  );
  let runs = 0;

  test('split at random answer like one broker that has all', async () => {
    await fc.assert(
      fc.asyncProperty(entities, async (list) => {
        const [split, whole] = [`Split${(runs += 1)}`, `Whole${runs}`];
        const operations = ['federationOps', 'retrieveTemporal', 'queryTemporal'];
        for (const n of [1, 2])
          await register(urlOf(n), { ...about(split, n === 1 ? {} : { propertyNames: [...attrs] }), operations });
        for (const [n, one] of list.entries()) {
          const all = Object.entries(one.attrs).map(
            ([name, { value }]) =>
              [name, { type: 'Property', value, observedAt: `2026-01-0${value + 1}T00:00:00Z` }] as const,
          );
          await create(0, { id: `urn:${whole}:${n}`, type: whole, ...Object.fromEntries(all) });
          for (const at of [0, 1, 2]) {
            const part = all.filter(([name]) => one.attrs[name]?.at === at);
            if (part.length > 0)
              await create(at, { id: `urn:${split}:${n}`, type: split, ...Object.fromEntries(part) });
          }
        }
        const sorted = (texts: readonly string[]): readonly string[] => [...texts].sort();
        const textOf = (type: string, json: object): string =>
          JSON.stringify(Object.entries(json).sort()).replaceAll(type, 'T');
        const found = async (type: string, request: string): Promise<unknown> => {
          const { body, count } = await send(0, request);
          return { count, found: sorted((body as object[]).map((entity) => textOf(type, entity))) };
        };
        const asked: readonly ((type: string) => Promise<unknown>)[] = [
          ...['', '&q=a==1', '&q=a>0;b<3', '&q=a|b', '&q=!c', '&attrs=b', '&pick=a,c'].map(
            (query) => (type: string) =>
              found(type, `GET /entities?type=${type}${query}&splitEntities=true&count=true&options=keyValues`),
          ),
          ...['timerel=before&timeAt=2100-01-01T00:00:00Z', `timerel=after&timeAt=2026-01-02T00:00:00Z&attrs=a,b`].map(
            (query) => (type: string) =>
              found(type, `GET /temporal/entities?type=${type}&${query}&count=true&options=temporalValues`),
          ),
          // Its count of entities is a sum, in which the parts of one entity count.
          async (type) => {
            const { body } = await send(0, `GET /types/${type}`);
            return sorted((body as { attributeDetails: { id: string }[] }).attributeDetails.map(({ id }) => id));
          },
          async (type) => {
            const { body } = await send(0, 'GET /types?details=true');
            const all = body as { typeName: string; attributeNames: string[] }[];
            return sorted(all.find(({ typeName }) => typeName === type)?.attributeNames ?? []);
          },
          async (type) => {
            const { body } = await send(0, 'GET /attributes?details=true');
            const all = body as { typeNames: string[]; id: string }[];
            return sorted(all.filter(({ typeNames }) => typeNames.includes(type)).map(({ id }) => id));
          },
        ];
        for (const ask of asked) expect(await ask(split)).toEqual(await ask(whole));
      }),
      { numRuns: 6 },
    );
  }, 60_000);
});
