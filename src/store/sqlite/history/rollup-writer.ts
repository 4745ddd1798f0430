/** Maintains rollups: marks days as stale, and computes them when idle, or before their instances are deleted. */
import type { Database } from 'better-sqlite3';
import { dayMicros, type Micros } from '../../../core/model/instant.ts';
import { bytesOfSummaries, dayOf, rolledUp, rollupState } from '../../../core/model/rollup.ts';
import { type NumericSummary, summaryOf } from '../../../core/model/numeric-summary.ts';
import type { InstanceRow, Series } from '../history-rows.ts';
import type { Interruptible } from '../../../core/model/interruptible.ts';
import type { UnobservedSeries } from './unobserved-series.ts';

type Part = Pick<Series, 'subject'> & Partial<Series>;

export interface RollupWriter {
  /** An instance observed at this time is added, removed or changed. Writes need no other call. */
  touch(series: Series, at: Micros): void;
  /** Removes the rollups of a history, attribute or series. True when some were of deleted instances. */
  drop(part: Part): boolean;
  /** Computes a day for the last time, because its instances are about to be deleted. Later instances do not count. */
  keep(series: Series, day: number): void;
  /** Removes the rollups of the days before the day of `before`. */
  forget(series: Series, before: Micros): void;
  /** Finds some days to compute. Empty: none are left. */
  due(): readonly Due[];
  /** Computes the first of these days, as many as one slice takes. `due` finds the others again. */
  compute(due: readonly Due[]): Interruptible<undefined>;
  /** Clears the state in memory after a failed transaction. */
  reset(): void;
}

/** A stale day that has instances after it. The newest day of a series is only stale: more instances will come, and queries read them. */
const dueState = -1;

/** SQL. The days in the index `rollup_due`, which SQLite uses only where it sees the condition of the index. */
const isToDo = 'state <= 0';

interface Due extends Series {
  readonly day: number;
}

type SeriesKey = [subject: number, name: number, dataset: number];
const placeOf = ({ subject, name, dataset }: Series): SeriesKey => [subject, name, dataset];
const inSeries = 'subject = ? AND name = ? AND dataset = ?';

/** One slice ends after the day with which it has read this many instances: some milliseconds. */
const readMax = 2000;

/** The maximum number of cached days that are marked as stale. */
const notedMax = 50_000;

export function createRollupWriter(database: Database, unobserved: UnobservedSeries): RollupWriter {
  const rows = createRows(database);
  const queue = createQueue(database);
  const noted = new Set<string>();
  const keyOf = ({ subject, name, dataset }: Series, day: number): string => `${subject}/${name}/${dataset}/${day}`;

  return {
    touch(series, at) {
      const day = dayOf(at);
      const key = keyOf(series, day);
      if (noted.has(key)) return;
      if (noted.size >= notedMax) noted.clear();
      noted.add(key);
      unobserved.noteRolled(series);
      if (rows.note(series, day)) queue.wake();
    },
    drop(part) {
      noted.clear();
      return rows.drop(part);
    },
    keep(series, day) {
      if (rows.state(series, day) === rollupState.kept) return;
      noted.delete(keyOf(series, day));
      rows.putSummaries(series, { day, state: rollupState.kept, numbers: rows.read(series, day).numbers });
    },
    forget: (series, before) => rows.forget(series, before),
    due: () => queue.next(),
    *compute(due) {
      let left = readMax;
      for (const one of due) {
        if (left <= 0) break;
        noted.delete(keyOf(one, one.day));
        left -= compute(rows, one);
        yield;
      }
      return undefined;
    },
    reset: () => noted.clear(),
  };
}

/** Returns the number of instances of the day. */
function compute(rows: Rows, due: Due): number {
  const { numbers, others } = rows.read(due, due.day);
  if (others > 0) rows.put(due, { day: due.day, state: rollupState.mixed, summaries: null });
  else rows.putSummaries(due, { day: due.day, state: rollupState.fresh, numbers });
  return numbers.length + others;
}

interface Written {
  readonly day: number;
  readonly state: number;
  readonly summaries: Uint8Array | null;
}

interface Rows {
  /**
   * Marks a day as due; if it is the newest of the series, marks it as stale and the stale ones before it as due. False: no day became
   * due, because the days were marked already, or their instances do not count.
   */
  note(series: Series, day: number): boolean;
  state(series: Series, day: number): number | undefined;
  /** The observed numbers of a day, ascending, and the number of other instances. */
  read(series: Series, day: number): { readonly numbers: readonly NumericSummary[]; readonly others: number };
  put(series: Series, written: Written): void;
  /** Without numbers, it removes the row. */
  putSummaries(
    series: Series,
    written: Omit<Written, 'summaries'> & { readonly numbers: readonly NumericSummary[] },
  ): void;
  forget(series: Series, before: Micros): void;
  drop(part: Part): boolean;
}

