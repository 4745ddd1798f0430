/** Tests the matrix of operations, senders and grants on the stores that need no other process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';
import { createSqliteStores } from '../../../src/store/sqlite/stores.ts';
import '../../seed.ts';
import { testMatrix } from './matrix.ts';

testMatrix('memory', () => Promise.resolve(createMemoryStores()), 4);

testMatrix(
  'sqlite',
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'mlaka-matrix-'));
    const stores = createSqliteStores({ directory, yieldToEventLoop: () => undefined });
    const close = (): Promise<void> => stores.close().finally(() => rmSync(directory, { recursive: true }));
    return Promise.resolve({ ...stores, close });
  },
  5,
);
