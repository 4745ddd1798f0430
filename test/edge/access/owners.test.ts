/** Tests grants that cover only what their receiver created: on every way to create, read, change and be told. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { backup } from '../../../src/app/backup/backup.ts';
import { restore } from '../../../src/app/backup/restore.ts';
import { importFile } from '../../../src/app/command/import.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { run } from '../../app/command/test-broker.ts';
import { killProcesses, startProcess } from '../deliver/process.ts';
import { startReceiver, stopReceivers } from '../deliver/receiver.ts';
import { type RequiredBroker, startRequiredBroker } from './required-broker.ts';

const ld = '/ngsi-ld/v1';
const always = 'timeproperty=modifiedAt&timerel=after&timeAt=2020-01-01T00:00:00Z';

let broker: RequiredBroker;
const keys = new Map<string, string>();

beforeAll(async () => {
  broker = await startRequiredBroker(['--notify-allow-private']);
  keys.set('admin', broker.administrator);
  for (const name of ['one', 'two', 'third']) {
    const body = { name, roles: name === 'third' ? ['watcher'] : ['device'] };
    const { text } = await broker.send(`POST ${ld}/access/keys`, { key: broker.administrator, body });
    keys.set(name, (JSON.parse(text) as { key: string }).key);
  }
  await broker.grant({
    id: 'urn:g:own',
    to: 'role:device',
    operations: ['read', 'write', 'delete', 'subscribe', 'history'],
    own: true,
  });
});
afterAll(async () => {
  await stopReceivers();
  await killProcesses();
  await broker.stop();
});

const entity = (id: string, value = 1): JsonObject => ({ id, type: 'Lamp', power: { type: 'Property', value } });

async function as(name: string, request: string, body?: unknown): Promise<{ status: number; json: unknown }> {
  const key = keys.get(name);
  const { status, text } = await broker.send(request, {
    ...(key === undefined ? {} : { key }),
    ...(body === undefined ? {} : { body }),
  });
  return { status, json: text === '' ? undefined : (JSON.parse(text) as unknown) };
}
const status = async (name: string, request: string, body?: unknown): Promise<number> =>
  (await as(name, request, body)).status;
const idsFor = async (name: string, request: string): Promise<unknown> =>
  ((await as(name, request)).json as { id: string }[]).map(({ id }) => id).sort();

beforeEach(async () => {
  expect(await status('admin', `DELETE ${ld}/entities?type=*`)).toBe(204);
  expect(await status('admin', `POST ${ld}/entities`, entity('urn:x:admin'))).toBe(201);
});

const creations: readonly (readonly [request: string, body: (id: string) => unknown, status: number])[] = [
  [`POST ${ld}/entities`, entity, 201],
  [`POST ${ld}/entityOperations/create`, (id) => [entity(id)], 201],
  [`POST ${ld}/entityOperations/upsert`, (id) => [entity(id)], 201],
  [`POST ${ld}/temporal/entities`, (id) => ({ ...entity(id), power: [{ type: 'Property', value: 1 }] }), 201],
  ['POST /v2/entities', (id) => ({ id, type: 'Lamp', power: { type: 'Number', value: 1 } }), 201],
  [
    'POST /v2/op/update',
    (id) => ({ actionType: 'append', entities: [{ id, type: 'Lamp', power: { type: 'Number', value: 1 } }] }),
    204,
  ],
];

test.each(creations)('%s makes an entity of the sender', async (request, body, expected) => {
  expect(await status('one', request, body('urn:x:1'))).toBe(expected);
  expect(await status('two', request, body('urn:x:2'))).toBe(expected);
  expect(await idsFor('one', `GET ${ld}/entities?type=Lamp`)).toEqual(['urn:x:1']);
  expect(await idsFor('two', `GET ${ld}/temporal/entities?type=Lamp&${always}`)).toEqual(['urn:x:2']);
  expect(await idsFor('admin', `GET ${ld}/entities?type=Lamp`)).toHaveLength(3);
});

test('only the creator may read, change and delete it', async () => {
  await as('one', `POST ${ld}/entities`, entity('urn:x:1'));
  const own = `${ld}/entities/urn:x:1`;
  const requests: readonly (readonly [string, unknown?])[] = [
    [`GET ${own}`],
    [`GET /v2/entities/urn:x:1`],
    [`GET ${ld}/temporal/entities/urn:x:1?${always}`],
    [`PATCH ${own}/attrs/power`, { value: 2 }],
    [`PATCH ${own}`, { power: { type: 'Property', value: 3 } }],
    [`PUT ${own}`, entity('urn:x:1', 4)],
    [`DELETE ${own}`],
  ];
  for (const [request, body] of requests) expect([request, await status('two', request, body)]).toEqual([request, 404]);
  expect(await status('two', `POST ${ld}/entities`, entity('urn:x:1'))).toBe(403);
  expect((await as('two', `POST ${ld}/entityOperations/upsert`, [entity('urn:x:1'), entity('urn:x:2')])).status).toBe(
    207,
  );
  expect((await as('two', `GET ${ld}/entities?type=Lamp&count=true&limit=0`)).json).toEqual([]);
  for (const [request, body] of requests)
    expect([request, await status('one', request, body)]).toEqual([request, request.startsWith('GET') ? 200 : 204]);
});

test('a replacement by another one leaves it to the creator; a new creation does not', async () => {
  const own = `${ld}/entities/urn:x:1`;
  await as('one', `POST ${ld}/entities`, entity('urn:x:1'));
  expect(await status('admin', `PUT ${own}`, entity('urn:x:1', 5))).toBe(204);
  expect(await status('admin', `POST ${ld}/entityOperations/upsert`, [entity('urn:x:1', 6)])).toBe(204);
  expect(await status('one', `GET ${own}`)).toBe(200);
  await as('admin', `DELETE ${own}`);
  expect(await status('two', `POST ${ld}/entities`, entity('urn:x:1'))).toBe(201);
  expect([await status('one', `GET ${own}`), await status('two', `GET ${own}`)]).toEqual([404, 200]);
});

test('nobody without credentials owns anything', async () => {
  const grant = await broker.grant({ to: 'public', operations: ['read', 'write'], own: true });
  expect(await status('nobody', `POST ${ld}/entities`, entity('urn:x:1'))).toBe(401);
  expect((await as('nobody', `GET ${ld}/entities?type=Lamp`)).json).toEqual([]);
  await broker.remove(grant);
});

test('who created an entity is in no answer but that to an administrator who asks why', async () => {
  await as('one', `POST ${ld}/entities`, entity('urn:x:1'));
  const requests = [
    `GET ${ld}/entities/urn:x:1?options=sysAttrs`,
    `GET ${ld}/entities?type=Lamp&options=sysAttrs`,
    `GET ${ld}/entities?type=Lamp&q=owner`,
    `GET ${ld}/entities?type=Lamp&attrs=owner`,
    `GET ${ld}/temporal/entities/urn:x:1?${always}&options=sysAttrs`,
    'GET /v2/entities/urn:x:1?attrs=dateCreated,*',
    `GET ${ld}/attributes`,
  ];
  for (const request of requests) expect(JSON.stringify(await as('admin', request))).not.toMatch(/key:one|"owner"/);
  const asked = `GET ${ld}/access/explain?operation=write&entity=urn:x:1`;
  expect((await as('admin', `${asked}&principal=key:two`)).json).toMatchObject({
    allowed: 'no',
    owner: 'key:one',
    grants: [{ id: 'urn:g:own', covers: false, reason: expect.stringMatching(/created/) as unknown }],
  });
  const { json } = await as('one', asked);
  expect(json).toMatchObject({ allowed: 'yes', grants: [{ id: 'urn:g:own', covers: true }] });
  expect(json).not.toHaveProperty('owner');
});

test('a subscription tells the creator about his entities only, also of their end', async () => {
  const receiver = await startReceiver();
  const subscription = {
    type: 'Subscription',
    entities: [{ type: 'Lamp' }],
    notificationTrigger: ['entityCreated', 'entityUpdated', 'entityDeleted'],
    notification: { endpoint: { uri: receiver.url, accept: 'application/json' } },
  };
  expect(await status('one', `POST ${ld}/subscriptions`, subscription)).toBe(201);
  await as('two', `POST ${ld}/entities`, entity('urn:x:2'));
  await as('one', `POST ${ld}/entities`, entity('urn:x:1'));
  await as('two', `DELETE ${ld}/entities/urn:x:2`);
  await as('one', `DELETE ${ld}/entities/urn:x:1`);
  await receiver.until((received) => received.length >= 2);
  expect(JSON.stringify(receiver.received.map(({ body }) => body))).not.toContain('urn:x:2');
});

test('what a file brings belongs to the holder of the key of the import', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-owners-'));
  const file = join(folder, 'lamps.csv');
  writeFileSync(file, 'lamp,power\n1,5\n2,6\n');
  const map = { type: 'Lamp', id: 'urn:x:{lamp}', attributes: { power: { column: 'power', as: 'number' } } };
  writeFileSync(join(folder, 'map.json'), JSON.stringify(map));
  const args = [file, '--map', join(folder, 'map.json'), '--url', broker.url, '--key', keys.get('one') ?? ''];
  expect(await run(importFile, args)).toMatchObject({ code: 0, out: expect.stringMatching(/2 accepted/) as unknown });
  expect(await idsFor('one', `GET ${ld}/entities?type=Lamp`)).toEqual(['urn:x:1', 'urn:x:2']);
  expect((await as('two', `GET ${ld}/entities?type=Lamp`)).json).toEqual([]);
  rmSync(folder, { recursive: true });
});

test('a backup tells nobody who created what: what is restored belongs to nobody', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-owners-'));
  const file = join(folder, 'all.ndjson');
  await as('one', `POST ${ld}/entities`, entity('urn:x:1'));
  const at = ['--url', broker.url, '--key', broker.administrator];
  expect(await run(backup, [...at, '--out', file])).toMatchObject({ code: 0 });
  expect(readFileSync(file, 'utf8')).not.toContain('key:one');
  expect(await status('admin', `DELETE ${ld}/entities?type=*`)).toBe(204);
  expect(await run(restore, [file, ...at])).toMatchObject({ code: 0 });
  expect(await status('admin', `GET ${ld}/entities/urn:x:1`)).toBe(200);
  for (const name of ['one', 'two']) expect(await status(name, `GET ${ld}/entities/urn:x:1`)).toBe(404);
  rmSync(folder, { recursive: true });
});

test('a broker that was killed knows who created what', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-owners-'));
  const first = await startProcess(folder, ['--access', 'required']);
  const administrator = readFileSync(join(folder, 'administrator.key'), 'utf8').trim();
  const send = async (url: string, request: string, key: string, body?: unknown): Promise<Response> =>
    fetch(`${url}${ld}${request.slice(request.indexOf(' ') + 1)}`, {
      method: request.slice(0, request.indexOf(' ')),
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const own = { to: 'role:device', operations: ['read', 'write'], own: true };
  expect((await send(first.url, 'POST /access/grants', administrator, own)).status).toBe(201);
  const [one, two] = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const made = await send(first.url, 'POST /access/keys', administrator, { name, roles: ['device'] });
      return ((await made.json()) as { key: string }).key;
    }),
  );
  expect((await send(first.url, 'POST /entities', one ?? '', entity('urn:x:1'))).status).toBe(201);
  await first.kill();

  const { url, kill } = await startProcess(folder, ['--access', 'required']);
  expect((await send(url, 'PATCH /entities/urn:x:1/attrs/power', one ?? '', { value: 2 })).status).toBe(204);
  expect((await send(url, 'GET /entities/urn:x:1', two ?? '')).status).toBe(404);
  expect((await send(url, 'PATCH /entities/urn:x:1/attrs/power', two ?? '', { value: 3 })).status).toBe(404);
  await kill();
  rmSync(folder, { recursive: true });
});

test('a right to own entities can be given by whoever has the right to all of them', async () => {
  const [administering, own] = [
    await broker.grant({ to: 'key:third', operations: ['administer'] }),
    await broker.grant({ to: 'key:third', operations: ['read'], own: true }),
  ];
  const body = { to: 'role:device', operations: ['read'], own: true };
  expect(await status('third', `POST ${ld}/access/grants`, body)).toBe(403);
  const all = await broker.grant({ to: 'key:third', operations: ['read'] });
  expect(await status('third', `POST ${ld}/access/grants`, { ...body, id: 'urn:g:made' })).toBe(201);
  expect((await as('admin', `GET ${ld}/access/grants/urn:g:made`)).json).toMatchObject({ own: true });
  for (const path of [administering, own, all, `${ld}/access/grants/urn:g:made`]) await broker.remove(path);
  expect((await as('admin', `POST ${ld}/access/grants`, { ...body, own: 'yes' })).json).toMatchObject({
    status: 400,
    detail: expect.stringMatching(/member own/) as unknown,
  });
});

test('to erase a person erases what he owns from him', async () => {
  await as('one', `POST ${ld}/entities`, entity('urn:x:1'));
  const subject = `${ld}/access/subjects/key:one`;
  const { json } = await as('admin', `GET ${subject}/export`);
  expect(JSON.stringify(json)).toContain('"owner":"key:one"');
  expect((await as('admin', `DELETE ${subject}`)).json).toMatchObject({ left: { reference: 0, change: 0 } });
  expect(JSON.stringify((await as('admin', `GET ${subject}/export`)).json)).not.toContain('"owner":"key:one"');
  expect(await status('one', `GET ${ld}/entities/urn:x:1`)).toBe(404);
  expect(await status('admin', `GET ${ld}/entities/urn:x:1`)).toBe(200);
});
