/** Tests that entity maps are for those who made them, show only what is granted now, are bounded in number, and end. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isObject, type JsonObject } from '../../../src/core/model/json.ts';
import { entityMapContents, entityMapHeads } from '../../../src/core/federation/entity-map.ts';
import { tidyEntityMaps } from '../../../src/core/operation/distributed/entity-maps.ts';
import { administrator, startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
const [ana, bo] = ['key:ana', 'key:bo'];

const give = async (members: JsonObject): Promise<string> => {
  const { status, headers } = await server.send('POST /access/grants', { as: administrator, body: members });
  expect(status).toBe(201);
  return headers.get('Location')?.split('/').at(-1) ?? '';
};
/** Makes a map, and returns its path. */
const make = async (as: string): Promise<string> => {
  const { status, body } = await server.send('GET /entityMaps?type=Lamp,Meter', { as });
  expect(status).toBe(201);
  return isObject(body) ? `/entityMaps/${String(body['id'])}` : '';
};
const statusOf = async (what: string, as: string): Promise<number> => (await server.send(what, { as })).status;
const idsIn = async (path: string, as: string): Promise<readonly string[]> => {
  const { body } = await server.send(`GET ${path}`, { as });
  return isObject(body) && isObject(body['entityMap']) ? Object.keys(body['entityMap']) : [];
};

beforeEach(async () => {
  server = await startTestServer();
  for (const [id, type] of [
    ['urn:x:1', 'Lamp'],
    ['urn:x:2', 'Meter'],
  ] as const)
    await server.send('POST /entities', { as: administrator, body: { id, type, a: 1 } });
});
afterEach(() => server.stop());

describe('an entity map', () => {
  test('has what its creator may read, and is for that one and administrators', async () => {
    await give({ to: ana, operations: ['read'], types: ['Lamp'] });
    await give({ to: bo, operations: ['read'] });
    const path = await make(ana);
    expect(await idsIn(path, ana)).toEqual(['urn:x:1']);
    expect(await idsIn(path, administrator)).toEqual(['urn:x:1']);
    expect(await statusOf(`GET ${path}`, bo)).toBe(404);
    expect(await statusOf(`DELETE ${path}`, bo)).toBe(404);
    const body = { expiresAt: '2100-01-01T00:00:00Z' };
    expect((await server.send(`PATCH ${path}`, { as: bo, body })).status).toBe(404);
    const headers = { 'NGSILD-EntityMap': path };
    const other = await server.send('GET /entities?type=Lamp', { as: bo, headers });
    expect(other.status).toBe(201);
    expect(other.headers.get('NGSILD-EntityMap')).not.toContain(path);
    expect((await server.send('GET /entities?type=Lamp', { as: ana, headers })).status).toBe(200);
    expect(await statusOf(`GET ${path}`, 'key:nobody')).toBe(403);
    expect(await statusOf(`DELETE ${path}`, ana)).toBe(204);
  });

  test('does not show what its creator may not read any more', async () => {
    const whole = await give({ to: ana, operations: ['read'] });
    await give({ to: ana, operations: ['read'], types: ['Meter'] });
    const path = await make(ana);
    expect(await idsIn(path, ana)).toEqual(['urn:x:1', 'urn:x:2']);
    expect((await server.send(`DELETE /access/grants/${whole}`, { as: administrator })).status).toBe(204);
    expect(await idsIn(path, ana)).toEqual(['urn:x:2']);
    const headers = { 'NGSILD-EntityMap': path };
    const { body } = await server.send('GET /entities?type=Lamp,Meter', { as: ana, headers });
    expect(body).toMatchObject([{ id: 'urn:x:2' }]);
  });

  test('takes the place of one that ends earlier, of the same creator first', async () => {
    await give({ to: ana, operations: ['read'] });
    const [own, ...others] = [await make(administrator), await make(ana), await make(ana)];
    await make(ana);
    expect(await statusOf(`GET ${own}`, administrator)).toBe(200);
    expect([await statusOf(`GET ${others[0]}`, ana), await statusOf(`GET ${others[1]}`, ana)].toSorted()).toEqual([
      200, 404,
    ]);
  });

  test('takes the place of one of the creator with the most maps', async () => {
    for (const to of [ana, bo]) await give({ to, operations: ['read'] });
    const paths = [await make(administrator), await make(ana), await make(ana), await make(bo)];
    const statuses = [];
    for (const path of paths) statuses.push(await statusOf(`GET ${path}`, administrator));
    expect(statuses).toEqual([200, 404, 200, 200]);
  });

  test('is deleted when it has ended', async () => {
    await make(administrator);
    const store = await server.services.stores.open('', false);
    if (!store) throw new Error('There is no store.');
    const after = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
    expect(await tidyEntityMaps(store, after(0.5))).toBe(0);
    expect(await tidyEntityMaps(store, after(1.5))).toBe(1);
    for (const name of [entityMapHeads, entityMapContents]) expect(await store.collection(name).keys()).toEqual([]);
  });
});
