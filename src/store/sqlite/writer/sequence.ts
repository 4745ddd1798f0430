/** Assigns log positions, which have no gaps, and numbers, which are never reused. */
import type { Database } from 'better-sqlite3';
import type { Position } from '../../../core/port/store.ts';

export interface Sequence {
  /** The position of the newest change. */
  position(): Position;
  /** The position up to which the log has been pruned. */
  prunedTo(): Position;
  /** The position of the next change, and its number. */
  nextPosition(): { readonly position: Position; readonly number: number };
  /** A number without a change. */
  next(): number;
  /** Reads the state from the file again. Called after a rollback. */
  reset(): void;
}

/** A number is the position plus the count of numbers without a change. Only that count needs storage. */
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
