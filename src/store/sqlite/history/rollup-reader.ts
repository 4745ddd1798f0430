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

/** Either numbers, of a time that is in no two hours, or in no two days; or an instance that is no number. */
type Rolled = { readonly tally: Tally } | { readonly row: InstanceRow };

/** What stands for the observed instances of an interval, ascending but for instances in the hour of a tally. */
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
    const found: Rolled[] = [];
    for (const { tallies, ...stretch } of stretchesOf(days.read(series, reading), reading)) {
      const left = reading.most - found.length;
      if (left <= 0) break;
      if (tallies) for (const tally of tallies) found.push({ tally });
      else {
        const rolled = await readInstances(series, { ...reading, ...stretch, most: left });
        if (days.areKept(series, stretch)) return undefined;
        for (const one of rolled) found.push(one);
      }
    }
    return found.slice(0, reading.most);
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
  const read = database.prepare<[...Place, number, number], RolledDay>(
    `SELECT day, state, tallies FROM rollup WHERE ${inSeries} AND day >= +? AND day <= +? AND tallies IS NOT NULL ORDER BY day`,
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

/** Reads the instances of an interval: the numbers of each hour are put together. */
function createInstances(
  database: Database,
): (series: Series, reading: Omit<Reading, 'rollup'>) => Promise<readonly Rolled[]> {
  const where = `FROM history WHERE ${inSeries}`;
  const numbers = database
    .prepare<[...Place, Micros, Micros, number], [at: Micros, number: number | null]>(
      `SELECT at, number ${where} AND at >= +? AND at < +? AND n = 0 ORDER BY at LIMIT +?`,
    )
    .raw();
  const one = database.prepare<[...Place, Micros], InstanceRow>(
    `SELECT at, n, number, doc, created, modified, deleted ${where} AND at = +? AND n = 0`,
  );
  return async ({ subject, name, dataset }, { from, to, most, pace }) => {
    const place: Place = [subject, name, dataset];
    const gathered = createGathering((at) => one.get(...place, at));
    for (let start = from; ; ) {
      const page = numbers.all(...place, start, to, pageSize);
      for (const row of page) gathered.add(row);
      const end = page.at(-1);
      if (!end || page.length < pageSize) return gathered.all();
      if (gathered.closed.length >= most) return gathered.closed;
      start = end[0] + 1;
      const pause = pace();
      if (pause) await pause;
    }
  };
}

interface Gathering {
  /** Rows come ascending. */
  add(row: readonly [at: Micros, number: number | null]): void;
  /** Without the hour that has not ended. */
  readonly closed: readonly Rolled[];
  all(): readonly Rolled[];
}

/** Puts the numbers of each hour together; `rowAt` gives what is no number. */
function createGathering(rowAt: (at: Micros) => InstanceRow | undefined): Gathering {
  const closed: Rolled[] = [];
  let open: Tally[] = [];
  let end = -Infinity;
  const close = (): readonly Rolled[] => {
    for (const tally of tallyHours(open)) closed.push({ tally });
    open = [];
    return closed;
  };
  return {
    closed,
    all: close,
    add([at, number]) {
      if (at >= end) {
        close();
        end = beginningOf(at, hourMicros) + hourMicros;
      }
      const row = number === null ? rowAt(at) : undefined;
      if (row) closed.push({ row });
      if (number !== null) open.push(tallyOf(number, at));
    },
  };
}
