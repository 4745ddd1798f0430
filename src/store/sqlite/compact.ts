/** Measures the space that a tenant's file uses, by kind of content, and compacts the file. */
import Database from 'better-sqlite3';
import { refuseNewer } from './migrations.ts';
import { isBusy } from './folder-lock.ts';

/** Bytes in a tenant's file. */
export interface SpaceUsage {
  /** Free pages in the file: SQLite reuses them before the file grows. */
  readonly free: number;
  /** By kind of content, with its indexes. */
  readonly taken: Readonly<Record<string, number>>;
}

/** The tables of each kind. All other tables hold present entities, names, and indexes over them. */
const kinds = [
  { kind: 'history', tables: ['history', 'moved', 'unobserved'] },
  { kind: 'rollups', tables: ['rollup'] },
  { kind: 'log', tables: ['log'] },
  { kind: 'shelves', tables: ['shelf'] },
] as const;

/** Reads the whole file, which takes time. Brokers may have it open. Throws an Error when the file does not exist. */
export function measureSpace(path: string): SpaceUsage {
  // Not read-only: a read-only connection could leave a write-ahead log behind.
  const database = new Database(path, { fileMustExist: true });
  try {
    database.pragma('query_only = ON');
    return database.transaction(() => readSpace(database))();
  } finally {
    database.close();
  }
}

function readSpace(database: Database.Database): SpaceUsage {
  const free = database.prepare<[], number>(
    'SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size',
  );
  const tables = database.prepare<[], { table: string; bytes: number }>(
    `SELECT coalesce(tbl_name, dbstat.name) AS "table", sum(pgsize) AS bytes
      FROM dbstat LEFT JOIN sqlite_schema ON sqlite_schema.name = dbstat.name WHERE aggregate = TRUE GROUP BY 1`,
  );
  const taken: Record<string, number> = {};
  for (const { table, bytes } of tables.all()) {
    const kind = kinds.find((one) => one.tables.some((name) => name === table))?.kind ?? 'entities';
    taken[kind] = (taken[kind] ?? 0) + bytes;
  }
  return { free: free.pluck().get() ?? 0, taken };
}

/**
 * Rewrites the file without its free pages. When it ends early, even by a crash, the file is unchanged or compact. Throws an Error when
 * another process has the file open, or when the disk or the folder of temporary files is full.
 */
export function compact(path: string): void {
  const database = new Database(path, { fileMustExist: true, timeout: 0 });
  try {
    // In this mode the first access takes an exclusive lock until the end. It fails when another process has the file open.
    database.pragma('locking_mode = EXCLUSIVE');
    refuseNewer(database);
    database.exec('VACUUM');
    database.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    if (!isBusy(error)) throw error;
    throw new Error(`${path} is in use. Stop the broker, then try again.`, { cause: error });
  } finally {
    database.close();
  }
}
