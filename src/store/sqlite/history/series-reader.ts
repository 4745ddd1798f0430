/** Reads the instances of one series in an interval. */
import type { Database, Statement } from 'better-sqlite3';
import type { TemporalQuery } from '../../../core/language/filter.ts';
import { splitSummaries } from '../../../core/language/history-selection.ts';
import { boundsOf } from '../../../core/language/temporal-query.ts';
import { type HistoricInstance, summaryInstance } from '../../../core/model/history.ts';
import { type Micros } from '../../../core/model/instant.ts';
import type { RollupChoice } from '../../../core/model/rollup.ts';
import { createRowReader, type InstanceRow, type Series } from '../history-rows.ts';
import { type NameReader, noName } from '../names.ts';
import type { TimeBudget } from '../search/time-budget.ts';
import { createRollupReader } from './rollup-reader.ts';

/** An instance with the time by which it was selected. */
interface Timed {
  readonly time: Micros;
  readonly instance: HistoricInstance;
}

interface SeriesRange {
  readonly temporal: TemporalQuery;
  /** The rollups that may replace instances. */
  readonly rollup?: RollupChoice | undefined;
  /** The reader may stop after this many, the earliest ones. */
  readonly most: number;
  readonly budget: TimeBudget;
  /** Gets the bytes of each row while rows are read. What it throws ends the reading. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

interface SeriesSelection {
  readonly names?: readonly number[] | undefined;
  readonly rollup?: RollupChoice | undefined;
}

export interface SeriesReader {
  /**
   * The series of a subject; with `names`, only those of these attributes. With `rollup`, includes series of which only rollups are
   * left.
   */
  seriesOf(subject: number, wanted: SeriesSelection): readonly Series[];
  /** In ascending order of time, except for instances beside rollups. */
  read(series: Series, reading: SeriesRange): Promise<readonly Timed[]>;
}

/** Rows per page. */
const pageSize = 1000;

export function createSeriesReader(database: Database, names: NameReader): SeriesReader {
  const readers = {
    any: createPlacedReader(database, 'deleted IS NULL'),
    observedAt: createPlacedReader(database, 'n = 0'),
    createdAt: createStampedReader(database, 'created'),
    modifiedAt: createStampedReader(database, 'modified'),
    deletedAt: createStampedReader(database, 'deleted'),
  };
  const readRow = createRowReader((num) => names.textOf(num));
  const readRolled = createRolledReader(database, names);
  const listers = { history: createSeriesLister(database, 'history'), rollup: createSeriesLister(database, 'rollup') };
  return {
    seriesOf(subject, { names: wanted, rollup }) {
      const present = listers.history(subject, wanted);
      return rollup ? joined(present, listers.rollup(subject, wanted)) : present;
    },
    async read(series, reading) {
      const { rollup } = reading;
      if (rollup) return readRolled(series, { ...reading, rollup });
      const found = await readers[reading.temporal.timeproperty](series, reading);
      const timed: Timed[] = [];
      for (const row of found) {
        timed.push({ time: timeIn(row, reading.temporal), instance: readRow(row, series) });
        const pause = timed.length % pageSize === 0 ? reading.budget() : undefined;
        if (pause) await pause;
      }
      return timed;
    },
  };
}

/** Reads rollups, and the instances that rollups do not cover. */
function createRolledReader(
  database: Database,
  names: NameReader,
): (series: Series, reading: SeriesRange & { readonly rollup: RollupChoice }) => Promise<readonly Timed[]> {
  const readRow = createRowReader((num) => names.textOf(num));
  const rolled = createRollupReader(database);
  const readUnobserved = createStampedReader(database, 'at', 'AND n > 0 AND deleted IS NULL');
  const mayHaveUnobserved = createUnobservedTest(database);
  return async (series, { temporal, ...reading }) => {
    const datasetId = series.dataset === noName ? undefined : names.textOf(series.dataset);
    const isAllObserved = temporal.timeproperty !== 'any' || !mayHaveUnobserved(series);
    const found = await rolled(series, { ...reading, ...boundsOf(temporal), isAllObserved });
    const observed = found.map(({ time, ...one }) => ({
      time,
      instance: 'row' in one ? readRow(one.row, series) : summaryInstance(one.summaries, datasetId),
    }));
    if (isAllObserved) return observed;
    const others = await readUnobserved(series, { ...reading, temporal });
    if (others.length === 0) return observed;
    return [...splitSummaries(observed), ...others.map((row) => ({ time: row.at, instance: readRow(row, series) }))];
  };
}

