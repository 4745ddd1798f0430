/** Tests that nothing of a person is left in any collection of MongoDB after it was erased. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { eventually } from '../edge/deliver/test-broker.ts';
import { createTestDatabases } from '../mongo/database.ts';
import { ana, asObject, createClient, expectRest, fill, startRefusing } from './subject-data.ts';

const databases = createTestDatabases();
const folder = mkdtempSync(join(tmpdir(), 'mlaka-subject-'));
afterAll(async () => {
  await databases.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** The collections of all databases of the broker that have a document with a text. */
async function collectionsWith(text: string): Promise<readonly string[]> {
  const client = new MongoClient(databases.url);
  const prefix = client.options.dbName;
  const found: string[] = [];
  const { databases: all } = await client.db().admin().listDatabases({ nameOnly: true });
  const own = all.filter((one) => one.name.startsWith(prefix));
  const collections = await Promise.all(own.map(({ name }) => client.db(name).collections()));
  for (const collection of collections.flat()) {
    const texts = (await collection.find().toArray()).map((document) => JSON.stringify(document));
    found.push(...texts.filter((one) => one.includes(text)));
  }
  await client.close();
  return found;
}

test('nothing of a person is left after it was erased (mongo)', async () => {
  const options = ['--store', 'mongo', '--mongo-url', databases.url, '--data', folder, '--access', 'required'];
  const fixed = ['--port', '0', '--log-level', 'silent', '--notify-allow-private', '--notify-attempts', '1'];
  const broker = await startBroker(readConfig({ args: [...fixed, ...options], env: {} }));
  const { server, url } = await startRefusing();
  try {
    const client = createClient(broker.url, readFileSync(join(folder, 'administrator.key'), 'utf8').trim());
    await fill(client, url);
    const letters = '/subscriptions/urn:ngsi-ld:Subscription:persons/deadLetters';
    await eventually(
      () => client.send(`GET ${letters}`),
      (found) => Array.isArray(found) && found.length > 4,
    );
    expect((await collectionsWith(ana)).length).toBeGreaterThan(10);
    const path = `/access/subjects/${ana}`;
    const lines = String(await client.send(`GET ${path}/export`, undefined, { Accept: 'application/x-ndjson' }));
    for (const place of [
      'entity',
      'reference',
      'instance',
      'change',
      'subscription',
      'registration',
      'snapshot',
      'auditLine',
    ])
      expect(lines).toContain(`{"place":"${place}"`);
    const erased = asObject(await client.send(`DELETE ${path}`));
    expect(Object.values(asObject(erased['left'])).every((count) => count === 0)).toBe(true);
    expect(erased['remains']).toEqual([]);
    expect(await collectionsWith(ana)).toEqual([]);
    await expectRest(client);
    // The histories of others are still read and written.
    await client.send('PATCH /entities/urn:ngsi-ld:Car:1/attrs', { doors: { type: 'Property', value: 6 } });
  } finally {
    server.close();
    await broker.stop();
  }
});
