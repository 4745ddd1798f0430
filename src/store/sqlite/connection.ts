/** Opens a tenant's file: once for the writer's thread, once for reading. */
import Database from 'better-sqlite3';
import { migrate } from './migrations.ts';

/** Bytes of the file that are read without a copy. Pages that nobody reads cost nothing. */
const mappedBytes = 1024 * 1024 * 1024;

/** Opens, creates if need be, and migrates. Commits survive a loss of power; checkpoints are made by `keepShort` only. */
export function openForWriting(path: string): Database.Database {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  // better-sqlite3 is built with synchronous=NORMAL for WAL, under which a loss of power can lose acknowledged commits.
  database.pragma('synchronous = FULL');
  database.pragma('wal_autocheckpoint = 0');
  database.pragma(`journal_size_limit = ${64 * 1024 * 1024}`);
  database.pragma('cache_size = -32000');
  database.pragma('temp_store = MEMORY');
  database.pragma('busy_timeout = 5000');
  migrate(database);
  return database;
}

/** Opens a file that the writer has opened before. */
export function openForReading(path: string): Database.Database {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  database.pragma(`mmap_size = ${mappedBytes}`);
  database.pragma('cache_size = -16000');
  database.pragma('query_only = ON');
  return database;
}
