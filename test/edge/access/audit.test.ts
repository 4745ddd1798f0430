/** Tests the audit: each request gets its lines, with the grants that allowed it, and callers see the lines that concern them. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createAuditWriter } from '../../../src/app/audit-writer.ts';
import { createClock } from '../../../src/app/process.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import type { Observation } from '../../../src/core/port/observe.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';
import { type TestServer, administrator, otherContext, startTestServer } from './test-server.ts';

const [ana, bor] = ['key:ana', 'key:bor writer'];
const vocabulary = 'https://uri.etsi.org/ngsi-ld/default-context/';
let server: TestServer;

beforeEach(async () => {
  server = await startTestServer(createMemoryStores(), {
    audited: {
      scope: 'all',
      personalTypes: new Set([`${vocabulary}Person`]),
    },
  });
});
afterEach(() => server.stop());

const send = async (request: string, as?: string, body?: Json): Promise<number> =>
  (await server.send(request, { ...(as === undefined ? {} : { as }), ...(body === undefined ? {} : { body }) })).status;
const give = async (grant: JsonObject): Promise<void> => {
  expect(await send('POST /access/grants', administrator, grant)).toBe(201);
};
const entity = (id: string, type: string): JsonObject => ({ id, type, power: { type: 'Property', value: 1 } });
const audit = async (query = '', as = administrator): Promise<readonly JsonObject[]> => {
  await server.flushAudit();
  const { status, body } = await server.send(`GET /access/audit?${query}`, { as });
  expect(status).toBe(200);
  return body as readonly JsonObject[];
};
/** The members that tell a line from others, the oldest line first. */
const lines = async (query?: string, as?: string): Promise<readonly JsonObject[]> =>
  (await audit(query, as)).map(({ id: _id, at: _at, address: _address, ...line }) => line).reverse();

