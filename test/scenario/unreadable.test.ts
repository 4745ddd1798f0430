/**
 * Tests stored documents in an unreadable format: they do not affect other documents, and can be deleted. The tests run on every
 * persistent store.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { MongoClient } from 'mongodb';
import { backup } from '../../src/app/backup/backup.ts';
import { type Broker, startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { run } from '../app/command/test-broker.ts';
import { type Receiver, startReceiver } from '../edge/deliver/receiver.ts';
import { createTestDatabases } from '../mongo/database.ts';
import { contextLink, testedStores } from './scenario.ts';
import {
  collectionsInCode,
  contexts,
  good,
  impossible,
  ofOtherKinds,
  others,
  type Row,
  unreadable,
} from './unreadable-documents.ts';

/** A place to which brokers come back, and a way to write into it past them. */
interface Place {
  readonly folder: string;
  readonly args: readonly string[];
  write(rows: readonly Row[]): Promise<void>;
  remove(): Promise<void>;
}

function sqlitePlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-unreadable-'));
  return {
    folder,
    args: ['--store', 'sqlite', '--data', folder],
    write(rows) {
      const database = new Database(join(folder, 'default.db'));
      const put = database.prepare('INSERT OR REPLACE INTO shelf (name, key, doc) VALUES (?, ?, ?)');
      for (const row of rows) put.run(...row);
      database.close();
      return Promise.resolve();
    },
    remove() {
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  };
}

function mongoPlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-unreadable-'));
  const databases = createTestDatabases();
  return {
    folder,
    args: ['--store', 'mongo', '--mongo-url', databases.url, '--data', folder],
    async write(rows) {
      const client = new MongoClient(databases.url);
      for (const [collection, key, doc] of rows) {
        const _id = { shelf: collection, key };
        const rewritten = { doc, by: 'nobody' };
        await client.db().collection<{ _id: typeof _id }>('shelf').replaceOne({ _id }, rewritten, { upsert: true });
      }
      await client.close();
    },
    async remove() {
      await databases.drop();
      rmSync(folder, { recursive: true });
    },
  };
}

const start = (place: Place): Promise<Broker> => {
  const fixed = ['--port', '0', '--log-level', 'silent', '--notify-allow-private', '--context-allow-private'];
  return startBroker(readConfig({ args: [...fixed, '--access', 'required', ...place.args], env: {} }));
};

test('there is a broken document for each collection that the code names', () => {
  const broken = [...unreadable, ...contexts, ...others, ...ofOtherKinds].map(([collection]) => collection);
  expect(collectionsInCode().filter((name) => !broken.some((one) => `/${one}`.endsWith(`/${name}`)))).toEqual([]);
});

const idOf = ([, id]: Row): string => id;

