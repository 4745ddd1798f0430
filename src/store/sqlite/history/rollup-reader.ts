/** Reads a series in rollups where there are some, and in tallies of its instances where there are none. */
import type { Database } from 'better-sqlite3';
import type { Micros } from '../../../core/model/instant.ts';
import { beginningOf, dayMicros, hourMicros, type Tally, tallyHours, tallyOf } from '../../../core/model/tally.ts';
import type { InstanceRow, Series } from '../history-rows.ts';
import type { Pace } from '../search/pace.ts';
import { dayOf, rollupState, talliesIn, tallyBytes } from './rollup-rows.ts';

/** A half-open interval of time; its ends may be infinite. */
export interface Interval {
  readonly from: Micros;
  readonly to: Micros;
}

interface Reading extends Interval {
  readonly rollup: 'hour' | 'day';
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

/** A part of an interval. Without tallies, its instances have to be looked at. */
interface Stretch extends Interval {
  readonly tallies?: readonly Tally[];
}

interface Day {
  readonly day: number;
  readonly state: number;
  readonly tallies: Uint8Array;
}

/** Divides an interval into days that have rollups and what is between them. */
function* stretchesOf(days: readonly Day[], reading: Reading): Generator<Stretch> {
  let { from } = reading;
  for (const one of days) {
    const tallies = talliesOf(one, reading);
    if (!tallies) continue;
    const begin = one.day * dayMicros;
    if (from < begin) yield { from, to: begin };
    from = begin + dayMicros;
    yield { from: begin, to: from, tallies };
  }
  if (from < reading.to) yield { from, to: reading.to };
}

/** What a day has for an interval; undefined when it has to be made of the instances. Of a day without instances, hours that are cut are left out. */
function talliesOf({ day, state, tallies }: Day, { rollup, from, to }: Reading): readonly Tally[] | undefined {
  const [whole, ...hours] = talliesIn(tallies);
  const isWithin = (begin: Micros, span: number): boolean => begin >= from && begin + span <= to;
  const isWhole = isWithin(day * dayMicros, dayMicros);
  if (isWhole && rollup === 'day') return whole && [whole];
  if (isWhole) return hours.length > 0 ? hours : undefined;
  if (state !== rollupState.kept) return undefined;
  return hours.filter(({ first }) => isWithin(beginningOf(first, hourMicros), hourMicros));
}

interface Days {
  /** The days with rollups, ascending. */
  read(series: Series, reading: Reading): readonly Day[];
  /** True when a day in the interval has nothing but its rollups. */
  areKept(series: Series, interval: Interval): boolean;
}

// Why `+?`: see openForReading.
const inSeries = 'subject = +? AND name = +? AND dataset = +?';
type Place = [subject: number, name: number, dataset: number];

function createDays(database: Database): Days {
  const read = database.prepare<[...Place, number, number], Day>(
    `SELECT day, state, tallies FROM rollup WHERE ${inSeries} AND day >= +? AND day <= +? AND tallies IS NOT NULL ORDER BY day`,
  );
  // Of a day that is cut, the hours are needed as well.
  const readWhole = database.prepare<[number, number, ...Place, number, number], Day>(
    `SELECT day, state, CASE WHEN day IN (+?, +?) THEN tallies ELSE substr(tallies, 1, ${tallyBytes}) END AS tallies
     FROM rollup WHERE ${inSeries} AND day >= +? AND day <= +? AND tallies IS NOT NULL ORDER BY day`,
  );
  const areKept = database
    .prepare<[...Place, number, number], number>(
      `SELECT 1 FROM rollup WHERE ${inSeries} AND day >= +? AND day <= +? AND state = ${rollupState.kept} LIMIT 1`,
    )
    .pluck();
  const daysOf = ({ from, to }: Interval): [number, number] => [dayOf(from), dayOf(to - 1)];
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