describe('the audit', () => {
  test('has a line for each entity that is changed, with its grant, types and result', async () => {
    await give({ id: 'urn:g:lamps', to: ana, operations: ['write'], types: ['Lamp'] });
    expect(await send('POST /entities', bor, entity('urn:x:1', 'Lamp'))).toBe(201);
    const power = { power: { type: 'Property', value: 2 } };
    expect(await send('PATCH /entities/urn:x:1/attrs', ana, power)).toBe(204);
    expect(
      await send('POST /entityOperations/upsert', ana, [entity('urn:x:1', 'Lamp'), entity('urn:x:2', 'Meter')]),
    ).toBe(207);
    expect(await send('DELETE /entities/urn:x:1', bor)).toBe(204);
    expect(await send('DELETE /entities/urn:x:1', bor)).toBe(404);
    const about = { entity: 'urn:x:1', types: ['Lamp'] };
    const byBor = { principal: 'key:bor', grants: ['writer'] };
    const byAna = { principal: 'key:ana', grants: ['urn:g:lamps'] };
    expect(await lines('entity=urn:x:1')).toEqual([
      { operation: 'createEntity', result: 'done', ...about, ...byBor },
      { operation: 'updateAttributes', result: 'done', ...about, ...byAna },
      { operation: 'upsertBatch', result: 'done', ...about, ...byAna },
      { operation: 'deleteEntity', result: 'done', ...about, ...byBor },
      { operation: 'deleteEntity', result: 'ResourceNotFound', entity: 'urn:x:1', ...byBor },
    ]);
    expect(await lines('entity=urn:x:2')).toEqual([
      {
        operation: 'upsertBatch',
        result: 'Forbidden',
        entity: 'urn:x:2',
        types: ['Meter'],
        principal: 'key:ana',
        grants: [],
      },
    ]);
  });

  test('has one line for each request that reads, and one for each person that is read', async () => {
    for (const one of [entity('urn:x:1', 'Lamp'), entity('urn:x:2', 'Lamp'), entity('urn:p:1', 'Person')])
      await send('POST /entities', bor, one);
    await give({ id: 'urn:g:all', to: ana, operations: ['read', 'history'], attrs: ['power'] });
    await send('GET /entities/urn:x:1', ana);
    await send('GET /entities?type=Lamp', ana);
    await send('GET /entities?type=Person,Lamp', 'key:cene reader');
    await send('GET /temporal/entities/urn:p:1', ana);
    const byAna = { principal: 'key:ana', grants: ['urn:g:all'], result: 'done' };
    expect(await lines('principal=key:ana')).toEqual([
      { operation: 'retrieveEntity', entity: 'urn:x:1', types: ['Lamp'], ...byAna },
      { operation: 'queryEntities', types: ['Lamp'], ...byAna },
      { operation: 'retrieveTemporal', entity: 'urn:p:1', types: ['Person'], ...byAna },
    ]);
    const byCene = { principal: 'key:cene', grants: ['reader'], result: 'done', operation: 'queryEntities' };
    expect(await lines('principal=key:cene')).toEqual([
      { entity: 'urn:p:1', types: ['Person'], ...byCene },
      { types: ['Lamp'], ...byCene },
    ]);
  });

  test('has what is refused, and what is done to other resources, without secrets', async () => {
    expect(await send('GET /entities?type=Lamp', ana)).toBe(403);
    await give({ id: 'urn:g:1', to: ana, operations: ['read'] });
    expect(await send('PUT /access/grants/urn:g:1', bor, { to: ana, operations: ['read', 'write'] })).toBe(403);
    expect(await lines()).toEqual([
      { operation: 'queryEntities', principal: 'key:ana', result: 'Forbidden', grants: [] },
      {
        operation: 'createGrant',
        principal: 'key:admin',
        result: 'done',
        resource: 'urn:g:1',
        grants: ['administrator'],
      },
      { operation: 'replaceGrant', principal: 'key:bor', result: 'Forbidden', resource: 'urn:g:1', grants: [] },
    ]);
  });

  test('tells when and from where, and is found by time, in pages', async () => {
    for (const n of [1, 2, 3]) await send('POST /entities', bor, entity(`urn:x:${n}`, 'Lamp'));
    const all = await audit('operation=createEntity');
    expect(all.map(({ entity: id, address }) => [id, address])).toEqual([
      ['urn:x:3', '127.0.0.1'],
      ['urn:x:2', '127.0.0.1'],
      ['urn:x:1', '127.0.0.1'],
    ]);
    const [, second] = all;
    const from = String(second?.['at']);
    expect(await audit(`operation=createEntity&from=${from}`)).toEqual(all.slice(0, 2));
    expect(await audit(`operation=createEntity&to=${from}`)).toEqual(all.slice(2));
    const page = await server.send('GET /access/audit?operation=createEntity&limit=2', { as: administrator });
    expect(page.body).toEqual(all.slice(0, 2));
    const [, next = ''] = /<([^>]+)>;rel="next"/.exec(String(page.headers.get('link'))) ?? [];
    const rest = await server.send(`GET ${next.replace('/ngsi-ld/v1', '')}`, { as: administrator });
    expect(rest.body).toEqual(all.slice(2));
    expect(String(rest.headers.get('link'))).not.toContain('rel="next"');
    expect(await send('GET /access/audit?from=today', administrator)).toBe(400);
    expect(await send('GET /access/audit?limit=0', administrator)).toBe(400);
    expect(await send('GET /access/audit?limit=100000', administrator)).toBe(403);
  });

  test('is in the names of the request, and exported as NDJSON and CSV', async () => {
    for (const n of [1, 2]) await send('POST /entities', bor, entity(`urn:x:${n}`, 'Lamp'));
    const headers = { Link: `<${otherContext}>; rel="http://www.w3.org/ns/json-ld#context"` };
    await server.flushAudit();
    const named = await server.send('GET /access/audit?type=Light', { as: administrator, headers });
    expect(named.body).toMatchObject([{ types: ['Light'] }, { types: ['Light'] }]);
    const as = (accept: string) =>
      server.send('GET /access/audit?type=Lamp', { as: administrator, headers: { Accept: accept } });
    const [ndjson, csv] = [await as('application/x-ndjson'), await as('text/csv')];
    expect(
      String(ndjson.body)
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as JsonObject)['entity']),
    ).toEqual(['urn:x:2', 'urn:x:1']);
    expect(csv.headers.get('content-type')).toBe('text/csv');
    const [header, first] = String(csv.body).split('\r\n');
    expect(header).toBe('id,at,principal,address,operation,result,entity,types,resource,grants,count');
    expect(first).toMatch(/^\w+,2\S+Z,key:bor,127.0.0.1,createEntity,done,urn:x:2,Lamp,,writer,$/);
  });

  test('shows the owner of data who used these, and nothing else', async () => {
    for (const one of [entity('urn:x:1', 'Lamp'), entity('urn:x:2', 'Meter')]) await send('POST /entities', bor, one);
    await give({ id: 'urn:g:mine', to: ana, operations: ['audit'], types: ['Lamp'] });
    await give({ id: 'urn:g:one', to: 'key:dora', operations: ['audit'], idPattern: 'urn:x:2' });
    for (const path of ['/entities/urn:x:1', '/entities/urn:x:2', '/entities?type=Lamp', '/entities?type=*', '/types'])
      await send(`GET ${path}`, 'key:cene reader');
    const readBy = { principal: 'key:cene', grants: ['reader'], result: 'done' };
    expect(await lines('principal=key:cene', ana)).toEqual([
      { operation: 'retrieveEntity', entity: 'urn:x:1', types: ['Lamp'], ...readBy },
      { operation: 'queryEntities', types: ['Lamp'], ...readBy },
    ]);
    expect(await lines('principal=key:cene', 'key:dora')).toEqual([
      { operation: 'retrieveEntity', entity: 'urn:x:2', types: ['Meter'], ...readBy },
    ]);
    expect((await audit('', ana)).every((line) => !('address' in line))).toBe(true);
    expect(await audit('entity=urn:x:2', ana)).toEqual([]);
    expect(await send('GET /access/audit', bor)).toBe(403);
    expect(await send('GET /access/audit')).toBe(401);
  });
});

