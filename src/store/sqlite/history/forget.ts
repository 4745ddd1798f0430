/** Forgets what history is not to be kept of: walks through the series, a slice at a time, and deletes ranges of the primary key. */
import type { Database } from 'better-sqlite3';
import { forgottenBefore, type Retention } from '../../../core/language/retention.ts';
import { scopeSeries } from '../../../core/model/history.ts';
import type { Micros } from '../../../core/model/instant.ts';
import type { Forgotten, RetentionSlice } from '../../../core/port/store.ts';
import type { Series } from '../history-rows.ts';
import { createNameReader, type NameReader } from '../names.ts';

/** Removes a slice: looks at `limit` rows and series at most. */
export type Forget = (slice: RetentionSlice, limit: number) => Forgotten;

/** A row's place in the table. */
interface Place extends Series {
  readonly at: Micros;
  readonly n: number;
}

type Moment = Pick<Place, 'at' | 'n'>;
type PlaceColumns = [subject: number, name: number, dataset: number, at: Micros, n: number];
type Range = [...PlaceColumns, at: Micros, n: number];

/** Above every number that the columns hold. */
const above = Number.MAX_SAFE_INTEGER;

const start: Place = { subject: 0, name: 0, dataset: 0, at: 0, n: 0 };

export function createForget(database: Database): Forget {
  const rows = createRows(database);
  const readTypes = createTypes(database);
  return ({ retention, isDryRun, after }, limit) => {
    // Numbers that a transaction gave which was rolled back must not be remembered.
    const names = createNameReader(database);
    const boundOf = (place: Place, types: readonly string[]): Micros | undefined => {
      const name = names.textOf(place.name);
      const bound = forgottenBefore(retention, { types, name });
      return bound !== undefined && name === scopeSeries ? (rows.holding(place, bound) ?? bound) : bound;
    };
    const instances: Record<string, number> = {};
    let last = after === undefined ? start : placeIn(after);
    for (let left = limit; left > 0; ) {
      const row = rows.behind(last);
      if (!row) return { instances };
      const types = readTypes(row.subject, retention, names);
      const bound = boundOf(row, types);
      const going = bound === undefined ? [] : rows.before(row, bound, left);
      const end = going.at(-1);
      last = end ? { ...row, ...end } : behindSeries(row, isUntouched(retention, types));
      left -= Math.max(1, going.length);
      if (!end) continue;
      const name = names.textOf(row.name);
      instances[name] = (instances[name] ?? 0) + going.length;
      if (isDryRun !== true) rows.remove(row, end);
    }
    return { instances, next: JSON.stringify(last) };
  };
}

/** The last place that a series may have, or a subject. */
const behindSeries = (row: Place, isWholeSubject: boolean): Place => ({
  ...row,
  ...(isWholeSubject ? { name: above, dataset: above } : undefined),
  at: above,
  n: above,
});

/** True when nothing of a subject can go, whatever its attributes. */
const isUntouched = ({ before, rules }: Retention, types: readonly string[]): boolean =>
  before === undefined && !rules.some((rule) => rule.before !== undefined && types.includes(rule.type));

const isPlace = (_value: unknown): _value is Place => true;

/** The place that `next` of an earlier slice names. */
function placeIn(text: string): Place {
  const value: unknown = JSON.parse(text);
  if (isPlace(value)) return value;
  throw new Error(`No slice has ended at ${text}.`);
}

interface Rows {
  /** The next row of the table. */
  behind(place: Place): Place | undefined;
  /** Places from one on, in its series and before a moment: at most so many. */
  before(from: Place, bound: Micros, limit: number): readonly Moment[];
  /** Removes from one place on to another in the same series, both included. */
  remove(from: Place, to: Moment): void;
  /** When the scope was set that held at a moment; undefined when there was none. */
  holding(series: Series, bound: Micros): Micros | undefined;
}

const inSeries = 'subject = ? AND name = ? AND dataset = ?';

function createRows(database: Database): Rows {
  const behind = database.prepare<PlaceColumns, Place>(
    `SELECT subject, name, dataset, at, n FROM history
     WHERE (subject, name, dataset, at, n) > (?, ?, ?, ?, ?) ORDER BY subject, name, dataset, at, n LIMIT 1`,
  );
  const before = database.prepare<[...PlaceColumns, Micros, number], Moment>(
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
    before: ({ subject, name, dataset, at, n }, bound, limit) =>
      before.all(subject, name, dataset, at, n, bound, limit),
    remove: ({ subject, name, dataset, at, n }, to) => {
      remove.run(subject, name, dataset, at, n, to.at, to.n);
    },
    holding({ subject, name, dataset }, bound) {
      const row = newest.get(subject, name, dataset, bound);
      return row?.deleted === null ? row.at : undefined;
    },
  };
}

/** Which of the types that rules name a subject has, or had when its entity went. */
function createTypes(
  database: Database,
): (subject: number, retention: Retention, names: NameReader) => readonly string[] {
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
  return (subject, { rules }, names) => {
    if (rules.length === 0) return [];
    const num = entity.get(subject, subject);
    return [...new Set(rules.map(({ type }) => type))].filter((type) => {
      const typeNum = names.numOf(type);
      if (typeNum === undefined) return false;
      return (num === undefined ? departed.get(typeNum, subject) : present.get(typeNum, num)) !== undefined;
    });
  };
}
