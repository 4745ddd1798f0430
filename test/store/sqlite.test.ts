/** Tests the SQLite store against the contract, on real files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';
import { startWriter } from '../../src/store/sqlite/writer/writer.ts';
import { describeStore } from './contract/contract.ts';

const root = mkdtempSync(join(tmpdir(), 'mlaka-sqlite-'));
// Starting a thread takes longer than most tests, so that they share one.
const writer = startWriter({ observe: () => undefined, limits: { pendingWrites: 20_000, pendingBytes: 1e8 } });

afterAll(async () => {
  await writer.close();
  rmSync(root, { recursive: true, force: true });
});

describeStore('sqlite', () => {
  const directory = mkdtempSync(join(root, 'data-'));
  const open = () => createSqliteStores({ directory, yieldToEventLoop: () => undefined, writer });
  return Promise.resolve({ stores: open(), reopen: () => Promise.resolve(open()) });
});
