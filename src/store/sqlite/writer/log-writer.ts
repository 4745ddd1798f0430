/** Appends to the change log, and prunes it. */
import type { Database } from 'better-sqlite3';
import type { Change } from '../../../core/model/change.ts';
import type { Micros } from '../../../core/model/instant.ts';
import type { Position } from '../../../core/port/store.ts';
import { logRowOf } from '../log-rows.ts';
import type { Sequence } from './sequence.ts';
import type { Steps } from './steps.ts';

export interface LogWriter {
  /** `doc` is the text of the change's entity. */
  append(position: Position, change: Change, doc: string): void;
  /** Removes at most `limit` records that are not to be kept, oldest first. Answers how many. */
  prune(keep: { readonly before: Micros; readonly records: number }, limit: number): Steps<number>;
}

export function createLogWriter(database: Database, sequence: Sequence): LogWriter {
  const append = database.prepare<[Position, Micros, number, string, string | null]>(
    'INSERT INTO log (position, at, event, doc, rest) VALUES (?, ?, ?, ?, ?)',
  );
  const oldest = database.prepare<[Position, number], { position: Position; at: Micros }>(
    'SELECT position, at FROM log WHERE position > ? ORDER BY position LIMIT ?',
  );
  const remove = database.prepare<[Position]>('DELETE FROM log WHERE position <= ?');
  const setPrunedTo = database.prepare<[Position]>("INSERT OR REPLACE INTO meta (key, value) VALUES ('prunedTo', ?)");
  return {
    append(position, change, doc) {
      const { at, event, rest } = logRowOf(change, doc);
      append.run(position, at, event, doc, rest);
    },
    *prune({ before, records }, limit) {
      const prunedTo = sequence.prunedTo();
      // Positions have no gaps: those of the newest records follow from the newest of all.
      const superfluous = sequence.position() - prunedTo - records;
      const rows = oldest.all(prunedTo, limit);
      const firstYoung = rows.findIndex(({ at }) => at >= before);
      const gone = rows.slice(0, Math.max(firstYoung === -1 ? rows.length : firstYoung, superfluous));
      for (const { position } of gone) {
        remove.run(position);
        yield;
      }
      const last = gone.at(-1);
      if (last) setPrunedTo.run(last.position);
      return gone.length;
    },
  };
}