/** False when all instances of a series are observed, deletions not counted. Only a series with rollups is known to be one. */
function createUnobservedTest(database: Database): (series: Series) => boolean {
  const test = database
    .prepare<[...SeriesKey, ...SeriesKey], number>(
      `SELECT EXISTS (SELECT 1 FROM unobserved WHERE ${inSeries}) OR NOT EXISTS (SELECT 1 FROM rollup WHERE ${inSeries})`,
    )
    .pluck();
  return ({ subject, name, dataset }) => test.get(subject, name, dataset, subject, name, dataset) === 1;
}

/** The union of both lists, in the order of the first. */
function joined(series: readonly Series[], others: readonly Series[]): readonly Series[] {
  const keyOf = ({ name, dataset }: Series): string => `${name}/${dataset}`;
  const known = new Set(series.map(keyOf));
  const missing = others.filter((one) => !known.has(keyOf(one)));
  return missing.length === 0
    ? series
    : [...series, ...missing].sort((a, b) => a.name - b.name || a.dataset - b.dataset);
}

/**
 * Jumps from series to series by the primary key: one step per series, whatever its length. Uses two statements, because SQLite scans a
 * whole series for `(name, dataset) > (?, ?)`.
 */
function createSeriesLister(
  database: Database,
  table: 'history' | 'rollup',
): (subject: number, names: readonly number[] | undefined) => readonly Series[] {
  const nextDataset = database
    .prepare<[number, number, number], number>(
      `SELECT dataset FROM ${table} WHERE subject = +? AND name = +? AND dataset > +? ORDER BY dataset LIMIT 1`,
    )
    .pluck();
  const nextName = database
    .prepare<[number, number], number>(
      `SELECT name FROM ${table} WHERE subject = +? AND name > +? ORDER BY name LIMIT 1`,
    )
    .pluck();
  const ofName = (subject: number, name: number): readonly Series[] => {
    const found: Series[] = [];
    let dataset = nextDataset.get(subject, name, -1);
    while (dataset !== undefined) {
      found.push({ subject, name, dataset });
      dataset = nextDataset.get(subject, name, dataset);
    }
    return found;
  };
  const namesOf = (subject: number): readonly number[] => {
    const found: number[] = [];
    for (let name = nextName.get(subject, -1); name !== undefined; name = nextName.get(subject, name)) found.push(name);
    return found;
  };
  return (subject, names = namesOf(subject)) => names.flatMap((name) => ofName(subject, name));
}

type RowReader = (series: Series, reading: SeriesRange) => Promise<readonly InstanceRow[]>;

type SeriesKey = [number, number, number];
const columns = 'at, n, number, doc, created, modified, deleted';
// Why `+?`: see openForReading.
const inSeries = 'subject = +? AND name = +? AND dataset = +?';

/** The rows of a statement. With `onRead`, they are read one by one, so that it can end the reading. */
function rowsOf<P extends unknown[]>(
  statement: Statement<P, InstanceRow>,
  parameters: P,
  onRead: SeriesRange['onRead'],
): InstanceRow[] {
  if (!onRead) return statement.all(...parameters);
  const found: InstanceRow[] = [];
  for (const row of statement.iterate(...parameters)) {
    if (typeof row.doc === 'string') onRead(row.doc.length);
    found.push(row);
  }
  return found;
}

