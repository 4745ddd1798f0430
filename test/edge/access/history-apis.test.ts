/** Tests that the APIs of QuantumLeap and STH-Comet show and delete what grants allow, and nothing else. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { administrator, startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;

const observed = (value: Json) => ({ type: 'Property', value, observedAt: '2026-03-01T08:00:00Z' });

beforeEach(async () => {
  server = await startTestServer();
  for (const body of [
    { id: 'urn:x:1', type: 'Lamp', power: observed(1), owner: observed('ana') },
    { id: 'urn:x:2', type: 'Lamp', power: observed(2) },
    { id: 'urn:x:3', type: 'Meter', power: observed(3) },
  ])
    expect((await server.send('POST /entities', { as: administrator, body })).status).toBe(201);
});
afterEach(() => server.stop());

const ana = 'key:ana';

async function give(members: JsonObject): Promise<void> {
  const body = { to: ana, ...members };
  expect((await server.send('POST /access/grants', { as: administrator, body })).status).toBe(201);
}

async function ask(request: string, as = ana): Promise<{ readonly status: number; readonly json: unknown }> {
  const [method = '', path = ''] = request.split(' ');
  const response = await fetch(server.url + path, { method, headers: { authorization: as } });
  const text = await response.text();
  return { status: response.status, json: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

const reads = [
  ...['/entities', '/entities/urn:x:1', '/entities/urn:x:1/value', '/entities/urn:x:1/attrs/power'],
  ...['/entities/urn:x:1/attrs/power/value', '/types/Lamp', '/types/Lamp/value', '/types/Lamp/attrs/power'],
  ...['/types/Lamp/attrs/power/value', '/attrs', '/attrs/value', '/attrs/power', '/attrs/power/value'],
].map((path) => `GET /ql/v2${path}`);
const sth = [
  'GET /STH/v1/contextEntities/type/Lamp/id/urn:x:1/attributes/power?lastN=1',
  'GET /STH/v2/entities/urn:x:1/attrs/power?type=Lamp&lastN=1',
];

test('every read needs the right to read history, and no other', async () => {
  for (const request of [...reads, ...sth]) expect([request, (await ask(request)).status]).toEqual([request, 403]);
  await give({ operations: ['read'] });
  for (const request of [...reads, ...sth]) expect([request, (await ask(request)).status]).toEqual([request, 403]);
  await give({ operations: ['history'] });
  for (const request of [...reads, ...sth]) expect([request, (await ask(request)).status]).toEqual([request, 200]);
});

test('hidden entities and attributes are in no answer, and in no aggregate', async () => {
  await give({ operations: ['history'], types: ['Lamp'], attrs: ['power'] });
  expect((await ask('GET /ql/v2/entities')).json).toMatchObject([{ id: 'urn:x:1' }, { id: 'urn:x:2' }]);
  expect((await ask('GET /ql/v2/entities/urn:x:1/value')).json).toMatchObject({
    attributes: [{ attrName: 'power', values: [1] }],
  });
  expect((await ask('GET /ql/v2/entities/urn:x:1/attrs/owner')).status).toBe(404);
  expect((await ask('GET /ql/v2/entities/urn:x:3')).status).toBe(404);
  expect((await ask('GET /ql/v2/types/Meter/attrs/power?aggrMethod=sum')).status).toBe(404);
  const all = await ask('GET /ql/v2/attrs/power/value?aggrMethod=sum');
  expect(all.json).toMatchObject({ values: [{ type: 'Lamp', entities: [{ values: [1] }, { values: [2] }] }] });
  expect(JSON.stringify((await ask('GET /ql/v2/attrs')).json)).not.toMatch(/owner|ana|urn:x:3/);
  const count = 'lastN=1&count=true';
  expect((await ask(`GET /STH/v2/entities/urn:x:1/attrs/owner?type=Lamp&${count}`)).json).toMatchObject({ value: [] });
  expect(
    (await ask('GET /STH/v2/entities/urn:x:3/attrs/power?type=Meter&aggrMethod=sum&aggrPeriod=day')).json,
  ).toMatchObject({ value: [] });
});

test('a deletion needs the right to delete, and deletes nothing else', async () => {
  await give({ operations: ['history'] });
  expect((await ask('DELETE /ql/v2/entities/urn:x:1')).status).toBe(403);
  expect((await ask('DELETE /STH/v1/contextEntities')).status).toBe(403);
  await give({ operations: ['delete'], types: ['Lamp'] });
  expect((await ask('DELETE /ql/v2/types/Meter')).status).toBe(404);
  expect((await ask('DELETE /ql/v2/entities/urn:x:1')).status).toBe(204);
  expect((await ask('DELETE /ql/v2/types/Lamp')).status).toBe(403);
  await give({ operations: ['read'] });
  expect((await ask('DELETE /STH/v1/contextEntities')).status).toBe(204);
  expect((await ask('GET /ql/v2/entities', administrator)).json).toMatchObject([{ id: 'urn:x:3' }]);
});
