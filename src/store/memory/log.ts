/** The change log of a tenant in memory. */
import type { Change } from '../../core/model/change.ts';
import { microsOfInstant } from '../../core/model/instant.ts';
import type { Log, LogKeep, LogRecord, Position } from '../../core/port/store.ts';

/** The log, with its operations for the writer. */
export interface ChangeLog extends Log {
  newest(): Position;
  /** Appends a change and returns its position. */
  append(change: Change): Position;
  /** Calls the listeners. */
  announce(): void;
  /** The records, oldest first. */
  records(): readonly LogRecord[];
  /** Replaces a record by another of the same position. */
  replace(record: LogRecord): void;
}

/** An empty log. Positions have no gaps, so a position gives the index of its record. */
export function createChangeLog(): ChangeLog {
  const records: LogRecord[] = [];
  const listeners = new Set<(position: Position) => void>();
  let newest = 0;
  let prunedTo = 0;
  const page = (after: Position, limit: number): readonly LogRecord[] => {
    const start = Math.max(0, after - prunedTo);
    return records.slice(start, start + limit);
  };
  return {
    newest: () => newest,
    records: () => records,
    replace: (record) => void records.splice(record.position - prunedTo - 1, 1, record),
    append: (change) => {
      newest += 1;
      records.push({ ...change, position: newest });
      return newest;
    },
    announce: () => {
      for (const listener of [...listeners]) listener(newest);
    },
    position: () => Promise.resolve(newest),
    prunedTo: () => Promise.resolve(prunedTo),
    read: (after, limit) => Promise.resolve(page(after, limit)),
    readAbout: (after, limit, isWanted) => {
      const found = page(after, limit);
      return Promise.resolve(found.map((one) => (isWanted(one.entity.types) ? one : { position: one.position })));
    },
    follow: (listener) => {
      const own = (position: Position): void => listener(position);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    prune: (keep) => {
      const gone = records.splice(0, prunable(records, keep)).length;
      prunedTo += gone;
      return Promise.resolve(gone);
    },
  };
}

/** The number of the oldest records that exceed the bounds. */
function prunable(records: readonly LogRecord[], { before, records: most, bytes = Infinity }: LogKeep): number {
  const bound = microsOfInstant(before);
  const firstYoung = records.findIndex(({ at }) => microsOfInstant(at) >= bound);
  const old = firstYoung === -1 ? records.length : firstYoung;
  const heavy = bytes === Infinity ? 0 : records.length - fitting(records, bytes);
  return Math.max(0, old, records.length - most, heavy);
}

/** The number of the newest records with this many bytes in all, including the record that exceeds them. */
function fitting(records: readonly LogRecord[], bytes: number): number {
  let left = bytes;
  const first = records.findLastIndex((record) => {
    left -= JSON.stringify(record.entity).length;
    return left <= 0;
  });
  return records.length - Math.max(first, 0);
}
