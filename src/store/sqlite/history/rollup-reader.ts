/** Reads a series from its rollups where they exist, and else from its instances, which it summarizes. */
import type { Database } from 'better-sqlite3';
import type { Interval, Micros } from '../../../core/model/instant.ts';
import { createFound, createHourCollector, type Found, type Rolled } from '../../../core/model/rolled.ts';
import {
  cutTest,
  daysOf,
  type FirstInstance,
  type RolledDay,
  type RollupChoice,
  type RollupReading,
  rollupState,
  segmentsOf,
  summaryBytes,
} from '../../../core/model/rollup.ts';
import type { InstanceRow, Series } from '../history-rows.ts';
import type { TimeBudget } from '../search/time-budget.ts';

interface RollupRange extends Interval {
  readonly rollup: RollupChoice;
  /** False: instances without a time of observation count too, and can be the first ones. */
  readonly isAllObserved: boolean;
  /** The reader may stop after this many, the earliest ones. */
  readonly most: number;
  readonly budget: TimeBudget;
  /** Gets the bytes of each row that is no number while rows are read. What it throws ends the reading. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

/** What represents the observed instances of an interval. In ascending order, except within an hour. */
export type RollupReader = (series: Series, reading: RollupRange) => Promise<readonly Rolled<InstanceRow>[]>;

export function createRollupReader(database: Database): RollupReader {
  const days = createDays(database);
  const readInstances = createInstances(database);
  const firstInstance = createFirstInstance(database);
  return async (series, reading) => {
    let found: readonly Rolled<InstanceRow>[] | undefined;
    while (!found) found = await readOnce(series, reading);
    return found;
  };

  /** Undefined: instances were forgotten meanwhile and are in neither part of the result. */
  async function readOnce(series: Series, reading: RollupRange): Promise<readonly Rolled<InstanceRow>[] | undefined> {
    const found = createFound<InstanceRow>();
    const rolled = days.read(series, reading);
    const { longest, periods } = reading.rollup;
    const first = (): FirstInstance | undefined =>
      reading.isAllObserved ? firstInstance(series, reading) : unknownFirst;
    const isCut = periods && cutTest(periods, rolled, first);
    for (const { summaries, ...segment } of segmentsOf(rolled, { ...reading, rollup: longest, isCut })) {
      if (found.weight() >= reading.most) break;
      if (summaries) for (const counts of summaries) found.put(counts);
      else {
        await readInstances(series, { ...reading, ...segment, isCut }, found);
        if (days.areKept(series, segment)) return undefined;
      }
    }
    return found.all;
  }
}

interface Days {
  /** The days with rollups, ascending. */
  read(series: Series, reading: RollupRange): readonly RolledDay[];
  /** True when the interval has a day of which only the rollups are left. */
  areKept(series: Series, interval: Interval): boolean;
}

// Why `+?`: see openForReading.
const inSeries = 'subject = +? AND name = +? AND dataset = +?';
type SeriesKey = [subject: number, name: number, dataset: number];

function createDays(database: Database): Days {
  // Only days with summaries of hours.
  const read = database.prepare<[...SeriesKey, number, number], RolledDay>(
    `SELECT day, state, tallies AS summaries FROM rollup
     WHERE ${inSeries} AND day >= +? AND day <= +? AND length(tallies) > ${summaryBytes} ORDER BY day`,
  );
  // A day that the interval cuts needs its hours too, as does one of which only rollups are left and that a period can cut.
  const readWhole = database.prepare<[number, number, number, ...SeriesKey, number, number], RolledDay>(
    `SELECT day, state, CASE WHEN day IN (+?, +?) OR state = +? THEN tallies
       ELSE substr(tallies, 1, ${summaryBytes}) END AS summaries
     FROM rollup WHERE ${inSeries} AND day >= +? AND day <= +? AND tallies IS NOT NULL ORDER BY day`,
  );
  const areKept = database
    .prepare<[...SeriesKey, number, number], number>(
      `SELECT 1 FROM rollup WHERE ${inSeries} AND day >= +? AND day <= +? AND state = ${rollupState.kept} LIMIT 1`,
    )
    .pluck();
  return {
    read({ subject, name, dataset }, { rollup, ...interval }) {
      const ends = daysOf(interval);
      if (rollup.longest === 'hour') return read.all(subject, name, dataset, ...ends);
      const whole = rollup.periods ? rollupState.kept : noState;
      return readWhole.all(...ends, whole, subject, name, dataset, ...ends);
    },
    areKept: ({ subject, name, dataset }, interval) =>
      areKept.get(subject, name, dataset, ...daysOf(interval)) !== undefined,
  };
}

const noState = -1;

/** A first instance that may come after others. */
const unknownFirst: FirstInstance = { at: -Infinity, isNumber: false };

function createFirstInstance(database: Database): (series: Series, interval: Interval) => FirstInstance | undefined {
  const first = database.prepare<[...SeriesKey, Micros], { at: Micros; number: number | null }>(
    `SELECT at, number FROM history WHERE ${inSeries} AND at >= +? AND n = 0 ORDER BY at LIMIT 1`,
  );
  return ({ subject, name, dataset }, { from }) => {
    const row = first.get(subject, name, dataset, from);
    return row && { at: row.at, isNumber: row.number !== null };
  };
}

/** Rows per page. */
const pageSize = 2000;

type InstanceRange = RollupRange & Pick<RollupReading, 'isCut'>;

/** Reads the instances of an interval until `most` are found. */
function createInstances(
  database: Database,
): (series: Series, reading: InstanceRange, found: Found<InstanceRow>) => Promise<void> {
  const where = `FROM history WHERE ${inSeries}`;
  const numbers = database
    .prepare<[...SeriesKey, Micros, Micros, number], [at: Micros, number: number | null]>(
      `SELECT at, number ${where} AND at >= +? AND at < +? AND n = 0 ORDER BY at LIMIT +?`,
    )
    .raw();
  const one = database.prepare<[...SeriesKey, Micros], InstanceRow>(
    `SELECT at, n, number, doc, created, modified, deleted ${where} AND at = +? AND n = 0`,
  );
  return async ({ subject, name, dataset }, { from, to, most, budget, isCut, onRead }, found) => {
    const place: SeriesKey = [subject, name, dataset];
    const collector = createHourCollector(found, isCut);
    const addRow = (at: Micros, row: InstanceRow | undefined): void => {
      if (typeof row?.doc === 'string') onRead?.(row.doc.length);
      if (row) collector.addOther(at, row);
    };
    for (let start = from; ; ) {
      const page = numbers.all(...place, start, to, pageSize);
      for (const [at, number] of page) {
        if (number !== null) collector.addNumber(at, number);
        else addRow(at, one.get(...place, at));
      }
      const end = page.at(-1);
      if (!end || page.length < pageSize || found.weight() >= most) break;
      start = end[0] + 1;
      const pause = budget();
      if (pause) await pause;
    }
    collector.endHour();
  };
}
