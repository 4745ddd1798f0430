/** Tests the rollups of the SQLite store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import Database from 'better-sqlite3';
import { dayMicros } from '../../src/core/model/instant.ts';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';
import { startWriter } from '../../src/store/sqlite/writer/writer.ts';
import { describeRollups, type Rolling } from './contract/rollups.ts';

const root = mkdtempSync(join(tmpdir(), 'mlaka-rollups-'));
const writer = startWriter({ observe: () => undefined, limits: { pendingWrites: 20_000, pendingBytes: 1e8 } });
afterAll(async () => {
  await writer.close();
  rmSync(root, { recursive: true, force: true });
});

async function open(): Promise<Rolling> {
  const directory = mkdtempSync(join(root, 'data-'));
  const stores = createSqliteStores({ directory, yieldToEventLoop: () => undefined, writer });
  const store = await stores.open('', true);
  if (!store) throw new Error('The default tenant is not there.');
  const database = new Database(join(directory, 'default.db'), { readonly: true });
  return {
    store,
    workedOut: () => workedOut(database),
    states: () => Promise.resolve(statesIn(database)),
    close: async () => {
      database.close();
      await stores.close();
      rmSync(directory, { recursive: true });
    },
  };
}

async function workedOut(database: Database.Database): Promise<void> {
  const left = database
    .prepare(
      `SELECT count(*) FROM rollup r WHERE state <= 0 AND EXISTS (SELECT 1 FROM history h
         WHERE h.subject = r.subject AND h.name = r.name AND h.dataset = r.dataset AND h.n = 0 AND h.at >= (r.day + 1) * ${dayMicros})`,
    )
    .pluck();
  for (const end = Date.now() + 15_000; Number(left.get()) > 0; ) {
    if (Date.now() > end) throw new Error('The rollups are not worked out.');
    await new Promise(setImmediate);
  }
}

const statesIn = (database: Database.Database): Awaited<ReturnType<Rolling['states']>> =>
  Object.fromEntries(
    database
      .prepare<[], { state: number; days: number }>(
        'SELECT state, count(*) AS days FROM rollup WHERE state > 0 GROUP BY state',
      )
      .all()
      .map(({ state, days }) => [['', 'fresh', 'mixed', 'kept'][state] ?? '', days] as const),
  );

describeRollups(open, 40);
