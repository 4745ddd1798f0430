/** Deletes ranges of the table `history` in steps. */
import type { Database } from 'better-sqlite3';
import type { Interruptible } from '../../../core/model/interruptible.ts';

/** The primary key. */
const key = ['subject', 'name', 'dataset', 'at', 'n'] as const;

/** Rows that one step deletes: takes some milliseconds. */
const stepRows = 2000;

/** Deletes all rows with these values in the first columns of the key. Returns false when there are none. */
export type RangeDelete = (values: readonly number[]) => Interruptible<boolean>;

export function createRangeDelete(database: Database, columns: readonly ['subject', 'name'?, 'dataset'?]): RangeDelete {
  const range = columns.map((column) => `${column} = ?`).join(' AND ');
  const rest = key.slice(columns.length).join(', ');
  const behindStep = database
    .prepare<number[], number[]>(
      `SELECT ${rest} FROM history WHERE ${range} ORDER BY ${rest} LIMIT 1 OFFSET ${stepRows}`,
    )
    .raw();
  const before = database.prepare<number[]>(
    `DELETE FROM history WHERE ${range} AND (${rest}) < (${key
      .slice(columns.length)
      .map(() => '?')
      .join(', ')})`,
  );
  const all = database.prepare<number[]>(`DELETE FROM history WHERE ${range}`);
  return function* (values) {
    for (let end = behindStep.get(...values); end; end = behindStep.get(...values)) {
      before.run(...values, ...end);
      yield;
    }
    return all.run(...values).changes > 0;
  };
}
