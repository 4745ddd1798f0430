/** Tests that the MongoDB store writes and reads the documents of the golden copy: a renamed member cannot lose stored data unnoticed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { stopReceivers } from '../edge/deliver/receiver.ts';
import { createTestDatabases, type TestDatabases } from '../mongo/database.ts';
import { answersOf, filled } from './format/fill.ts';
import { comparable, offerGolden, readGolden } from './format/golden.ts';
import { readDatabases, type StoredDatabases, writeDatabases } from './format/mongo.ts';
import { shapeOf } from './format/shape.ts';

const folder = mkdtempSync(join(tmpdir(), 'mlaka-format-'));
const used: TestDatabases[] = [];
afterAll(async () => {
  await stopReceivers();
  for (const databases of used) await databases.drop();
  rmSync(folder, { recursive: true, force: true });
});

function emptyDatabase(): string {
  const databases = createTestDatabases();
  used.push(databases);
  return databases.url;
}

const start = (url: string) => {
  const store = ['--store', 'mongo', '--mongo-url', url, '--data', folder];
  const options = ['--port', '0', '--log-level', 'silent', '--models', 'off', '--notify-allow-private'];
  return startBroker(readConfig({ args: [...store, ...options], env: {} }));
};

/**
 * Whether what the broker makes by itself is there: rollups, the outcome of both notifications, and in each tenant the epoch of the log of
 * registrations.
 */
function isSettled(databases: StoredDatabases): boolean {
  const { rollups = [], shelf = [] } = databases['PREFIX'] ?? {};
  const text = JSON.stringify(rollups);
  const hasEpoch = (name: string): boolean =>
    JSON.stringify(databases[name]?.['shelf'] ?? []).includes('registrations/stream');
  return (
    text.includes('"whole"') &&
    !text.includes('"due"') &&
    JSON.stringify(shelf).includes('deadLetters urn:s:bad') &&
    ['PREFIX', 'PREFIX-t-other'].every(hasEpoch)
  );
}

describe('the format of the MongoDB store', () => {
  test('is the golden one: names and types of members', async () => {
    const url = emptyDatabase();
    const broker = await start(url);
    const answers = await filled(broker.url, async () => isSettled(await readDatabases(url))).finally(() =>
      broker.stop(),
    );
    const stored = await readDatabases(url);
    offerGolden('mongo', { stored, answers });
    expect(shapeOf('', stored)).toEqual(shapeOf('', readGolden<StoredDatabases>('mongo').stored));
  }, 60_000);

  test('is read as it was written', async () => {
    const url = emptyDatabase();
    const { stored, answers } = readGolden<StoredDatabases>('mongo');
    await writeDatabases(url, stored);
    const broker = await start(url);
    try {
      expect(comparable(await answersOf(broker.url))).toEqual(comparable(answers));
    } finally {
      await broker.stop();
    }
  }, 60_000);
});
