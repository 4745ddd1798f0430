/** Keeps the write-ahead log short: all checkpoints are made here, after the replies. */
import type { Database } from 'better-sqlite3';

export interface Wal {
  /** Makes a checkpoint when the write-ahead log is long. */
  keepShort(): void;
  /** Makes a complete checkpoint, if the disk allows it. */
  empty(): void;
}

/** Pages (4 KiB) before a checkpoint. With more pages, checkpoints are rarer and write a changed page only once, but reads get slower. */
const waitingMax = 8000;

/** Commits per check. */
const commitsBetween = 8;

export function createWal(database: Database): Wal {
  const look = database.prepare<[], { log: number; checkpointed: number }>('PRAGMA wal_checkpoint(NOOP)');
  let commits = 0;
  return {
    keepShort() {
      commits += 1;
      if (commits % commitsBetween !== 0) return;
      const state = look.get();
      if (state && state.log - state.checkpointed > waitingMax) database.pragma('wal_checkpoint(PASSIVE)');
    },
    empty() {
      try {
        database.pragma('wal_checkpoint(TRUNCATE)');
      } catch {
        // The rest is durable too. SQLite reads it when the file is opened again.
      }
    },
  };
}
