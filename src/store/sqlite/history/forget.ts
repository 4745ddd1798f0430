/**
 * Deletes history past its retention period: walks through the series in slices and deletes ranges of the primary key. schema.ts explains
 * the columns.
 */
import type { Database } from 'better-sqlite3';
import { type Bounds, boundsFor } from '../../../core/language/retention.ts';
import { scopeSeries } from '../../../core/model/history.ts';
import { dayMicros, type Micros } from '../../../core/model/instant.ts';
import { dayOf } from '../../../core/model/rollup.ts';
import type { Forgotten, RetentionSlice } from '../../../core/port/store.ts';
import type { Series } from '../history-rows.ts';
import { createNameReader, type NameReader } from '../names.ts';
import type { RollupWriter } from './rollup-writer.ts';

/** Removes one slice: looks at up to `limit` rows and series. */
export type Forget = (slice: RetentionSlice, limit: number) => Forgotten;

type RetentionPeriods = Pick<RetentionSlice, 'retention' | 'rollups'>;

/** The primary key of a row in the table `history`; with `isRolled`, that of a series in the table `rollup`. */
interface HistoryKey extends Series {
  readonly at: Micros;
  readonly n: number;
  /** True for a place in the table `rollup`. The slices walk through it after `history`. */
  readonly isRolled?: boolean;
}

/** The place of an instance within its series. */
type InstanceKey = Pick<HistoryKey, 'at' | 'n'>;
type KeyColumns = [subject: number, name: number, dataset: number, at: Micros, n: number];
type Range = [...KeyColumns, at: Micros, n: number];

/** Greater than every number in the columns. */
const above = Number.MAX_SAFE_INTEGER;

const start: HistoryKey = { subject: 0, name: 0, dataset: 0, at: 0, n: 0 };
const rolledStart: HistoryKey = { ...start, isRolled: true };

export function createForget(database: Database, rollups: RollupWriter): Forget {
  const rows = createRows(database);
  const readTypes = createTypes(database);
  const remove = createRemove(rows, rollups);
  const forgetRolled = createForgetRolled(rows, { rollups, readTypes });
  return (slice, limit) => {
    const { isDryRun, after } = slice;
    // A name reader per slice: numbers given in a transaction that was rolled back must not stay cached.
    const names = createNameReader(database);
    const from = after === undefined ? start : keyIn(after);
    if (from.isRolled) return forgetRolled(from, { slice, limit, names });
    const instances: Record<string, number> = {};
    let last = from;
    for (let left = limit; left > 0; ) {
      const row = rows.behind(last);
      if (!row) return { instances, ...(isDryRun === true ? undefined : { next: JSON.stringify(rolledStart) }) };
      const types = readTypes(row.subject, slice, names);
      const name = names.textOf(row.name);
      const bounds = rows.bounds(row, name, boundsFor(slice, { types, name }));
      const going = rows.before(row, bounds.instances, left);
      const end = going.at(-1);
      last = end ? { ...row, ...end } : keyBehindSeries(row, isUntouched(slice, types));
      left -= Math.max(1, going.length);
      if (isDryRun !== true) remove(row, going, bounds);
      if (end) instances[name] = (instances[name] ?? 0) + going.length;
    }
    return { instances, next: JSON.stringify(last) };
  };
}

/**
 * Removes the instances of a series from `row` to the last of `going`. When rollups are kept longer than instances, it first computes the
 * rollups of these days for the last time. Otherwise it marks the days as stale.
 */
const createRemove =
  (rows: Rows, rollups: RollupWriter) =>
  (row: HistoryKey, going: readonly InstanceKey[], bounds: Bounds): void => {
    rollups.forget(row, bounds.rollups);
    for (const day of new Set(going.map(({ at }) => dayOf(at)))) {
      if (day < dayOf(bounds.rollups)) continue;
      if (bounds.rollups < bounds.instances) rollups.keep(row, day);
      else rollups.touch(row, day * dayMicros);
    }
    const end = going.at(-1);
    if (end) rows.remove(row, end);
  };

interface Rolled {
  readonly slice: RetentionSlice;
  readonly limit: number;
  readonly names: NameReader;
}

/** Deletes rollups past their retention period, also those of series that have no instances any more. */
const createForgetRolled =
  (rows: Rows, { rollups, readTypes }: { readonly rollups: RollupWriter; readonly readTypes: ReadTypes }) =>
  (from: HistoryKey, { slice, limit, names }: Rolled): Forgotten => {
    let last = from;
    for (let left = limit; left > 0; left -= 1) {
      const row = rows.rolledBehind(last);
      if (!row) return { instances: {} };
      const series = { types: readTypes(row.subject, slice, names), name: names.textOf(row.name) };
      rollups.forget(row, boundsFor(slice, series).rollups);
      last = { ...row, at: above, n: above, isRolled: true };
    }
    return { instances: {}, next: JSON.stringify(last) };
  };

/** A place after all instances of a series, or of a subject. */
const keyBehindSeries = (row: HistoryKey, isWholeSubject: boolean): HistoryKey => ({
  ...row,
  ...(isWholeSubject ? { name: above, dataset: above } : undefined),
  at: above,
  n: above,
});

