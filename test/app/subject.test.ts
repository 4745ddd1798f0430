/** Tests that the data of a person are found and exported as a whole, and that nothing of them is left after they are erased. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Broker, startBroker } from '../../src/app/broker.ts';
import { subject } from '../../src/app/command/subject.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { createRegistrations } from '../../src/core/federation/registrations.ts';
import { eraseSubject } from '../../src/core/operation/subject/erase.ts';
import { subjectContext } from '../../src/core/operation/subject/subject-context.ts';
import type { Store, Stores } from '../../src/core/port/store.ts';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';
import { eventually } from '../edge/deliver/test-broker.ts';
import { createTestServices } from '../test-services.ts';
import { run } from './command/test-broker.ts';
import {
  ana,
  asObject,
  type Client,
  createClient,
  expectRest,
  fill,
  startReceiver,
  startRefusing,
} from './subject-data.ts';

const folders: string[] = [];
const running: Broker[] = [];
const servers: Server[] = [];
const urls: string[] = [];
afterEach(async () => {
  for (const broker of running.splice(0)) await broker.stop();
  for (const server of servers.splice(0)) server.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-subject-'));
  folders.push(folder);
  return folder;
}

const fixed = ['--port', '0', '--log-level', 'silent', '--notify-allow-private', '--notify-attempts', '1'];

async function start(folder: string, ...more: readonly string[]): Promise<Client> {
  const broker = await startBroker(readConfig({ args: [...fixed, '--data', folder, ...more], env: {} }));
  running.push(broker);
  urls.push(broker.url);
  const key = more.includes('required') ? readFileSync(join(folder, 'administrator.key'), 'utf8').trim() : undefined;
  return createClient(broker.url, key);
}

/** The files of a folder that contain a text anywhere. */
const filesWith = (folder: string, text: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(text))
    .map(({ name }) => name);

async function fillAll(client: Client): Promise<void> {
  const refusing = await startRefusing();
  servers.push(refusing.server);
  await fill(client, refusing.url);
  const letters = '/subscriptions/urn:ngsi-ld:Subscription:persons/deadLetters';
  await eventually(
    () => client.send(`GET ${letters}`),
    (found) => Array.isArray(found) && found.length > 4,
  );
}

const path = `/access/subjects/${ana}`;

/** The places that have more than nothing. */
const placesIn = (counts: unknown): readonly string[] =>
  Object.entries(asObject(counts)).flatMap(([place, count]) => (count === 0 ? [] : [place]));

const all = [
  'entity',
  'reference',
  'instance',
  'change',
  'subscription',
  'registration',
  'deadLetter',
  'snapshot',
  'document',
];

