/** Tests entity maps: which entities a query found and which sources have them, with listening brokers that are sources of each other. */
import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { listen, send, urlOf, useBrokers } from './context-sources.ts';
import { problem, scenarios, testedStores } from './scenario.ts';

let numbers = 0;
async function register(endpoint: string, members: object, at = 0): Promise<string> {
  const id = `urn:ngsi-ld:ContextSourceRegistration:map${(numbers += 1)}`;
  const body = { id, type: 'ContextSourceRegistration', endpoint, ...members };
  expect((await send(at, 'POST /csourceRegistrations', body)).status).toBe(201);
  return id;
}
const about = (type: string): object => ({ information: [{ entities: [{ type }] }] });
const create = async (n: number, ...entities: readonly object[]): Promise<void> => {
  for (const entity of entities) expect((await send(n, 'POST /entities', entity)).status).toBe(201);
};
const idsIn = (body: unknown): readonly string[] => (body as readonly { readonly id: string }[]).map(({ id }) => id);
const within = (map: string | null): Record<string, string> => ({ 'NGSILD-EntityMap': map ?? '' });
const pathOf = (map: string | null): string => `/entityMaps/${map?.split('/').at(-1) ?? ''}`;
const shown = async (map: string | null): Promise<Record<string, readonly string[]>> =>
  ((await send(0, `GET ${pathOf(map)}`)).body as { readonly entityMap: Record<string, readonly string[]> }).entityMap;

const none = 'urn:ngsi-ld:EntityMap:none';
scenarios('entity maps, as they are described', {
  'are made, and are not there before': [
    { does: 'createEntity', send: 'POST /entities', body: { id: 'urn:m:1', type: 'Mast', height: 7 }, answers: 201 },
    {
      does: 'createEntityMap',
      send: 'GET /entityMaps?type=Mast',
      answers: 201,
      has: { type: 'EntityMap', entityMap: { 'urn:m:1': ['@none'] }, linkedMaps: {} },
    },
    {
      does: 'createEntityMapByPost',
      send: 'POST /entityMaps',
      body: { type: 'Query', entities: [{ type: 'Mast' }], q: 'height>7', entityMapLifetime: 'PT1M' },
      answers: 201,
      has: { type: 'EntityMap', entityMap: {} },
    },
    {
      does: 'createTemporalEntityMap',
      send: 'GET /temporal/entityMaps?type=Mast&timerel=before&timeAt=2100-01-01T00:00:00Z&timeproperty=createdAt',
      answers: 201,
      has: { type: 'EntityMap', entityMap: { 'urn:m:1': ['@none'] } },
    },
    {
      does: 'createTemporalEntityMapByPost',
      send: 'POST /temporal/entityMaps',
      body: {
        type: 'Query',
        entities: [{ type: 'Mast' }],
        temporalQ: { timerel: 'before', timeAt: '2000-01-01T00:00:00Z', timeproperty: 'createdAt' },
      },
      answers: 201,
      has: { type: 'EntityMap', entityMap: {} },
    },
    { does: 'retrieveEntityMap', send: `GET /entityMaps/${none}`, answers: 404, has: problem('ResourceNotFound') },
    {
      does: 'updateEntityMap',
      send: `PATCH /entityMaps/${none}`,
      body: { expiresAt: '2100-01-01T00:00:00Z' },
      answers: 404,
      has: problem('ResourceNotFound'),
    },
    { does: 'deleteEntityMap', send: `DELETE /entityMaps/${none}`, answers: 404, has: problem('ResourceNotFound') },
  ],
});

