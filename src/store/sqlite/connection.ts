/** Opens a tenant's file: once for the writer's thread, once for reading. */
import Database from 'better-sqlite3';
import { migrate, refuseNewer } from './migrations.ts';

/** Bytes of the file that are read without a copy. Pages that nobody reads cost nothing. */
const mappedBytes = 1024 * 1024 * 1024;

/** Opens, creates if need be, and migrates. Commits survive a loss of power; checkpoints are made by `keepShort` only. */
export function openForWriting(path: string): Database.Database {
  const database = new Database(path);
  try {
    refuseNewer(database);
    for (const pragma of writingPragmas) database.pragma(pragma);
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const writingPragmas = [
  'journal_mode = WAL',
  // better-sqlite3 is built with synchronous=NORMAL for WAL, under which a loss of power can lose acknowledged commits.
  'synchronous = FULL',
  'wal_autocheckpoint = 0',
  `journal_size_limit = ${64 * 1024 * 1024}`,
  'cache_size = -32000',
  'temp_store = MEMORY',
  'busy_timeout = 5000',
];

/**
 * Opens a file that the writer has opened before. Statements that are run for each entity or series say `+?`: SQLite compiles
 * a statement anew, which takes longer than a step to a row, when a bare `?` that its plan has looked at (beside ORDER BY
 * and LIMIT) gets another value.
 */
export function openForReading(path: string): Database.Database {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  database.pragma(`mmap_size = ${mappedBytes}`);
  database.pragma('cache_size = -16000');
  database.pragma('query_only = ON');
  return database;
}

/** Bytes of large entities after which the pages of the file that were read through the map are let go of. */
const mappedReadBytes = 16 * 1024 * 1024;

/**
 * Told of bytes that were read: lets go of what is mapped of the file when that may have become much, for it counts as memory of
 * the process. SQLite unmaps a file when the bound of the map changes; while a statement is under way it does nothing.
 */
export function createUnmapping(database: Database.Database): (bytes: number) => void {
  let [read, bound] = [0, mappedBytes];
  return (bytes) => {
    read += bytes;
    if (read < mappedReadBytes) return;
    read = 0;
    bound = bound === mappedBytes ? mappedBytes - 65_536 : mappedBytes;
    database.pragma(`mmap_size = ${bound}`);
  };
}
