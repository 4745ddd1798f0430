/** Tests the operations on grants, and that grants are in force at once, on every road. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { type TestServer, administrator, otherContext, startTestServer } from './test-server.ts';

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
  for (const entity of [
    { id: 'urn:x:1', type: 'Lamp', power: { type: 'Property', value: 1 }, owner: { type: 'Property', value: 'ana' } },
    { id: 'urn:x:2', type: 'Lamp', power: { type: 'Property', value: 2 } },
    { id: 'urn:x:3', type: 'Meter', volume: { type: 'Property', value: 3 } },
  ])
    expect((await server.send('POST /entities', { as: administrator, body: entity })).status).toBe(201);
});
afterEach(() => server.stop());

const ana = 'key:ana';
const grant = (members: JsonObject) => server.send('POST /access/grants', { as: administrator, body: members });
const give = async (members: JsonObject): Promise<string> => {
  const { status, headers, body } = await grant(members);
  expect([status, body]).toEqual([201, null]);
  return String(headers.get('location')).replace('/ngsi-ld/v1', '');
};
const idsFor = async (as: string | undefined, query = ''): Promise<unknown> => {
  const { body } = await server.send(`GET /entities?${query}`, as === undefined ? {} : { as });
  return Array.isArray(body) ? body.map((entity: { id: string }) => entity.id) : body;
};

describe('a grant', () => {
  test('is in force at once, and ends at once', async () => {
    expect((await server.send('GET /entities?type=Lamp', { as: ana })).status).toBe(403);
    const path = await give({ to: ana, operations: ['read'], types: ['Lamp'] });
    expect(await idsFor(ana, 'type=*')).toEqual(['urn:x:1', 'urn:x:2']);
    expect((await server.send('GET /entities/urn:x:3', { as: ana })).status).toBe(404);
    expect((await server.send(`DELETE ${path}`, { as: administrator })).status).toBe(204);
    expect((await server.send('GET /entities?type=Lamp', { as: ana })).status).toBe(403);
  });

  test('is shown with who made it and when, in the names of the request', async () => {
    const path = await give({ id: 'urn:g:1', to: 'role:lights', operations: ['read'], types: ['Lamp'], q: 'power>1' });
    expect(path).toBe('/access/grants/urn:g:1');
    expect(await idsFor('key:any lights', 'type=*')).toEqual(['urn:x:2']);
    const shown = {
      id: 'urn:g:1',
      type: 'Grant',
      to: 'role:lights',
      operations: ['read'],
      types: ['Lamp'],
      q: 'power>1',
      version: 1,
      createdAt: expect.any(String) as unknown,
      createdBy: 'key:admin',
      modifiedAt: expect.any(String) as unknown,
      modifiedBy: 'key:admin',
    };
    const { body } = await server.send(`GET ${path}`, { as: administrator });
    expect(body).toEqual(shown);
    const headers = { Link: `<${otherContext}>; rel="http://www.w3.org/ns/json-ld#context"` };
    expect((await server.send(`GET ${path}`, { as: administrator, headers })).body).toMatchObject({
      types: ['Light'],
      q: 'watt>1',
    });
    expect((await server.send('GET /access/grants?count=true', { as: administrator })).body).toEqual([shown]);
    const changed = { ...(body as JsonObject), types: ['Meter'], q: 'volume==3' };
    expect((await server.send(`PUT ${path}`, { as: 'key:bo administrator', body: changed })).status).toBe(204);
    expect(await idsFor('key:any lights', 'type=*')).toEqual(['urn:x:3']);
    // The version that was sent is not the present one any more.
    expect((await server.send(`PUT ${path}`, { as: administrator, body: changed })).status).toBe(409);
    expect((await server.send(`GET ${path}`, { as: administrator })).body).toMatchObject({
      version: 2,
      modifiedBy: 'key:bo',
    });
  });

  test('to the public, to the authenticated and to a role adds to the others', async () => {
    await give({ to: 'public', operations: ['read'], types: ['Lamp'], attrs: ['power'] });
    await give({ to: 'authenticated', operations: ['read'], types: ['Meter'] });
    expect(await idsFor(undefined, 'type=*')).toEqual(['urn:x:1', 'urn:x:2']);
    expect((await server.send('GET /entities/urn:x:1')).body).toEqual({
      id: 'urn:x:1',
      type: 'Lamp',
      power: { type: 'Property', value: 1 },
    });
    expect(await idsFor(ana, 'type=*')).toEqual(['urn:x:1', 'urn:x:2', 'urn:x:3']);
    expect((await server.send('GET /entities/urn:x:1', { as: `${ana} reader` })).body).toHaveProperty('owner');
  });

  test.each([
    [{ operations: ['read'] }, /member to/],
    [{ to: 'ana', operations: ['read'] }, /member to/],
    [{ to: 'local', operations: ['read'] }, /member to/],
    [{ to: ana, operations: [] }, /operations/],
    [{ to: ana, operations: ['look'] }, /operations/],
    [{ to: ana, operations: ['read'], types: [] }, /types/],
    [{ to: ana, operations: ['read'], types: 'Lamp' }, /types/],
    [{ to: ana, operations: ['read'], attrs: ['id'] }, /"id"/],
    [{ to: ana, operations: ['read'], q: 'power>' }, /q/],
    [{ to: ana, operations: ['read'], idPattern: '(' }, /pattern|\(/i],
    [{ to: ana, operations: ['read'], scopes: ['/A,/B'] }, /scopes/],
    [{ to: ana, operations: ['read'], type: 'Subscription' }, /Grant/],
    [{ to: ana, operations: ['read'], color: 'red' }, /color/],
  ])('is refused when it is faulty: %j', async (members, detail) => {
    expect(await grant(members)).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(detail) as unknown },
    });
    expect((await server.send('GET /access/grants', { as: administrator })).body).toEqual([]);
  });
});

describe('who may grant', () => {
  test('is an administrator with credentials', async () => {
    const body = { to: 'public', operations: ['read'] };
    const requests = ['GET /access/grants', 'GET /access/grants/urn:g:1', 'DELETE /access/grants/urn:g:1'];
    for (const request of requests) expect((await server.send(request, { as: 'key:w writer' })).status).toBe(403);
    expect((await server.send('POST /access/grants', { as: 'key:w writer', body })).status).toBe(403);
    expect((await server.send('GET /entities?type=Lamp&explain=true', { as: 'key:w writer' })).status).toBe(403);
    expect((await server.send('GET /entities?type=Lamp&explain=true', { as: administrator })).status).toBe(200);
    await give({ to: 'public', operations: ['administer'] });
    for (const request of requests) expect((await server.send(request)).status).toBe(401);
    expect((await server.send('POST /access/grants', { body })).status).toBe(401);
  });

  test('gives only what he has, in tenants that he administers', async () => {
    await give({ to: ana, operations: ['administer'], tenants: ['kranj'] });
    await give({ to: ana, operations: ['read'], tenants: ['kranj'], types: ['Lamp', 'Meter'], attrs: ['power'] });
    const tried = async (members: JsonObject): Promise<number> => {
      const headers = { 'NGSILD-Tenant': 'kranj' };
      const body = { to: 'key:bo', operations: ['read'], tenants: ['kranj'], ...members };
      return (await server.send('POST /access/grants', { as: ana, body, headers })).status;
    };
    expect(await tried({ types: ['Lamp'], attrs: ['power'] })).toBe(201);
    expect(await tried({ types: ['Lamp'], attrs: ['power'], q: 'power>1', operations: ['administer'] })).toBe(201);
    expect(await tried({ types: ['Lamp'] })).toBe(403);
    expect(await tried({ attrs: ['power'] })).toBe(403);
    expect(await tried({ types: ['Lamp'], attrs: ['power'], operations: ['read', 'write'] })).toBe(403);
    expect(await tried({ types: ['Lamp'], attrs: ['power'], tenants: ['kranj', ''] })).toBe(403);
    const everywhere = { to: 'key:bo', operations: ['read'], types: ['Lamp'], attrs: ['power'] };
    const headers = { 'NGSILD-Tenant': 'kranj' };
    expect((await server.send('POST /access/grants', { as: ana, body: everywhere, headers })).status).toBe(403);
    expect((await server.send('POST /access/grants', { as: ana, body: everywhere })).status).toBe(403);
  });

  test('sees and changes only the grants of tenants that he administers', async () => {
    const path = await give({ to: 'key:bo', operations: ['read'] });
    await give({ to: ana, operations: ['administer'], tenants: ['kranj'] });
    const headers = { 'NGSILD-Tenant': 'kranj' };
    expect((await server.send(`GET ${path}`, { as: ana, headers })).status).toBe(404);
    expect((await server.send(`DELETE ${path}`, { as: ana, headers })).status).toBe(404);
    expect((await server.send('GET /access/grants', { as: ana, headers })).body).toHaveLength(1);
  });

  test('cannot stop being an administrator by himself', async () => {
    const path = await give({ id: 'urn:g:a', to: ana, operations: ['administer', 'read'] });
    expect((await server.send(`DELETE ${path}`, { as: ana })).status).toBe(409);
    const less = { to: ana, operations: ['read'] };
    expect((await server.send(`PUT ${path}`, { as: ana, body: less })).status).toBe(409);
    expect((await server.send(`PUT ${path}`, { as: administrator, body: less })).status).toBe(204);
    expect((await server.send(`GET ${path}`, { as: ana })).status).toBe(403);
  });
});

describe('a stream', () => {
  test('ends when the rights of its client change, and says so', async () => {
    const path = await give({ to: ana, operations: ['subscribe'], types: ['Lamp'], attrs: ['power'] });
    const response = await fetch(`${server.url}/ngsi-ld/v1/stream?type=*&snapshot=true`, {
      headers: { Authorization: ana },
    });
    let text = '';
    const ended = (async () => {
      for await (const part of response.body ?? []) text += Buffer.from(part as Uint8Array).toString();
    })();
    while (!text.includes('event: snapshot')) await new Promise((resolve) => setTimeout(resolve, 5));
    await server.send('DELETE /entities/urn:x:3', { as: administrator });
    await give({ to: 'key:bo', operations: ['subscribe'] });
    const body = { power: { type: 'Property', value: 5 }, owner: { type: 'Property', value: 'eva' } };
    await server.send('PATCH /entities/urn:x:2/attrs', { as: administrator, body });
    while (!text.includes('"value":5')) await new Promise((resolve) => setTimeout(resolve, 5));
    await server.send(`DELETE ${path}`, { as: administrator });
    await ended;
    expect(text).toContain('{"reason":"rightsChanged"}');
    expect(text).not.toMatch(/owner|eva|ana|urn:x:3/);
  });
});
