/** Runs bare SQLite for the baseline: one table, one transaction per message, with the durability of the broker. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

const database = new Database(String(workerData));
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec('CREATE TABLE entity (id TEXT PRIMARY KEY, doc TEXT NOT NULL) WITHOUT ROWID');
const put = database.prepare('INSERT OR REPLACE INTO entity VALUES (?, ?)');
const putAll = database.transaction((rows: readonly (readonly [string, string])[]) => {
  for (const [id, doc] of rows) put.run(id, doc);
});
parentPort?.on('message', (rows: readonly (readonly [string, string])[]) => {
  putAll.immediate(rows);
  parentPort?.postMessage('done');
});
