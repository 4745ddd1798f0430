/** Hands out positions of the log, which have no gaps, and numbers that are never used twice. */
import type { Database } from 'better-sqlite3';
import type { Position } from '../../../core/port/store.ts';

export interface Sequence {
  /** The position of the newest change. */
  position(): Position;
  /** Up to where the log has been pruned. */
  prunedTo(): Position;
  /** The position of the next change, and a number that belongs to it. */
  nextPosition(): { readonly position: Position; readonly number: number };
  /** A number that belongs to no change. */
  next(): number;
  /** Reads again what is in the file; after a rollback. */
  reset(): void;
}

/** A number is the position plus all the numbers ever given without one, so that only these need to be written down. */
export function createSequence(database: Database): Sequence {
  const readNewest = database.prepare<[], number>('SELECT position FROM log ORDER BY position DESC LIMIT 1').pluck();
  const readMeta = database.prepare<[string], number>('SELECT value FROM meta WHERE key = ?').pluck();
  const writeMeta = database.prepare<[string, number]>('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  let position = 0;
  let extra = 0;
  const prunedTo = (): Position => readMeta.get('prunedTo') ?? 0;
  const reset = (): void => {
    position = readNewest.get() ?? prunedTo();
    extra = readMeta.get('extra') ?? 0;
  };
  reset();
  return {
    position: () => position,
    prunedTo,
    nextPosition() {
      position += 1;
      return { position, number: position + extra };
    },
    next() {
      extra += 1;
      writeMeta.run('extra', extra);
      return position + extra;
    },
    reset,
  };
}
