/** Measures the baseline for ingestion of measurements: one table of bare SQLite with the durability of the broker. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** Series, microseconds since 1970, value. */
export type BareRow = readonly [series: number, at: number, number: number];

export interface BareHistory {
  /** Writes rows in one transaction. */
  put(rows: Iterable<BareRow>): void;
  /** Closes and removes it. Answers how many bytes it took. */
  close(): number;
}

export function openBareHistory(): BareHistory {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-floor-'));
  const database = new Database(join(folder, 'floor.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(
    'CREATE TABLE history (series INTEGER, at INTEGER, number REAL, PRIMARY KEY (series, at)) WITHOUT ROWID',
  );
  const insert = database.prepare('INSERT OR REPLACE INTO history VALUES (?, ?, ?)');
  const insertAll = database.transaction((rows: Iterable<BareRow>) => {
    for (const row of rows) insert.run(...row);
  });
  return {
    put: (rows) => insertAll.immediate(rows),
    close() {
      database.pragma('wal_checkpoint(TRUNCATE)');
      database.close();
      const bytes = bytesIn(folder);
      rmSync(folder, { recursive: true });
      return bytes;
    },
  };
}

/** Bytes of all files in a folder. */
export const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
