/** Tests explanations of access: what decides, for oneself and for administrators, and that they disclose nothing that is hidden. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { type TestServer, administrator, otherContext, startTestServer } from './test-server.ts';

const ana = 'key:ana';
let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
  for (const entity of [
    { id: 'urn:x:1', type: 'Lamp', power: { type: 'Property', value: 1 }, owner: { type: 'Property', value: 'ana' } },
    { id: 'urn:x:2', type: 'Meter', volume: { type: 'Property', value: 3 } },
  ])
    expect((await server.send('POST /entities', { as: administrator, body: entity })).status).toBe(201);
});
afterEach(() => server.stop());

const give = async (grant: JsonObject): Promise<void> => {
  expect((await server.send('POST /access/grants', { as: administrator, body: grant })).status).toBe(201);
};
const explain = async (query: string, as = ana): Promise<JsonObject> => {
  const { status, body } = await server.send(`GET /access/explain?${query}`, { as });
  expect(status).toBe(200);
  return body as JsonObject;
};
const statusOf = async (query: string, as?: string): Promise<number> =>
  (await server.send(`GET /access/explain?${query}`, as === undefined ? {} : { as })).status;

describe('an explanation for oneself', () => {
  test('tells of the tenant what is granted', async () => {
    expect(await explain('operation=read', 'key:bor reader')).toEqual({
      type: 'AccessExplanation',
      principal: 'key:bor',
      roles: ['reader'],
      operation: 'read',
      allowed: 'yes',
      reason: 'The whole tenant is granted for read.',
      grants: [{ id: 'reader', covers: true }],
    });
    expect(await explain('operation=write', 'key:bor reader')).toMatchObject({ allowed: 'no', grants: [] });
    await give({ id: 'urn:g:1', to: ana, operations: ['write'], types: ['Lamp'] });
    expect(await explain('operation=write')).toMatchObject({ allowed: 'part', grants: [] });
  });

  test('tells of an entity and its attributes which grant decides, in the names of the request', async () => {
    await give({ id: 'urn:g:1', to: ana, operations: ['read'], types: ['Lamp'], attrs: ['power'] });
    await give({ id: 'urn:g:2', to: ana, operations: ['read'], types: ['Meter'] });
    const about = {
      entity: 'urn:x:1',
      allowed: 'part',
      attributes: ['power'],
      grants: [{ id: 'urn:g:1', covers: true }],
    };
    expect(await explain('operation=read&entity=urn:x:1')).toMatchObject(about);
    const link = { Link: `<${otherContext}>; rel="http://www.w3.org/ns/json-ld#context"` };
    const named = await server.send('GET /access/explain?operation=read&entity=urn:x:1', { as: ana, headers: link });
    expect(named.body).toMatchObject({ attributes: ['watt'] });
    expect(await explain('operation=read&entity=urn:x:2')).toMatchObject({
      allowed: 'yes',
      grants: [{ id: 'urn:g:2', covers: true }],
    });
    const attribute = async (name: string): Promise<unknown> =>
      (await explain(`operation=read&entity=urn:x:1&attribute=${name}`))['allowed'];
    expect([await attribute('power'), await attribute('owner'), await attribute('nothing')]).toEqual([
      'yes',
      'no',
      'no',
    ]);
    expect(await explain('operation=write&entity=urn:x:1')).toMatchObject({ allowed: 'no', grants: [] });
  });

  test('is the same for a hidden entity and for one that does not exist', async () => {
    await give({ id: 'urn:g:1', to: ana, operations: ['read', 'write'], types: ['Lamp'], q: 'power>5' });
    for (const operation of ['read', 'write', 'delete']) {
      const [hidden, absent] = [
        await explain(`operation=${operation}&entity=urn:x:1`),
        await explain(`operation=${operation}&entity=urn:x:9`),
      ];
      expect({ ...hidden, entity: '' }).toEqual({ ...absent, entity: '' });
      expect(hidden).toMatchObject({ allowed: 'no', grants: [] });
    }
  });

  test('lists a grant with a condition only when it gives more, so that it does not tell the condition of hidden attributes', async () => {
    await give({ id: 'urn:g:all', to: ana, operations: ['read'], attrs: ['power'] });
    await give({ id: 'urn:g:same', to: ana, operations: ['read'], attrs: ['power'], q: 'owner=="ana"' });
    expect(await explain('operation=read&entity=urn:x:1')).toMatchObject({
      grants: [{ id: 'urn:g:all', covers: true }],
    });
    await give({ id: 'urn:g:more', to: ana, operations: ['read'], attrs: ['owner'], q: 'power==1' });
    const { grants, attributes } = await explain('operation=read&entity=urn:x:1');
    expect([grants, attributes]).toEqual([
      [
        { id: 'urn:g:all', covers: true },
        { id: 'urn:g:more', covers: true },
      ],
      ['owner', 'power'],
    ]);
  });

  test('is all that somebody gets who administers nothing, and needs credentials where nothing is public', async () => {
    await give({ to: ana, operations: ['read'] });
    expect(await statusOf('operation=read&principal=key:bor', ana)).toBe(403);
    expect(await statusOf('operation=read&roles=administrator', ana)).toBe(403);
    expect(await statusOf('operation=read&principal=key:ana', ana)).toBe(200);
    expect(await statusOf('operation=read')).toBe(401);
    expect(await statusOf('operation=steal', ana)).toBe(400);
    expect(await statusOf('entity=urn:x:1', ana)).toBe(400);
    expect(await statusOf('operation=read&attribute=power', ana)).toBe(400);
  });
});

describe('an explanation for an administrator', () => {
  test('lists all grants of another one, and why they do not cover', async () => {
    await give({ id: 'urn:g:1', to: ana, operations: ['read'], types: ['Meter'] });
    await give({ id: 'urn:g:2', to: ana, operations: ['read'], types: ['Lamp'], q: 'power>5' });
    await give({ id: 'urn:g:3', to: 'authenticated', operations: ['history'] });
    await give({ id: 'urn:g:4', to: ana, operations: ['read'], tenants: ['other'] });
    await give({ id: 'urn:g:5', to: ana, operations: ['read'], types: ['Lamp'], attrs: ['power'] });
    expect(await explain('operation=read&entity=urn:x:1&principal=key:ana', administrator)).toMatchObject({
      principal: ana,
      allowed: 'part',
      attributes: ['power'],
      grants: [
        { id: 'urn:g:5', covers: true },
        { id: 'urn:g:3', covers: false, reason: 'It does not include the operation read.' },
        { id: 'urn:g:1', covers: false, reason: 'The entity has none of its types.' },
        { id: 'urn:g:2', covers: false, reason: 'The entity does not meet its condition q.' },
      ],
    });
    expect(await explain('operation=read&principal=anonymous', administrator)).toMatchObject({
      allowed: 'no',
      grants: [],
    });
    const token = encodeURIComponent('token:https://id.example#7');
    expect(await explain(`operation=write&principal=${token}&roles=writer`, administrator)).toMatchObject({
      allowed: 'yes',
      grants: [
        { id: 'writer', covers: true },
        { id: 'urn:g:3', covers: false },
      ],
    });
    expect(await statusOf('operation=read&principal=somebody', administrator)).toBe(400);
  });

  test('who may not read the entity is as for one that does not exist', async () => {
    await give({ id: 'urn:g:admin', to: 'key:bor', operations: ['administer'] });
    await give({ id: 'urn:g:1', to: ana, operations: ['read'], types: ['Lamp'] });
    const asked = (id: string): Promise<JsonObject> =>
      explain(`operation=read&entity=${id}&principal=key:ana`, 'key:bor');
    const [hidden, absent] = [await asked('urn:x:1'), await asked('urn:x:9')];
    expect({ ...hidden, entity: '' }).toEqual({ ...absent, entity: '' });
    expect(hidden).toMatchObject({ allowed: 'no', grants: [{ id: 'urn:g:1', covers: false }] });
  });
});