describe.each(['sqlite', 'memory'])('the data of a person (%s)', (store) => {
  test('are found in all places, and nothing of them is left after they are erased', async () => {
    const folder = newFolder();
    const client = await start(folder, '--store', store, '--access', 'required');
    await fillAll(client);
    const report = asObject(await client.send(`GET ${path}`));
    expect(report).toMatchObject({ type: 'SubjectReport', subject: ana, remains: [] });
    expect(placesIn(report['found'])).toEqual(expect.arrayContaining([...all, 'auditLine']));
    const dry = asObject(await client.send(`DELETE ${path}?dryRun=true`));
    expect(dry).toMatchObject({ isDryRun: true, ids: report['ids'] });
    const lines = String(await client.send(`GET ${path}/export`, undefined, { Accept: 'application/x-ndjson' }));
    expect(lines).toContain('Ana Novak');
    const listed = await client.send(`GET ${path}/export`);
    // The first export is in the audit by then.
    expect(Array.isArray(listed) && listed.length).toBe(lines.trim().split('\n').length + 1);
    const erased = asObject(await client.send(`DELETE ${path}`));
    expect(erased).toMatchObject({ isDryRun: false, remains: [] });
    expect(placesIn(erased['left'])).toEqual([]);
    if (store === 'sqlite') expect(filesWith(folder, ana)).toEqual([]);
    await expectRest(client);
    // The audit says that somebody was erased, and not who.
    const audit = JSON.stringify(await client.send('GET /access/audit?limit=1000'));
    expect(audit).toContain('eraseSubject');
    expect(audit).not.toContain(ana);
  });

  test('may come again after they were erased', async () => {
    const client = await start(newFolder(), '--store', store);
    const person = { id: ana, type: 'Person', name: { type: 'Property', value: 'Ana' } };
    const again = { id: ana, type: 'Person', name: { type: 'Property', value: 'Another', datasetId: ana } };
    await client.send('POST /entities', person);
    await client.send(`DELETE ${path}`);
    await client.send('POST /entities', again);
    const found = await client.send(`GET /entities/${ana}?datasetId=${ana}`);
    expect(found).toMatchObject({ name: { value: 'Another' } });
    const history = asObject(
      await client.send(
        `GET /temporal/entities/${ana}?timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=modifiedAt`,
      ),
    );
    expect(JSON.stringify(history)).not.toContain('"Ana"');
    expect(JSON.stringify(history)).toContain('Another');
  });

  test('a subscription that is behind goes on with what is not about the person', async () => {
    const folder = newFolder();
    const client = await start(folder, '--store', store);
    const receiver = await startReceiver();
    servers.push(receiver.server);
    await client.send('POST /subscriptions', {
      id: 'urn:ngsi-ld:Subscription:all',
      type: 'Subscription',
      entities: [{ type: 'Person' }, { type: 'Car' }],
      notification: { endpoint: { uri: receiver.url } },
    });
    const set = (id: string, type: string, more: object): Promise<unknown> =>
      client.send('POST /entities', { id, type, ...more });
    await set(ana, 'Person', { name: { type: 'Property', value: 'Ana' } });
    await set('urn:ngsi-ld:Car:1', 'Car', {
      driver: { type: 'Relationship', object: ana },
      doors: { type: 'Property', value: 4 },
    });
    await client.send(`DELETE ${path}`);
    await set('urn:ngsi-ld:Person:bo', 'Person', { name: { type: 'Property', value: 'Bo' } });
    receiver.open();
    await eventually(
      () => Promise.resolve(receiver.bodies()),
      (bodies) => bodies.some((body) => body.includes('"Bo"')) && bodies.some((body) => body.includes('doors')),
    );
    expect(receiver.bodies().filter((body) => body.includes(ana))).toEqual([]);
  });
});

test('only those who may do everything in the tenant see or erase the data of a person', async () => {
  const folder = newFolder();
  const client = await start(folder, '--access', 'required');
  const keyOf = async (name: string, role: string): Promise<Client> => {
    const made = asObject(await client.send('POST /access/keys', { name, roles: [role] }));
    return createClient(urls.at(-1) ?? '', String(made['key']));
  };
  const writer = await keyOf('bo', 'writer');
  for (const line of [`GET ${path}`, `GET ${path}/export`, `DELETE ${path}`])
    await expect(writer.send(line)).rejects.toThrow('403');
  // One who only administers could otherwise read everything.
  const to = { id: 'urn:ngsi-ld:Grant:1', to: 'role:clerk', operations: ['administer'] };
  await client.send('POST /access/grants', to);
  const clerk = await keyOf('cene', 'clerk');
  await expect(clerk.send(`GET ${path}`)).rejects.toThrow('403');
  await expect(client.send('GET /access/subjects/ana')).rejects.toThrow('the id of the subject');
  await expect(client.send(`DELETE ${path}?dryRun=perhaps`)).rejects.toThrow('dryRun');
});

test('the subject of credentials is taken out of the audit', async () => {
  const folder = newFolder();
  const client = await start(folder, '--access', 'required');
  const made = asObject(await client.send('POST /access/keys', { name: 'ana', roles: ['reader'] }));
  await createClient(urls.at(-1) ?? '', String(made['key'])).send('GET /entities?type=Car');
  const ofKey = `/access/subjects/${encodeURIComponent('key:ana')}`;
  expect(asObject(await client.send(`GET ${ofKey}`))['found']).toMatchObject({ auditLine: 1 });
  await client.send(`DELETE ${ofKey}`);
  expect(await client.send('GET /access/audit?principal=key:ana')).toEqual([]);
  expect(await client.send('GET /access/audit?principal=erased')).toMatchObject([{ operation: 'queryEntities' }]);
});