function createRows(database: Database): Rows {
  const state = database
    .prepare<[...SeriesKey, number], number>(`SELECT state FROM rollup WHERE ${inSeries} AND day = ?`)
    .pluck();
  const observed = database.prepare<[...SeriesKey, Micros, Micros], Pick<InstanceRow, 'at' | 'number'>>(
    `SELECT at, number FROM history WHERE ${inSeries} AND at >= ? AND at < ? AND n = 0 ORDER BY at`,
  );
  const insert = database.prepare<[...SeriesKey, number, number, Uint8Array | null]>(
    'INSERT OR REPLACE INTO rollup (subject, name, dataset, day, state, tallies) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const remove = database.prepare<[...SeriesKey, number]>(`DELETE FROM rollup WHERE ${inSeries} AND day = ?`);
  const forget = database.prepare<[...SeriesKey, number]>(`DELETE FROM rollup WHERE ${inSeries} AND day < ?`);
  const put: Rows['put'] = (series, { day, state: now, summaries }) =>
    void insert.run(...placeOf(series), day, now, summaries);
  return {
    note: createNote(database),
    state: (series, day) => state.get(...placeOf(series), day),
    read(series, day) {
      const found = observed.all(...placeOf(series), day * dayMicros, (day + 1) * dayMicros);
      const numbers = found.flatMap(({ at, number }) => (number === null ? [] : [summaryOf(number, at)]));
      return { numbers, others: found.length - numbers.length };
    },
    put,
    putSummaries(series, { numbers, ...written }) {
      const summaries = rolledUp(numbers, written.state);
      if (summaries.length > 0) put(series, { ...written, summaries: bytesOfSummaries(summaries) });
      else remove.run(...placeOf(series), written.day);
    },
    forget: (series, before) => void forget.run(...placeOf(series), dayOf(before)),
    drop: createDrop(database),
  };
}

function createNote(database: Database): Rows['note'] {
  const later = database
    .prepare<[...SeriesKey, Micros], number>(`SELECT 1 FROM history WHERE ${inSeries} AND at >= ? LIMIT 1`)
    .pluck();
  const mark = database.prepare<[...SeriesKey, day: number, state: number]>(
    `INSERT INTO rollup (subject, name, dataset, day, state) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET state = excluded.state, tallies = NULL
     WHERE state NOT IN (${rollupState.stale}, ${dueState}, ${rollupState.kept})`,
  );
  const markBefore = database.prepare<[...SeriesKey, number]>(
    `UPDATE rollup INDEXED BY rollup_due SET state = ${dueState} WHERE ${isToDo} AND state = ${rollupState.stale} AND ${inSeries} AND day < ?`,
  );
  return (series, day) => {
    const place = placeOf(series);
    const isNewest = later.get(...place, (day + 1) * dayMicros) === undefined;
    const isMarked = mark.run(...place, day, isNewest ? rollupState.stale : dueState).changes > 0;
    return isMarked && (!isNewest || markBefore.run(...place, day).changes > 0);
  };
}

function createDrop(database: Database): Rows['drop'] {
  const all = database.prepare<[number], number>('DELETE FROM rollup WHERE subject = ? RETURNING state').pluck();
  const ofName = database
    .prepare<[number, number], number>('DELETE FROM rollup WHERE subject = ? AND name = ? RETURNING state')
    .pluck();
  const one = database.prepare<SeriesKey, number>(`DELETE FROM rollup WHERE ${inSeries} RETURNING state`).pluck();
  const dropped = ({ subject, name, dataset }: Part): readonly number[] => {
    if (name === undefined) return all.all(subject);
    return dataset === undefined ? ofName.all(subject, name) : one.all(subject, name, dataset);
  };
  return (part) => dropped(part).includes(rollupState.kept);
}

/** Days that one slice computes at most. */
const daysMax = 200;

interface Queue {
  /** There are days to compute. */
  wake(): void;
  next(): readonly Due[];
}

/** The days to compute, in slices. A file may have some when it is opened. */
function createQueue(database: Database): Queue {
  const find = database.prepare<[number], Due>(
    `SELECT subject, name, dataset, day FROM rollup INDEXED BY rollup_due
     WHERE ${isToDo} AND state = ${dueState} ORDER BY subject, name, dataset, day LIMIT ?`,
  );
  let mayHaveSome = true;
  return {
    wake: () => {
      mayHaveSome = true;
    },
    next() {
      const found = mayHaveSome ? find.all(daysMax) : [];
      mayHaveSome = found.length > 0;
      return found;
    },
  };
}
