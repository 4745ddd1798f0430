/** Reads a series in rollups where there are some, and in tallies of its instances where there are none. */
import type { Database } from 'better-sqlite3';
import type { Micros } from '../../../core/model/instant.ts';
import {
  daysOf,
  type Interval,
  type RolledDay,
  type RollupReading,
  rollupState,
  stretchesOf,
  tallyBytes,
} from '../../../core/model/rollup.ts';
import { beginningOf, hourMicros, type Tally, tallyHours, tallyOf } from '../../../core/model/tally.ts';
import type { InstanceRow, Series } from '../history-rows.ts';
import type { Pace } from '../search/pace.ts';

interface Reading extends RollupReading {
  /** No more than this many are needed, the earliest ones. */
  readonly most: number;
  readonly pace: Pace;
}

/** Either numbers, each tally of a time that is in no two hours, or in no two days; or an instance that is no number. */
type Rolled = { readonly time: Micros } & ({ readonly tallies: readonly Tally[] } | { readonly row: InstanceRow });

/** What stands for the observed instances of an interval, ascending but within an hour. */
export type RollupReader = (series: Series, reading: Reading) => Promise<readonly Rolled[]>;

export function createRollupReader(database: Database): RollupReader {
  const days = createDays(database);
  const readInstances = createInstances(database);
  return async (series, reading) => {
    let found: readonly Rolled[] | undefined;
    while (!found) found = await readOnce(series, reading);
    return found;
  };

  /** Undefined: instances were forgotten meanwhile, and are counted neither there nor in a rollup. */
  async function readOnce(series: Series, reading: Reading): Promise<readonly Rolled[] | undefined> {
    const found = createFound();
    for (const { tallies, ...stretch } of stretchesOf(days.read(series, reading), reading)) {
      if (found.weight() >= reading.most) break;
      if (tallies) for (const tally of tallies) found.put(tally);
      else {
        await readInstances(series, { ...reading, ...stretch }, found);
        if (days.areKept(series, stretch)) return undefined;
      }
    }
    return found.all;
  }
}

interface Days {
  /** The days with rollups, ascending. */
  read(series: Series, reading: Reading): readonly RolledDay[];
  /** True when a day in the interval has nothing but its rollups. */
  areKept(series: Series, interval: Interval): boolean;
}

// Why `+?`: see openForReading.
const inSeries = 'subject = +? AND name = +? AND dataset = +?';
type Place = [subject: number, name: number, dataset: number];

function createDays(database: Database): Days {
  // Those with hours only.
  const read = database.prepare<[...Place, number, number], RolledDay>(
    `SELECT day, state, tallies FROM rollup
     WHERE ${inSeries} AND day >= +? AND day <= +? AND length(tallies) > ${tallyBytes} ORDER BY day`,
  );
  // Of a day that is cut, the hours are needed as well.
  const readWhole = database.prepare<[number, number, ...Place, number, number], RolledDay>(
    `SELECT day, state, CASE WHEN day IN (+?, +?) THEN tallies ELSE substr(tallies, 1, ${tallyBytes}) END AS tallies
     FROM rollup WHERE ${inSeries} AND day >= +? AND day <= +? AND tallies IS NOT NULL ORDER BY day`,
  );
  const areKept = database
    .prepare<[...Place, number, number], number>(
      `SELECT 1 FROM rollup WHERE ${inSeries} AND day >= +? AND day <= +? AND state = ${rollupState.kept} LIMIT 1`,
    )
    .pluck();
  return {
    read({ subject, name, dataset }, { rollup, ...interval }) {
      const ends = daysOf(interval);
      if (rollup === 'hour') return read.all(subject, name, dataset, ...ends);
      return readWhole.all(...ends, subject, name, dataset, ...ends);
    },
    areKept: ({ subject, name, dataset }, interval) =>
      areKept.get(subject, name, dataset, ...daysOf(interval)) !== undefined,
  };
}

/** Rows that are read at once. */
const pageSize = 2000;

/** Finds the instances of an interval, until there are `most` in all. */
function createInstances(database: Database): (series: Series, reading: Reading, found: Found) => Promise<void> {
  const where = `FROM history WHERE ${inSeries}`;
  const numbers = database
    .prepare<[...Place, Micros, Micros, number], [at: Micros, number: number | null]>(
      `SELECT at, number ${where} AND at >= +? AND at < +? AND n = 0 ORDER BY at LIMIT +?`,
    )
    .raw();
  const one = database.prepare<[...Place, Micros], InstanceRow>(
    `SELECT at, n, number, doc, created, modified, deleted ${where} AND at = +? AND n = 0`,
  );
  return async ({ subject, name, dataset }, { from, to, most, pace }, found) => {
    const place: Place = [subject, name, dataset];
    const gathering = createGathering(found, (at) => one.get(...place, at));
    for (let start = from; ; ) {
      const page = numbers.all(...place, start, to, pageSize);
      for (const row of page) gathering.add(row);
      const end = page.at(-1);
      if (!end || page.length < pageSize || found.weight() >= most) break;
      start = end[0] + 1;
      const pause = pace();
      if (pause) await pause;
    }
    gathering.endHour();
  };
}

/** What was found so far. Everything comes ascending. */
interface Found {
  readonly all: readonly Rolled[];
  /** How many tallies and instances there are. */
  weight(): number;
  put(tally: Tally): void;
  putRow(time: Micros, row: InstanceRow): void;
  /** Tallies that come are not put to those before. */
  endRun(): void;
}

function createFound(): Found {
  const all: Rolled[] = [];
  let run: Tally[] | undefined;
  let weight = 0;
  return {
    all,
    weight: () => weight,
    put(tally) {
      weight += 1;
      if (run) run.push(tally);
      else {
        run = [tally];
        all.push({ time: tally.first, tallies: run });
      }
    },
    putRow(time, row) {
      weight += 1;
      run = undefined;
      all.push({ time, row });
    },
    endRun() {
      run = undefined;
    },
  };
}

interface Gathering {
  add(row: readonly [at: Micros, number: number | null]): void;
  /** Nothing more is added in the hour of the last row. */
  endHour(): void;
}

/**
 * Puts the numbers of each hour together, unless there is something else in it: that may count as a number as well, and
 * has its place between the others. `rowAt` gives what is no number.
 */
function createGathering(found: Found, rowAt: (at: Micros) => InstanceRow | undefined): Gathering {
  let end = -Infinity;
  let numbers: Tally[] = [];
  let isMixed = false;
  const endHour = (): void => {
    for (const tally of isMixed ? numbers : tallyHours(numbers)) found.put(tally);
    if (isMixed) found.endRun();
    end = -Infinity;
    isMixed = false;
    numbers = [];
  };
  const addOther = (at: Micros): void => {
    const row = rowAt(at);
    if (!row) return;
    isMixed = true;
    found.putRow(at, row);
  };
  return {
    endHour,
    add([at, number]) {
      const isNext = at >= end;
      if (isNext) {
        endHour();
        end = beginningOf(at, hourMicros) + hourMicros;
      }
      if (number === null) addOther(at);
      else if (isNext) numbers = [tallyOf(number, at)];
      else numbers.push(tallyOf(number, at));
    },
  };
}