describe.each(testedStores.filter((store) => store !== 'memory'))('what cannot be read in %s', (store) => {
  const place = store === 'mongo' ? mongoPlace() : sqlitePlace();
  let broker: Broker | undefined;
  let receiver: Receiver;
  let key = '';
  const send = async (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(`${broker?.url}${path.startsWith('/v2') ? '' : '/ngsi-ld/v1'}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}`, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      json: text === '' ? undefined : (JSON.parse(text) as unknown),
      headers: answer.headers,
    };
  };
  const idsIn = (json: unknown): readonly string[] => (json as { id: string }[]).map(({ id }) => id);

  beforeAll(async () => {
    receiver = await startReceiver();
    broker = await start(place);
    key = readFileSync(join(place.folder, 'administrator.key'), 'utf8').trim();
    const made = await send('POST', '/subscriptions', {
      id: good,
      type: 'Subscription',
      entities: [{ type: 'A' }],
      notification: { endpoint: { uri: receiver.url } },
    });
    expect(made.status).toBe(201);
    await broker.stop();
    await place.write([...unreadable, ...impossible, ...contexts, ...others, ...ofOtherKinds]);
    broker = await start(place);
  }, 60_000);
  afterAll(async () => {
    await broker?.stop();
    await receiver.down();
    await place.remove();
  }, 60_000);

  test('stops no start, no notification of others, and not the state of health', async () => {
    expect((await fetch(`${broker?.url}/health/ready`)).ok).toBe(true);
    expect((await send('POST', '/entities', { id: 'urn:a:1', type: 'A', n: 1 })).status).toBe(201);
    await receiver.until((received) => received.some(({ body }) => body.subscriptionId === good));
  });

  test('spoils no list of subscriptions, and its count is that of what is listed', async () => {
    const { status, json, headers } = await send('GET', '/subscriptions?count=true&options=sysAttrs');
    expect(status).toBe(200);
    expect([...idsIn(json)].sort()).toEqual([good, ...impossible.map(idOf)].sort());
    expect(headers.get('NGSILD-Results-Count')).toBe('5');
    const paged = [];
    for (let offset = 0; offset < 6; offset += 1)
      paged.push(...idsIn((await send('GET', `/subscriptions?limit=1&offset=${offset}`)).json));
    expect(paged).toEqual(idsIn(json));
  });

  test.each(unreadable)(
    'of %s %s: nobody is shown it, nor can change it or make another, but delete it',
    async (_, id) => {
      for (const [method, path, body] of [
        ['GET', ''],
        ['GET', '/explain'],
        ['GET', '/explain?entity=urn:a:1'],
        ['GET', '/deadLetters'],
        ['PATCH', '', { description: 'new' }],
      ] as const) {
        const answer = await send(method, `/subscriptions/${id}${path}`, body);
        expect({ method, path, ...answer }).toMatchObject({
          status: 404,
          json: { detail: expect.stringContaining('read') },
        });
      }
      const again = {
        id,
        type: 'Subscription',
        entities: [{ type: 'A' }],
        notification: { endpoint: { uri: receiver.url } },
      };
      expect((await send('POST', '/subscriptions', again)).status).toBe(409);
      expect((await send('DELETE', `/subscriptions/${id}`)).status).toBe(204);
      expect((await send('DELETE', `/subscriptions/${id}`)).status).toBe(404);
      expect((await send('POST', '/subscriptions', again)).status).toBe(201);
      expect((await send('DELETE', `/subscriptions/${id}`)).status).toBe(204);
    },
  );

  test.each(impossible)(
    'of %s %s: it is shown as it is stored, explained, and can be mended or deleted',
    async (_, id) => {
      expect(await send('GET', `/subscriptions/${id}`)).toMatchObject({ status: 200, json: { id } });
      for (const path of ['/explain', '/explain?entity=urn:a:1'])
        expect(await send('GET', `/subscriptions/${id}${path}`)).toMatchObject({
          status: 200,
          json: { verdict: expect.stringContaining('cannot be carried out') },
        });
      expect((await send('PATCH', `/subscriptions/${id}`, { description: 'new' })).status).toBe(400);
      expect((await send('DELETE', `/subscriptions/${id}`)).status).toBe(204);
    },
  );

  test('spoils no list of dead letters, no replay, and can be discarded', async () => {
    const path = `/subscriptions/${good}/deadLetters`;
    expect(await send('GET', path)).toMatchObject({ status: 200, json: [] });
    expect((await send('POST', `${path}/replay`)).status).toBe(204);
    expect((await send('GET', `/subscriptions/${good}/explain?entity=urn:a:1`)).status).toBe(200);
    expect((await send('DELETE', path)).status).toBe(204);
  });

  test('spoils no list of @contexts, and can be deleted', async () => {
    const made = await send('POST', '/jsonldContexts', { '@context': { b: 'https://example.org/b' } });
    const { status, json } = await send('GET', '/jsonldContexts');
    expect(status).toBe(200);
    expect(json).toContain(`${broker?.url}${made.headers.get('Location')}`);
    for (const [, key] of contexts) {
      const path = `/jsonldContexts/${encodeURIComponent(key)}`;
      expect((await send('GET', path)).status).toBe(404);
      const url = key.startsWith('http') ? key : `${broker?.url}/ngsi-ld/v1/jsonldContexts/${key}`;
      const read = await send('GET', '/entities?type=A', undefined, { Link: contextLink(url) });
      expect({ key, status: read.status }).toEqual({ key, status: 504 });
      expect((await send('DELETE', path)).status).toBe(204);
      expect((await send('DELETE', path)).status).toBe(404);
    }
  });

  test.each([
    ['/v2/subscriptions', [{ id: '000000000000000000000003' }]],
    ['/csourceRegistrations?type=A', []],
    ['/v2/registrations', []],
    ['/csourceSubscriptions', []],
    ['/access/grants', []],
    ['/access/keys', [{ name: 'administrator' }]],
    ['/aggregates', [{ id: 'urn:ngsi-ld:AggregateJob:1' }]],
    ['/indicators', []],
    ['/aggregates/urn:ngsi-ld:AggregateJob:1/report', [{ totals: 5 }]],
    ['/entities?type=A&entityMap=true&local=true', [{ id: 'urn:a:1' }]],
    ['/jobs', expect.any(Array)],
    ['/access/audit', expect.any(Array)],
  ])('spoils not the list %s', async (path, json) => {
    const answer = await send('GET', path);
    expect([200, 201]).toContain(answer.status);
    expect(answer).toMatchObject({ json });
  });

  test.each([
    ['/csourceRegistrations', 'urn:r:time'],
    ['/csourceSubscriptions', 'urn:s:registrations'],
    ['/snapshots', 'urn:snap:time'],
    ['/entityMaps', 'urn:ngsi-ld:EntityMap:1'],
    ['/access/grants', 'urn:g:q'],
    ['/access/keys', 'broken'],
    ['/indicators', 'urn:ngsi-ld:Indicator:1'],
    ['/v2/subscriptions', '000000000000000000000001'],
    ['/v2/registrations', '000000000000000000000001'],
  ])('of %s %s: it is not there', async (path, id) => {
    expect(await send('GET', `${path}/${id}`)).toMatchObject({ status: 404 });
  });

  test.each([
    ['/csourceRegistrations', 'urn:r:time'],
    ['/csourceSubscriptions', 'urn:s:registrations'],
    ['/access/grants', 'urn:g:q'],
    ['/access/keys', 'broken'],
    ['/v2/subscriptions', '000000000000000000000001'],
  ])('of %s %s: it can be deleted', async (path, id) => {
    expect(await send('DELETE', `${path}/${id}`)).toMatchObject({ status: 204 });
  });

  test('stops no job', async () => {
    const { json } = await send('GET', '/jobs');
    for (const { name } of json as { name: string }[])
      expect(await send('POST', `/jobs/${name}/run`)).toMatchObject({
        status: 200,
        json: { lastRun: { result: 'done' } },
      });
  });

  test('stops no new registration, and those who follow registrations hear of it', async () => {
    const entities = [{ type: 'Followed' }];
    const notification = { endpoint: { uri: receiver.url } };
    const id = 'urn:ngsi-ld:Subscription:registrations';
    expect(
      (await send('POST', '/csourceSubscriptions', { id, type: 'Subscription', entities, notification })).status,
    ).toBe(201);
    const registration = {
      type: 'ContextSourceRegistration',
      information: [{ entities }],
      endpoint: 'http://127.0.0.1:1',
    };
    expect((await send('POST', '/csourceRegistrations', registration)).status).toBe(201);
    await receiver.until((received) => received.some(({ body }) => body.subscriptionId === id));
  });

  test('stops no backup', async () => {
    await place.write([...unreadable, ...impossible, ...contexts]);
    const { code, out } = await run(backup, ['--url', broker?.url ?? '', '--key', key]);
    expect(code).toBe(0);
    expect(out).toContain(good);
    expect(out).toContain('urn:s:q');
    expect(out).not.toContain('urn:s:cut');
  });
});