/** True when all instances of a subject with these types are kept forever, whatever their attributes. */
const isUntouched = ({ retention: { before, rules } }: RetentionPeriods, types: readonly string[]): boolean =>
  before === undefined && !rules.some((rule) => rule.before !== undefined && types.includes(rule.type));

/** Only tells the type to the compiler: this file wrote the value. */
const isHistoryKey = (_value: unknown): _value is HistoryKey => true;

/** Parses the `next` of an earlier slice. */
function keyIn(text: string): HistoryKey {
  const value: unknown = JSON.parse(text);
  if (isHistoryKey(value)) return value;
  throw new Error(`No slice has ended at ${text}.`);
}

interface Rows {
  /** The next row after a place. */
  behind(place: HistoryKey): HistoryKey | undefined;
  /** The next series with rollups. */
  rolledBehind(place: HistoryKey): HistoryKey | undefined;
  /** Places from `from` on in its series, before `bound`; up to `limit`. */
  before(from: HistoryKey, bound: Micros, limit: number): readonly InstanceKey[];
  /** Removes the rows between two places of a series, both included. */
  remove(from: HistoryKey, to: InstanceKey): void;
  /** Only for the series of the scope: moves the bound back to the scope that applies at the bound, so that it is kept. */
  bounds(series: Series, name: string, bounds: Bounds): Bounds;
}

const inSeries = 'subject = ? AND name = ? AND dataset = ?';

function createRows(database: Database): Rows {
  const behind = database.prepare<KeyColumns, HistoryKey>(
    `SELECT subject, name, dataset, at, n FROM history
     WHERE (subject, name, dataset, at, n) > (?, ?, ?, ?, ?) ORDER BY subject, name, dataset, at, n LIMIT 1`,
  );
  const rolledBehind = database.prepare<[number, number, number, number], HistoryKey>(
    `SELECT subject, name, dataset, 0 AS at, 0 AS n FROM rollup
     WHERE (subject, name, dataset, day) > (?, ?, ?, ?) ORDER BY subject, name, dataset, day LIMIT 1`,
  );
  const before = database.prepare<[...KeyColumns, Micros, number], InstanceKey>(
    `SELECT at, n FROM history WHERE ${inSeries} AND (at, n) >= (?, ?) AND at < ? ORDER BY at, n LIMIT ?`,
  );
  const remove = database.prepare<Range>(
    `DELETE FROM history WHERE ${inSeries} AND (at, n) >= (?, ?) AND (at, n) <= (?, ?)`,
  );
  const newest = database.prepare<[number, number, number, Micros], { at: Micros; deleted: Micros | null }>(
    `SELECT at, deleted FROM history WHERE ${inSeries} AND at < ? ORDER BY at DESC, n DESC LIMIT 1`,
  );
  return {
    behind: ({ subject, name, dataset, at, n }) => behind.get(subject, name, dataset, at, n),
    rolledBehind: ({ subject, name, dataset, at }) => rolledBehind.get(subject, name, dataset, at),
    before: ({ subject, name, dataset, at, n }, bound, limit) =>
      before.all(subject, name, dataset, at, n, bound, limit),
    remove: ({ subject, name, dataset, at, n }, to) => {
      remove.run(subject, name, dataset, at, n, to.at, to.n);
    },
    bounds({ subject, name, dataset }, text, bounds) {
      if (text !== scopeSeries) return bounds;
      const row = newest.get(subject, name, dataset, bounds.instances);
      return row?.deleted === null ? { ...bounds, instances: row.at } : bounds;
    },
  };
}

type ReadTypes = (subject: number, kept: RetentionPeriods, names: NameReader) => readonly string[];

/**
 * Which of the types named by rules a subject has, or had when its entity was deleted. The query `entity` has two parts because only
 * entities that were deleted and created again have a `subject` other than `num`, and only these are in the index on `subject`.
 */
function createTypes(
  database: Database,
): (subject: number, kept: RetentionPeriods, names: NameReader) => readonly string[] {
  const entity = database
    .prepare<[number, number], number>(
      `SELECT num FROM entity WHERE num = ? AND subject = num
       UNION ALL SELECT num FROM entity WHERE subject <> num AND subject = ?`,
    )
    .pluck();
  const present = database.prepare<[number, number], number>('SELECT 1 FROM entity_type WHERE type = ? AND num = ?');
  const departed = database.prepare<[number, number], number>(
    'SELECT 1 FROM departed_type WHERE type = ? AND subject = ?',
  );
  return (subject, { retention, rollups }, names) => {
    const rules = [...retention.rules, ...(rollups?.rules ?? [])];
    if (rules.length === 0) return [];
    const num = entity.get(subject, subject);
    return [...new Set(rules.map(({ type }) => type))].filter((type) => {
      const typeNum = names.numOf(type);
      if (typeNum === undefined) return false;
      return (num === undefined ? departed.get(typeNum, subject) : present.get(typeNum, num)) !== undefined;
    });
  };
}
