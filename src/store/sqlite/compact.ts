/** How large a tenant's file is and what takes the room, and how room that is free in it is given back. */
import Database from 'better-sqlite3';
import { refuseNewer } from './migrations.ts';
import { isBusy } from './owner.ts';

/** Bytes in a tenant's file. */
export interface Room {
  /** Will be used again before the file grows. */
  readonly free: number;
  /** By what is kept there, with its indexes. */
  readonly taken: Readonly<Record<string, number>>;
}

/** What tables hold; all others hold present entities, their names, and indexes over them. */
const kinds = [
  { kind: 'history', tables: ['history', 'moved', 'unobserved'] },
  { kind: 'rollups', tables: ['rollup'] },
  { kind: 'log', tables: ['log'] },
  { kind: 'shelves', tables: ['shelf'] },
] as const;

/** Reads the whole file, which takes its time; brokers may have it open. Throws an Error when there is no such file. */
export function measureRoom(path: string): Room {
  // Not opened as read-only: that could leave a write-ahead log behind.
  const database = new Database(path, { fileMustExist: true });
  try {
    database.pragma('query_only = ON');
    return database.transaction(() => readRoom(database))();
  } finally {
    database.close();
  }
}

function readRoom(database: Database.Database): Room {
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
 * Writes the file anew without what is free in it. Whenever that ends, by a crash too, the file is as it was or compact.
 * Throws an Error when anybody else has the file open, or when the disk or the folder of temporary files is full.
 */
export function compact(path: string): void {
  const database = new Database(path, { fileMustExist: true, timeout: 0 });
  try {
    // In this mode the first access locks out everybody until the end, and fails where somebody has the file open.
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