test('what the broker keeps for one who subscribes and pages goes with the credentials, and no secret is exported', async () => {
  const folder = newFolder();
  const client = await start(folder, '--access', 'required');
  const made = asObject(await client.send('POST /access/keys', { name: 'ana', roles: ['writer'] }));
  const own = createClient(urls.at(-1) ?? '', String(made['key']));
  await own.send('POST /entities', { id: 'urn:ngsi-ld:Car:1', type: 'Car' });
  await own.send('GET /entities?type=Car&entityMap=true');
  await own.send('POST /subscriptions', {
    type: 'Subscription',
    entities: [{ type: 'Car' }],
    notification: {
      endpoint: { uri: 'http://127.0.0.1:9/', receiverInfo: [{ key: 'Authorization', value: 'Bearer s3cret' }] },
    },
  });
  await client.send('POST /csourceRegistrations', {
    type: 'ContextSourceRegistration',
    description: 'of key:ana',
    information: [{ entities: [{ type: 'Patient' }] }],
    contextSourceInfo: [{ key: 'Authorization', value: 'Bearer s3cret' }],
    endpoint: 'http://127.0.0.1:9',
  });
  const ofKey = `/access/subjects/${encodeURIComponent('key:ana')}`;
  expect(asObject(await client.send(`GET ${ofKey}`))['found']).toMatchObject({ subscription: 1, document: 2 });
  const exported = JSON.stringify(await client.send(`GET ${ofKey}/export`));
  expect(exported.match(/"place":"(subscription|registration)"/g)).toHaveLength(2);
  expect(exported).not.toContain('s3cret');
  expect(await client.send(`DELETE ${ofKey}`)).toMatchObject({ left: { document: 0 }, remains: [] });
  expect(filesWith(folder, 'key:ana')).toEqual([]);
});

test('the command works beside the running broker and without it, and names backups that have the person', async () => {
  const [folder, backups] = [newFolder(), newFolder()];
  writeFileSync(join(backups, 'old.ndjson'), `{"entity":{"id":"${ana}"}}\n`);
  const client = await start(folder, '--backups', backups);
  await fillAll(client);
  const args = [ana, '--data', folder, '--backups', backups];
  const report = async (...more: readonly string[]) =>
    asObject(JSON.parse((await run(subject, [...more, ...args])).out));
  // Two of the entities and one of the subscriptions are in snapshots.
  expect((await report('find'))['found']).toMatchObject({ entity: 3, subscription: 2 });
  expect((await report('erase', '--dry-run'))['found']).toMatchObject({ entity: 3, subscription: 2 });
  await running.pop()?.stop();
  expect((await run(subject, ['export', ...args])).out).toContain('Ana Novak');
  const erased = await report('erase');
  expect(placesIn(erased['left'])).toEqual([]);
  expect(erased['remains']).toMatchObject([{ place: 'backup', name: join(backups, 'old.ndjson') }]);
  expect(filesWith(folder, ana)).toEqual([]);
  await expectRest(await start(folder));
  await expect(run(subject, ['forget', ana])).rejects.toThrow('Say what to do');
  await expect(run(subject, ['erase'])).rejects.toThrow('needs the id');
});

/** Stores that fail after a number of steps of an erasure, as if the broker was killed then. */
function failingAfter(stores: Stores, steps: number): Stores {
  let left = steps;
  const step = <Answer>(answer: () => Promise<Answer>): Promise<Answer> =>
    (left -= 1) < 0 ? Promise.reject(new Error('killed')) : answer();
  const failing = (store: Store): Store => ({
    ...store,
    apply: (writes, at) => step(() => store.apply(writes, at)),
    subject: (slice) => (slice.erases ? step(() => store.subject(slice)) : store.subject(slice)),
    collection: (name) => {
      const collection = store.collection(name);
      return { ...collection, delete: (key) => step(() => collection.delete(key)) };
    },
  });
  return {
    ...stores,
    open: async (tenant, create) => {
      const store = await stores.open(tenant, create);
      return store && failing(store);
    },
  };
}

test.each([2, 8, 14, 20])(
  'an erasure that was interrupted after %i steps is finished by the next one',
  async (steps) => {
    const folder = newFolder();
    const client = await start(folder);
    await fillAll(client);
    await running.pop()?.stop();
    const observe = (): void => undefined;
    const stores = failingAfter(createSqliteStores({ directory: folder, yieldToEventLoop: () => undefined }), steps);
    const store = await stores.open('', false);
    const services = createTestServices({ stores, registrations: createRegistrations({ stores, observe }) });
    const context = store && subjectContext(ana, { tenant: '', store, services });
    await expect(context && eraseSubject(context)).rejects.toThrow('killed');
    await stores.close();
    await run(subject, ['erase', ana, '--data', folder]);
    expect(filesWith(folder, ana)).toEqual([]);
    await expectRest(await start(folder));
  },
);
