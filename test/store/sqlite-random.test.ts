/** Tests the SQLite store with random writes, while indexes are created. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, test } from '@jest/globals';
import Database from 'better-sqlite3';
import type { Store, Stores } from '../../src/core/port/store.ts';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';
import { startWriter } from '../../src/store/sqlite/writer/writer.ts';
import { type StoreUnderTest, sameAsMemory } from './contract/random-writes.ts';

const root = mkdtempSync(join(tmpdir(), 'mlaka-random-'));
const writer = startWriter({ observe: () => undefined, limits: { pendingWrites: 20_000, pendingBytes: 1e8 } });
afterAll(async () => {
  await writer.close();
  rmSync(root, { recursive: true, force: true });
});

async function indexesAreComplete(file: string): Promise<void> {
  const database = new Database(file, { readonly: true });
  const unfinished = database.prepare('SELECT 1 FROM indexed WHERE complete <= 0').pluck();
  for (let tries = 0; unfinished.get() !== undefined && tries < 1000; tries += 1) await new Promise(setImmediate);
  database.close();
}

async function open(): Promise<StoreUnderTest> {
  const directory = mkdtempSync(join(root, 'data-'));
  const file = join(directory, 'default.db');
  let stores: Stores | undefined;
  const openStore = async (): Promise<Store> => {
    await stores?.close();
    stores = createSqliteStores({ directory, yieldToEventLoop: () => undefined, writer });
    const store = await stores.open('', true);
    if (!store) throw new Error('The default tenant is not there.');
    return store;
  };
  return {
    store: await openStore(),
    prepare: async (names) => {
      for (const name of names) await writer.send(file, { op: 'index', name });
    },
    settle: () => indexesAreComplete(file),
    reopen: openStore,
    close: async () => {
      await stores?.close();
      rmSync(directory, { recursive: true });
    },
  };
}

test('memory and SQLite give the same answers', () => sameAsMemory(open, 40), 600_000);