/** Reads by place in the series: uses the primary key. */
function createPlacedReader(database: Database, condition: string): RowReader {
  const page = database.prepare<[...SeriesKey, Micros, number, Micros, number], InstanceRow>(
    `SELECT ${columns} FROM history
     WHERE ${inSeries} AND (at, n) >= (+?, +?) AND at < +? AND ${condition} ORDER BY at, n LIMIT +?`,
  );
  const newest = database.prepare<[...SeriesKey, Micros, Micros, number], Pick<InstanceRow, 'at' | 'n'>>(
    `SELECT at, n FROM history
     WHERE ${inSeries} AND at >= +? AND at < +? AND ${condition} ORDER BY at DESC, n DESC LIMIT 1 OFFSET +?`,
  );
  return async ({ subject, name, dataset }, { temporal, most, budget, onRead }) => {
    const place: SeriesKey = [subject, name, dataset];
    const { from, to } = boundsOf(temporal);
    const { lastN } = temporal;
    const oldest = lastN === undefined ? undefined : newest.get(...place, from, to, lastN - 1);
    let start = oldest ?? { at: from, n: 0 };
    const found: InstanceRow[] = [];
    for (;;) {
      const wanted = Math.min(pageSize, most - found.length);
      const rows = rowsOf(page, [...place, start.at, start.n, to, wanted], onRead);
      found.push(...rows);
      const end = rows.at(-1);
      if (!end || rows.length < pageSize || found.length >= most) return found;
      start = { at: end.at, n: end.n + 1 };
      const pause = budget();
      if (pause) await pause;
    }
  };
}

/** Rows that are scanned at once: about a millisecond. */
const walkSize = 10_000;

/**
 * Reads by another time: SQLite scans the whole series and returns only the wanted rows. An index would be larger than what it saves:
 * see docs/history.md.
 */
function createStampedReader(
  database: Database,
  column: 'at' | 'created' | 'modified' | 'deleted',
  condition = '',
): RowReader {
  const ends = database
    .prepare<[...SeriesKey, Micros], Micros>(
      `SELECT at FROM history WHERE ${inSeries} AND at > +? ORDER BY at LIMIT 1 OFFSET ${walkSize - 1}`,
    )
    .pluck();
  const from = `SELECT ${columns} FROM history
    WHERE ${inSeries} AND at > +? AND at <= +? AND ${column} >= +? AND ${column} < +? ${condition}`;
  const prepare = (order: string) => database.prepare<[...SeriesKey, ...Window], InstanceRow>(`${from} ${order}`);
  const earliest = prepare(`ORDER BY ${column}, at, n LIMIT +?`);
  const newest = prepare(`ORDER BY ${column} DESC, at DESC, n DESC LIMIT +?`);
  const inOrder = (a: InstanceRow, b: InstanceRow): number =>
    (a[column] ?? 0) - (b[column] ?? 0) || a.at - b.at || a.n - b.n;
  return async ({ subject, name, dataset }, { temporal, most, budget, onRead }) => {
    const place: SeriesKey = [subject, name, dataset];
    const { lastN } = temporal;
    const bounds = boundsOf(temporal);
    const wanted = lastN ?? most;
    const cut = (rows: readonly InstanceRow[]): InstanceRow[] => {
      const sorted = rows.toSorted(inOrder);
      return lastN === undefined ? sorted.slice(0, most) : sorted.slice(-lastN);
    };
    let found: InstanceRow[] = [];
    for (let start = -Infinity; ; ) {
      const end = ends.get(...place, start) ?? Infinity;
      const page = lastN === undefined ? earliest : newest;
      for (const row of rowsOf(page, [...place, start, end, bounds.from, bounds.to, wanted], onRead)) found.push(row);
      if (found.length > 2 * wanted) found = cut(found);
      if (end === Infinity) return cut(found).slice(0, most);
      start = end;
      const pause = budget();
      if (pause) await pause;
    }
  };
}

type Window = [behind: Micros, upTo: Micros, from: Micros, to: Micros, limit: number];

/** The time by which a query selected a row. */
function timeIn({ at, created, modified, deleted }: InstanceRow, { timeproperty }: TemporalQuery): Micros {
  switch (timeproperty) {
    case 'any':
    case 'observedAt':
      return at;
    case 'createdAt':
      return created;
    case 'modifiedAt':
      return modified;
    case 'deletedAt':
      return deleted ?? at;
  }
}