describe.each(testedStores)('entity maps over context sources (%s)', (store) => {
  useBrokers(store, 'mapped');

  test('say who has what, and give each entity once over all pages, whatever is written meanwhile', async () => {
    for (const n of [1, 2, 3, 4, 5]) await create(n % 3, { id: `urn:boat:${n}`, type: 'Boat', place: n });
    await create(1, { id: 'urn:boat:3', type: 'Boat', name: 'Bled' });
    const [first, second] = [await register(urlOf(1), about('Boat')), await register(urlOf(2), about('Boat'))];
    const made = await send(0, 'GET /entities?type=Boat&entityMap=true&limit=2&options=keyValues');
    expect(made).toMatchObject({ status: 201, warning: null });
    const { map } = made;
    expect(await shown(map)).toEqual({
      'urn:boat:1': [first],
      'urn:boat:2': [second],
      'urn:boat:3': ['@none', first],
      'urn:boat:4': [first],
      'urn:boat:5': [second],
    });
    await create(0, { id: 'urn:boat:0', type: 'Boat' });
    await create(1, { id: 'urn:boat:9', type: 'Boat' });
    const pages = [made];
    for (const offset of [2, 4])
      pages.push(await send(0, `GET /entities?type=Boat&limit=2&offset=${offset}&count=true`, undefined, within(map)));
    expect(pages.map(({ status, map: echoed }) => [status, echoed])).toEqual([
      [201, map],
      [200, map],
      [200, map],
    ]);
    expect(pages.map(({ count }) => count)).toEqual([null, '5', '5']);
    expect(pages.map(({ link }) => link?.includes('rel="next"'))).toEqual([true, true, false]);
    expect(pages.flatMap(({ body }) => idsIn(body)).toSorted()).toEqual([1, 2, 3, 4, 5].map((n) => `urn:boat:${n}`));
    const retrieved = await send(0, 'GET /entities/urn:boat:3?options=keyValues', undefined, within(map));
    expect(retrieved).toMatchObject({ status: 200, map, body: { place: 3, name: 'Bled' } });
    expect((await send(0, 'GET /entities?type=Boat&local=true', undefined, within(map))).body).toMatchObject([
      { id: 'urn:boat:3' },
    ]);
  });

  test('lose the entities that do not fit any more, and fill their pages', async () => {
    for (const n of [1, 2, 3]) await create(0, { id: `urn:buoy:${n}`, type: 'Buoy', depth: n });
    for (const n of [4, 5, 6]) await create(1, { id: `urn:buoy:${n}`, type: 'Buoy', depth: n });
    await register(urlOf(1), about('Buoy'));
    const { map } = await send(0, 'POST /entityOperations/query', {
      type: 'Query',
      entities: [{ type: 'Buoy' }],
      q: 'depth>0',
      entityMap: true,
    });
    expect(Object.keys(await shown(map))).toHaveLength(6);
    await send(0, 'DELETE /entities/urn:buoy:2');
    await send(1, 'DELETE /entities/urn:buoy:5');
    await send(1, 'PATCH /entities/urn:buoy:4/attrs', { depth: -4 });
    const page = await send(0, 'GET /entities?type=Buoy&q=depth>0&limit=3&count=true', undefined, within(map));
    expect(idsIn(page.body)).toEqual(['urn:buoy:1', 'urn:buoy:3', 'urn:buoy:6']);
    expect(page).toMatchObject({ status: 200, count: '3', map });
    expect(Object.keys(await shown(map))).toEqual(['urn:buoy:1', 'urn:buoy:3', 'urn:buoy:6']);
    const some = await send(0, 'GET /entities?type=Buoy&q=depth>0&id=urn:buoy:3', undefined, within(map));
    expect(idsIn(some.body)).toEqual(['urn:buoy:3']);
    expect(Object.keys(await shown(map))).toHaveLength(3);
  });

  test('find by a pattern what a source with another pattern has, on each page', async () => {
    for (const n of [1, 2]) await create(1, { id: `urn:slip:${n}`, type: 'Slip' });
    await register(urlOf(1), { information: [{ entities: [{ type: 'Slip', idPattern: '^urn:slip:x' }] }] });
    const { map } = await send(0, 'GET /entities?type=Slip&idPattern=slip&entityMap=true');
    const page = await send(0, 'GET /entities?type=Slip&idPattern=slip&limit=1&offset=1', undefined, within(map));
    expect(idsIn(page.body)).toEqual(['urn:slip:2']);
  });

  test('are read by queries with several selectors', async () => {
    await create(0, { id: 'urn:skiff:1', type: 'Skiff' }, { id: 'urn:punt:1', type: 'Punt' });
    await create(1, { id: 'urn:skiff:2', type: 'Skiff' }, { id: 'urn:barge:1', type: 'Barge' });
    const information = [{ entities: ['Skiff', 'Punt', 'Barge'].map((type) => ({ type })) }];
    await register(urlOf(1), { information, operations: ['queryBatch'] });
    const query = (entities: readonly object[], map: string | null): ReturnType<typeof send> =>
      send(0, 'POST /entityOperations/query', { type: 'Query', entities, entityMap: true }, map ? within(map) : {});
    const all = [{ type: 'Skiff' }, { type: 'Punt' }, { type: 'Barge', id: 'urn:barge:1' }];
    const { map } = await query(all, null);
    const found = ['urn:skiff:1', 'urn:punt:1', 'urn:skiff:2', 'urn:barge:1'];
    expect(idsIn((await query(all, map)).body)).toEqual(found);
    const some = [{ type: 'Punt' }, { type: 'Barge' }, { type: 'Skiff', id: 'urn:skiff:1' }];
    expect(idsIn((await query(some, map)).body)).toEqual(['urn:skiff:1', 'urn:punt:1', 'urn:barge:1']);
  });

  test('ask only the sources of the entities of a page, by the maps of these sources', async () => {
    const asked: IncomingMessage[] = [];
    const answers: readonly object[][] = [
      [
        { id: 'urn:raft:1', type: 'Raft' },
        { id: 'urn:raft:2', type: 'Raft' },
      ],
      [],
    ];
    const urls = await Promise.all(
      answers.map((body, n) =>
        listen((request, response) => {
          asked.push(request);
          const headers = {
            'Content-Type': 'application/json',
            'NGSILD-EntityMap': `/ngsi-ld/v1/entityMaps/urn:of:${n}`,
          };
          response.writeHead(200, headers).end(JSON.stringify(body));
        }),
      ),
    );
    const [first] = await Promise.all(urls.map((url) => register(url, about('Raft'))));
    const made = await send(0, 'GET /entityMaps?type=Raft&entityMapLifetime=PT5M');
    expect(made.body).toMatchObject({
      entityMap: { 'urn:raft:1': [first], 'urn:raft:2': [first] },
      linkedMaps: { [first ?? '']: `${urls[0]}/ngsi-ld/v1/entityMaps/urn:of:0` },
    });
    expect(asked.map(({ url }) => url)).toEqual([
      expect.stringContaining('entityMap=true&entityMapLifetime=PT5M'),
      expect.stringContaining('entityMap=true&entityMapLifetime=PT5M'),
    ]);
    asked.length = 0;
    const page = await send(0, 'GET /entities?type=Raft&limit=1&offset=1', undefined, within(made.map));
    expect(idsIn(page.body)).toEqual(['urn:raft:2']);
    expect(asked.map(({ headers }) => headers['ngsild-entitymap'])).toEqual(['/ngsi-ld/v1/entityMaps/urn:of:0']);
    expect(asked[0]?.url).toContain('id=urn%3Araft%3A2');
    asked.length = 0;
    await send(0, `PATCH ${pathOf(made.map)}`, { expiresAt: '2100-01-01T00:00:00Z' });
    await send(0, `DELETE ${pathOf(made.map)}`);
    expect(asked.map(({ method, url }) => `${method ?? ''} ${url ?? ''}`).toSorted()).toEqual([
      'DELETE /ngsi-ld/v1/entityMaps/urn%3Aof%3A0',
      'DELETE /ngsi-ld/v1/entityMaps/urn%3Aof%3A1',
      'PATCH /ngsi-ld/v1/entityMaps/urn%3Aof%3A0',
      'PATCH /ngsi-ld/v1/entityMaps/urn%3Aof%3A1',
    ]);
  });

  test('are made although a source refuses to make one, and keep what a source that fails has', async () => {
    let isDown = false;
    const url = await listen((request, response) => {
      const isRefused = isDown || request.url?.includes('entityMap=true') === true;
      const body = isRefused ? {} : [{ id: 'urn:pier:2', type: 'Pier' }];
      response.writeHead(isDown ? 500 : isRefused ? 400 : 200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(body));
    });
    await create(0, { id: 'urn:pier:1', type: 'Pier' }, { id: 'urn:pier:3', type: 'Pier' });
    const source = await register(url, about('Pier'));
    const { map, warning } = await send(0, 'GET /entities?type=Pier&entityMap=true');
    expect(warning).toBeNull();
    const all = { 'urn:pier:1': ['@none'], 'urn:pier:3': ['@none'], 'urn:pier:2': [source] };
    expect(await shown(map)).toEqual(all);
    isDown = true;
    const page = await send(0, 'GET /entities?type=Pier&limit=3', undefined, within(map));
    expect(page).toMatchObject({ status: 200, warning: expect.stringContaining('299') });
    expect(idsIn(page.body)).toEqual(['urn:pier:1', 'urn:pier:3']);
    expect(await shown(map)).toEqual(all);
  });

  test('end: an unknown one is replaced by a new one', async () => {
    await create(0, { id: 'urn:quay:1', type: 'Quay' });
    const { map } = await send(0, 'GET /entities?type=Quay&entityMap=true&entityMapLifetime=P10Y');
    const { expiresAt } = (await send(0, `GET ${pathOf(map)}`)).body as { readonly expiresAt: string };
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(24 * 3_600_000);
    expect((await send(0, `PATCH ${pathOf(map)}`, { expiresAt: 'soon' })).status).toBe(400);
    expect((await send(0, `PATCH ${pathOf(map)}`, { expiresAt: '2020-01-01T00:00:00Z', entityMap: {} })).status).toBe(
      204,
    );
    expect((await send(0, `GET ${pathOf(map)}`)).status).toBe(404);
    const again = await send(0, 'GET /entities?type=Quay', undefined, within(map));
    expect(again.status).toBe(201);
    expect(again.map).not.toBe(map);
    expect((await send(0, `GET ${pathOf(again.map)}`, undefined, { 'NGSILD-Tenant': 'other' })).status).toBe(404);
    const retrieved = await send(0, 'GET /entities/urn:quay:1?entityMap=true');
    expect(retrieved).toMatchObject({ status: 200, map: expect.stringMatching(/^\/ngsi-ld\/v1\/entityMaps\/urn:/) });
    expect(await shown(retrieved.map)).toEqual({ 'urn:quay:1': ['@none'] });
    expect((await send(0, `DELETE ${pathOf(again.map)}`)).status).toBe(204);
    expect((await send(0, `DELETE ${pathOf(again.map)}`)).status).toBe(404);
  });

  test('of histories say who has instances, and give the instances of all sources', async () => {
    const history = (id: string, ...values: readonly number[]): object => ({
      id,
      type: 'Gauge',
      level: values.map((value) => ({ type: 'Property', value, observedAt: `2026-05-0${value}T00:00:00Z` })),
    });
    const write = async (n: number, body: object): Promise<void> => {
      expect((await send(n, 'POST /temporal/entities', body)).status).toBe(201);
    };
    await write(0, history('urn:gauge:1', 1));
    await write(0, history('urn:gauge:2', 1));
    await write(1, history('urn:gauge:2', 2));
    await write(1, history('urn:gauge:3', 3));
    const source = await register(urlOf(1), { ...about('Gauge'), operations: ['retrieveTemporal', 'queryTemporal'] });
    const query = 'GET /temporal/entities?type=Gauge&timerel=after&timeAt=2026-01-01T00:00:00Z&format=temporalValues';
    const made = await send(0, `${query}&entityMap=true&limit=1`);
    expect(made).toMatchObject({ status: 201, body: [{ id: 'urn:gauge:1' }] });
    expect(await shown(made.map)).toEqual({
      'urn:gauge:1': ['@none'],
      'urn:gauge:2': ['@none', source],
      'urn:gauge:3': [source],
    });
    await write(0, history('urn:gauge:0', 4));
    const rest = await send(0, `${query}&limit=2&offset=1&count=true`, undefined, within(made.map));
    expect(rest).toMatchObject({
      status: 200,
      count: '3',
      map: made.map,
      body: [
        {
          id: 'urn:gauge:2',
          level: {
            values: [
              [1, expect.any(String)],
              [2, expect.any(String)],
            ],
          },
        },
        { id: 'urn:gauge:3', level: { values: [[3, expect.any(String)]] } },
      ],
    });
    const later = query.replace('2026-01-01', '2026-05-03').replace('T00', 'T01');
    expect((await send(0, later, undefined, within(made.map))).body).toEqual([]);
    expect(Object.keys(await shown(made.map))).toHaveLength(3);
    const one = await send(0, `GET /temporal/entities/urn:gauge:3`, undefined, within(made.map));
    expect(one).toMatchObject({ status: 200, map: made.map, body: { id: 'urn:gauge:3' } });
  });

  test('of one history are made with one request to each source', async () => {
    const asked: IncomingMessage[] = [];
    const level = { type: 'Property', value: 1, observedAt: '2026-05-01T00:00:00Z' };
    const url = await listen((request, response) => {
      asked.push(request);
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ id: 'urn:weir:1', type: 'Weir', level: [level] }));
    });
    const source = await register(url, { ...about('Weir'), operations: ['retrieveTemporal', 'queryTemporal'] });
    const { map } = await send(0, 'GET /temporal/entities/urn:weir:1?entityMap=true');
    expect(await shown(map)).toEqual({ 'urn:weir:1': [source] });
    expect(asked).toHaveLength(1);
  });
});
