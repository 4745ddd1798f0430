/** Keeps the write-ahead log short: checkpoints are made here, after the answers, and nowhere else. */
import type { Database } from 'better-sqlite3';

export interface Wal {
  /** Moves what is in the write-ahead log into the file when that has become much. */
  keepShort(): void;
  /** Moves all of it, where the disk lets it. */
  empty(): void;
}

/** Pages (4 KiB) that may wait. More makes fewer checkpoints, which write a page once however often it changed; reads get slower. */
const waitingMax = 8000;

/** How many commits go by between two looks at it. */
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
        // What stays in it is as durable, and is read when the file is opened again.
      }
    },
  };
}