describe('an audit of changes', () => {
  test('has no line for what only reads, but for what is refused and for persons', async () => {
    const changes = await startTestServer(createMemoryStores(), {
      audited: {
        scope: 'changes',
        personalTypes: new Set([`${vocabulary}Person`]),
      },
    });
    for (const one of [entity('urn:x:1', 'Lamp'), entity('urn:p:1', 'Person')])
      await changes.send('POST /entities', { as: bor, body: one });
    for (const path of ['/entities/urn:x:1', '/entities/urn:p:1', '/types'])
      await changes.send(`GET ${path}`, { as: 'key:cene reader' });
    await changes.send('GET /types', { as: ana });
    await changes.flushAudit();
    const { body } = await changes.send('GET /access/audit', { as: administrator });
    expect((body as readonly JsonObject[]).map(({ operation, entity: id, result }) => [operation, id, result])).toEqual(
      [
        ['retrieveTypes', undefined, 'Forbidden'],
        ['retrieveEntity', 'urn:p:1', 'done'],
        ['createEntity', 'urn:p:1', 'done'],
        ['createEntity', 'urn:x:1', 'done'],
      ],
    );
    await changes.stop();
  });

  test('of persons only has nothing else', async () => {
    const personal = await startTestServer(createMemoryStores(), {
      audited: {
        scope: 'personal',
        personalTypes: new Set([`${vocabulary}Person`]),
      },
    });
    for (const one of [entity('urn:x:1', 'Lamp'), entity('urn:p:1', 'Person')])
      await personal.send('POST /entities', { as: bor, body: one });
    await personal.send('GET /entities?type=*', { as: bor });
    await personal.flushAudit();
    const { body } = await personal.send('GET /access/audit', { as: administrator });
    expect((body as readonly JsonObject[]).map(({ operation, entity: id }) => [operation, id])).toEqual([
      ['queryEntities', 'urn:p:1'],
      ['createEntity', 'urn:p:1'],
    ]);
    await personal.stop();
  });
});

describe('lines that cannot be written', () => {
  const line = {
    tenant: '',
    principal: 'key:ana',
    operation: 'createEntity',
    result: 'done',
    grants: [],
    isRead: false,
  };

  test('are kept and written later, and when too many wait, nothing more is done', async () => {
    const { audit: kept } = createMemoryStores();
    let isAway = true;
    const observed: Observation[] = [];
    const writer = createAuditWriter({
      scope: 'all',
      personalTypes: new Set(),
      clock: createClock(),
      observe: (observation) => observed.push(observation),
      trail: {
        ...kept,
        append: (all) => (isAway ? Promise.reject(new Error('The disk is full.')) : kept.append(all)),
      },
    });
    for (let n = 0; n < 50_000; n += 1) writer.add({ ...line, entity: `urn:x:${n}` });
    await writer.flush();
    expect(observed).toMatchObject([{ kind: 'failed', where: 'audit' }]);
    expect(() => writer.requireRoom()).toThrow('nothing is done without it');
    isAway = false;
    await writer.flush();
    await writer.flush();
    writer.requireRoom();
    const found = await kept.find({ tenant: '', terms: [], limit: 60_000 });
    expect([found.length, found.at(-1)?.entity, found[0]?.entity]).toEqual([50_000, 'urn:x:0', 'urn:x:49999']);
  });
});
