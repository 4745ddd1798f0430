/** Maintains rollups: marks days as stale, and computes them when idle, or before their instances are deleted. */
import type { Database } from 'better-sqlite3';
import { dayMicros, type Micros } from '../../../core/model/instant.ts';
import { bytesOfSummaries, dayOf, rolledUp, rollupState } from '../../../core/model/rollup.ts';
import { type NumericSummary, tallyOf } from '../../../core/model/numeric-summary.ts';
import type { InstanceRow, Series } from '../history-rows.ts';
import type { Interruptible } from '../../../core/model/interruptible.ts';

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
  /** Finds some stale days. Undefined: none are left. */
  due(): readonly Due[] | undefined;
  workOut(due: readonly Due[]): Interruptible<undefined>;
  /** Clears the state in memory after a failed transaction. */
  reset(): void;
}

interface Due extends Series {
  readonly day: number;
}

type SeriesKey = [subject: number, name: number, dataset: number];
const placeOf = ({ subject, name, dataset }: Series): SeriesKey => [subject, name, dataset];
const inSeries = 'subject = ? AND name = ? AND dataset = ?';

/** The maximum number of cached days that are marked as stale. */
const notedMax = 50_000;

export function createRollupWriter(database: Database): RollupWriter {
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
      rows.note(series, day);
      queue.wake();
    },
    drop(part) {
      noted.clear();
      return rows.drop(part);
    },
    keep(series, day) {
      if (rows.state(series, day) === rollupState.kept) return;
      noted.delete(keyOf(series, day));
      rows.putTallies(series, { day, state: rollupState.kept, numbers: rows.read(series, day).numbers });
    },
    forget: (series, before) => rows.forget(series, before),
    due: () => queue.next(),
    *workOut(due) {
      for (const one of due) {
        noted.delete(keyOf(one, one.day));
        workOut(rows, one);
        yield;
      }
      return undefined;
    },
    reset: () => noted.clear(),
  };
}

function workOut(rows: Rows, due: Due): void {
  const { numbers, others } = rows.read(due, due.day);
  if (others > 0) rows.put(due, { day: due.day, state: rollupState.mixed, tallies: null });
  else rows.putTallies(due, { day: due.day, state: rollupState.fresh, numbers });
}

interface Written {
  readonly day: number;
  readonly state: number;
  readonly tallies: Uint8Array | null;
}

interface Rows {
  note(series: Series, day: number): void;
  state(series: Series, day: number): number | undefined;
  /** The observed numbers of a day, ascending, and the number of other instances. */
  read(series: Series, day: number): { readonly numbers: readonly NumericSummary[]; readonly others: number };
  put(series: Series, written: Written): void;
  /** Without numbers, it removes the row. */
  putTallies(series: Series, written: Omit<Written, 'tallies'> & { readonly numbers: readonly NumericSummary[] }): void;
  forget(series: Series, before: Micros): void;
  drop(part: Part): boolean;
}

function createRows(database: Database): Rows {
  const note = database.prepare<[...SeriesKey, number]>(
    `INSERT INTO rollup (subject, name, dataset, day, state) VALUES (?, ?, ?, ?, ${rollupState.stale})
     ON CONFLICT DO UPDATE SET state = ${rollupState.stale}, tallies = NULL WHERE state <> ${rollupState.kept}`,
  );
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
  const put: Rows['put'] = (series, { day, state: now, tallies }) =>
    void insert.run(...placeOf(series), day, now, tallies);
  return {
    note: (series, day) => void note.run(...placeOf(series), day),
    state: (series, day) => state.get(...placeOf(series), day),
    read(series, day) {
      const found = observed.all(...placeOf(series), day * dayMicros, (day + 1) * dayMicros);
      const numbers = found.flatMap(({ at, number }) => (number === null ? [] : [tallyOf(number, at)]));
      return { numbers, others: found.length - numbers.length };
    },
    put,
    putTallies(series, { numbers, ...written }) {
      const tallies = rolledUp(numbers, written.state);
      if (tallies.length > 0) put(series, { ...written, tallies: bytesOfSummaries(tallies) });
      else remove.run(...placeOf(series), written.day);
    },
    forget: (series, before) => void forget.run(...placeOf(series), dayOf(before)),
    drop: createDrop(database),
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

/** Days that one slice looks at. */
const lookMax = 200;

/** One slice reads about this many instances: some milliseconds. */
const readMax = 2000;

interface Queue {
  /** There are new days: scan all again. */
  wake(): void;
  next(): readonly Due[] | undefined;
}

const start: Due = { subject: 0, name: 0, dataset: 0, day: Number.MIN_SAFE_INTEGER };

/** Scans the stale days. After the end of a scan, the next one starts only when another day is marked. */
function createQueue(database: Database): Queue {
  const look = createLook(database);
  let last: Due | undefined = start;
  let isWoken = false;
  return {
    wake: () => {
      isWoken = true;
    },
    next() {
      if (!last && !isWoken) return undefined;
      if (!last) [last, isWoken] = [start, false];
      const { due, end } = look(last);
      last = end;
      return due;
    },
  };
}

/**
 * Finds stale days after one, and returns where the scan stopped; undefined: at the end. It leaves out the newest day of a series: more
 * instances will come, and until then queries read its instances.
 */
function createLook(
  database: Database,
): (after: Due) => { readonly due: readonly Due[]; readonly end: Due | undefined } {
  const stale = database.prepare<[...SeriesKey, number, number], Due>(
    `SELECT subject, name, dataset, day FROM rollup
     WHERE state = ${rollupState.stale} AND (subject, name, dataset, day) > (?, ?, ?, ?)
     ORDER BY subject, name, dataset, day LIMIT ?`,
  );
  const later = database
    .prepare<[...SeriesKey, Micros], number>(`SELECT 1 FROM history WHERE ${inSeries} AND at >= ? LIMIT 1`)
    .pluck();
  const size = database
    .prepare<[...SeriesKey, Micros, Micros], number>(
      `SELECT count(*) FROM history WHERE ${inSeries} AND at >= ? AND at < ?`,
    )
    .pluck();
  return (after) => {
    const due: Due[] = [];
    const found = stale.all(...placeOf(after), after.day, lookMax);
    let left = readMax;
    for (const one of found) {
      const end = (one.day + 1) * dayMicros;
      if (later.get(...placeOf(one), end) === undefined) continue;
      due.push(one);
      left -= size.get(...placeOf(one), one.day * dayMicros, end) ?? 0;
      if (left <= 0) return { due, end: one };
    }
    return { due, end: found.length < lookMax ? undefined : found.at(-1) };
  };
}
