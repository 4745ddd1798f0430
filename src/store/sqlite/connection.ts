/** Opens a tenant's file: one connection for the writer's thread, one for reading. */
import Database from 'better-sqlite3';
import { migrate, refuseNewer } from './migrations.ts';

/** Bytes of the file that SQLite reads by memory map, without a copy. Pages that are not read cost nothing. */
const mappedBytes = 1024 * 1024 * 1024;

/** Opens, creates if need be, and migrates. Commits survive a power loss. Only `keepShort` makes checkpoints. */
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
  // better-sqlite3 is built with synchronous=NORMAL for WAL. With that, a power loss can lose acknowledged commits.
  'synchronous = FULL',
  'wal_autocheckpoint = 0',
  // What is deleted in a page is overwritten, so that what must be erased can be (`subject/free-pages.ts`). It costs no further write.
  'secure_delete = FAST',
  `journal_size_limit = ${64 * 1024 * 1024}`,
  'cache_size = -32000',
  'temp_store = MEMORY',
  'busy_timeout = 5000',
];

/**
 * Opens a file that the writer has opened before. Statements that run for each entity or series use `+?`. With a bare `?` that the
 * query plan depends on (beside ORDER BY and LIMIT), SQLite compiles the statement again for each new value. That takes longer than a
 * step to a row.
 */
export function openForReading(path: string): Database.Database {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  database.pragma(`mmap_size = ${mappedBytes}`);
  database.pragma('cache_size = -16000');
  database.pragma('query_only = ON');
  return database;
}

/** After this many bytes of large entities, the mapped pages of the file are released. */
const mappedReadBytes = 16 * 1024 * 1024;

/**
 * Counts the bytes that were read and releases the mapped pages when they may have become many: they count as memory of the process.
 * SQLite unmaps a file when the size limit of the map changes. While a statement runs, the change has no effect.
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
