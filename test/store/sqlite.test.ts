/** The SQLite store against the contract, on real files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';
import { describeStore } from './contract/contract.ts';

const root = mkdtempSync(join(tmpdir(), 'mlaka-sqlite-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describeStore('sqlite', () => {
  const directory = mkdtempSync(join(root, 'data-'));
  const open = () => createSqliteStores({ directory, breathe: () => undefined });
  return Promise.resolve({ stores: open(), reopen: () => Promise.resolve(open()) });
});
