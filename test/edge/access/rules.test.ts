/** Tests that whoever may write a part of a tenant writes no rules of the watch, which concern the whole tenant. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { administrator, startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;

const modelType = 'https://smart-data-models.mlaka.si/alert/WatchRule';
const rule = (id: string, type: string | readonly string[] = 'WatchRule'): JsonObject => ({
  ...{ id, type: typeof type === 'string' ? type : [...type], scope: '/k' },
  watchedType: { type: 'Property', value: '*' },
  maximum: { type: 'Property', value: 1 },
});

const operations = ['read', 'write', 'delete', 'history'];
const grants: readonly JsonObject[] = [
  { id: 'urn:g:scope', to: 'key:scope', operations, scopes: ['/k/#', '/k'] },
  { id: 'urn:g:type', to: 'key:type', operations, types: ['Light'] },
  { id: 'urn:g:own', to: 'key:own', operations, own: true },
  { id: 'urn:g:rules', to: 'key:rules', operations, types: ['WatchRule', modelType] },
];

const status = async (as: string, request: string, body?: Json): Promise<number> =>
  (await server.send(request, { as, ...(body === undefined ? {} : { body }) })).status;

beforeAll(async () => {
  server = await startTestServer();
  for (const body of grants) expect(await status(administrator, 'POST /access/grants', body)).toBe(201);
  expect(await status(administrator, 'POST /entities', rule('urn:x:rule'))).toBe(201);
});
afterAll(() => server.stop());

test.each([
  ['key:scope', 'WatchRule'],
  ['key:scope', modelType],
  ['key:own', 'WatchRule'],
  ['key:type', ['Light', 'WatchRule']],
  ['key:type', ['Light', modelType]],
])('%s creates no %s', async (as, type) => {
  const own = rule('urn:x:own', type);
  expect(await status(as, 'POST /entities', own)).toBe(403);
  expect(
    await status(as, 'POST /entityOperations/create', [own, { id: 'urn:x:lamp', type: 'Light', scope: '/k' }]),
  ).toBe(207);
  expect(await status(as, 'POST /entityOperations/upsert', [own])).toBe(207);
  expect(await status(administrator, 'GET /entities/urn:x:own')).toBe(404);
  expect(await status(as, 'DELETE /entities/urn:x:lamp')).toBe(204);
});

test('whoever sees a rule by its scope cannot change it, and is told why', async () => {
  const [as, value] = ['key:scope', { type: 'Property', value: 2 }];
  const changes: readonly (readonly [string, JsonObject?])[] = [
    ['PATCH /entities/urn:x:rule/attrs/maximum', { value: 2 }],
    ['PATCH /entities/urn:x:rule', { maximum: value }],
    ['POST /entities/urn:x:rule/attrs', { minimum: value }],
    ['PUT /entities/urn:x:rule', rule('urn:x:rule')],
    ['DELETE /entities/urn:x:rule/attrs/maximum'],
    ['DELETE /temporal/entities/urn:x:rule/attrs/maximum'],
    ['DELETE /entities/urn:x:rule'],
    ['PATCH /v2/entities/urn:x:rule/attrs', { maximum: { value: 2 } }],
    ['DELETE /v2/entities/urn:x:rule'],
  ];
  const headers = { 'Fiware-ServicePath': '/k' };
  for (const [request, body] of changes) {
    const sent = { as, ...(request.includes('/v2/') ? { headers } : {}), ...(body ? { body } : {}) };
    expect([request, (await server.send(request, sent)).status]).toEqual([request, 403]);
  }
  const question = '/access/explain?operation=write&entity=urn:x:rule';
  expect((await server.send(`GET ${question}`, { as })).body).toMatchObject({ allowed: 'no', grants: [] });
  expect((await server.send(`GET ${question}&principal=key:scope`, { as: administrator })).body).toMatchObject({
    grants: [{ id: 'urn:g:scope', covers: false, reason: expect.stringContaining('rule of the watch') }],
  });
});

test('a grant that names the type allows it, and one for everything', async () => {
  for (const [as, type] of [
    ['key:rules', 'WatchRule'],
    ['key:rules', modelType],
    ['key:any writer', 'WatchRule'],
  ] as const) {
    expect(await status(as, 'POST /entities', rule('urn:x:new', type))).toBe(201);
    expect(await status(as, 'PATCH /entities/urn:x:new/attrs/maximum', { value: 3 })).toBe(204);
    expect(await status(as, 'DELETE /entities/urn:x:new')).toBe(204);
  }
});
