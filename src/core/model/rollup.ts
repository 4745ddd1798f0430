/** Defines rollups: their content for a day of a series, their binary form, and the intervals where they replace instances. */
import { dayMicros, hourMicros, type Interval, type Micros } from './instant.ts';
import { beginningOf, type NumericSummary, summarizeHours, summarize } from './numeric-summary.ts';

/**
 * The state of a day. `stale`: its rollup must be computed. `fresh`: its rollup is valid. `mixed`: some instances are not numbers, so
 * queries need the instances. `kept`: only the rollups are left.
 */
export const rollupState = { stale: 0, fresh: 1, mixed: 2, kept: 3 } as const;

/** The number of the day that contains a moment. */
export const dayOf = (at: Micros): number => Math.floor(at / dayMicros);

/** The numbers of the first and the last day of an interval. */
export const daysOf = ({ from, to }: Interval): [first: number, last: number] => [dayOf(from), dayOf(to - 1)];

/** Below this number of instances per day, computing an hour from the instances is as fast as a stored summary. */
const hoursFrom = 48;

/**
 * The summaries of a day, computed from its ascending numbers: first of the whole day, then of its hours if these are worthwhile. Empty
 * without numbers.
 */
export function rolledUp(numbers: readonly NumericSummary[], state: number): readonly NumericSummary[] {
  const whole = summarize(numbers);
  if (!whole) return [];
  return [whole, ...(numbers.length >= hoursFrom || state === rollupState.kept ? summarizeHours(numbers) : [])];
}

/** The size of one summary in bytes: eight numbers of 64 bits. */
export const summaryBytes = 64;

/** Summaries in the binary form that stores use. */
export const bytesOfSummaries = (summaries: readonly NumericSummary[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    Float64Array.from(
      summaries.flatMap(({ count, sum, squares, spread, least, most, first, last }) => [
        count,
        sum,
        squares,
        spread,
        least,
        most,
        first,
        last,
      ]),
    ).buffer,
  );

/** Reads the result of `bytesOfSummaries`. */
export function summariesIn(bytes: Uint8Array): readonly NumericSummary[] {
  // Float64Array requires an offset that is a multiple of eight. A copy has such an offset.
  const numbers = new Float64Array(new Uint8Array(bytes).buffer);
  const number = (place: number): number => numbers[place] ?? Number.NaN;
  return Array.from({ length: numbers.length / 8 }, (_, index) => {
    const start = index * 8;
    return {
      count: number(start),
      sum: number(start + 1),
      squares: number(start + 2),
      spread: number(start + 3),
      least: number(start + 4),
      most: number(start + 5),
      first: number(start + 6),
      last: number(start + 7),
    };
  });
}

/** A day that has rollups. */
export interface RolledDay {
  readonly day: number;
  readonly state: number;
  /**
   * The summaries of the whole day and of its hours. When days are requested and the interval contains the whole day, the summary of the
   * day is sufficient.
   */
  readonly summaries: Uint8Array;
}

/** Which rollups can replace instances. */
export interface RollupChoice {
  /** The longest ones. */
  readonly longest: 'hour' | 'day';
  /** The periods of the aggregation, when a period can begin inside a day. Absent: none begins inside a rollup. */
  readonly periods?: RollupPeriods;
}

export interface RollupPeriods {
  /** The start of the first period. Absent: the first instance of a series. */
  readonly start?: Micros;
  /** True when a period other than the first begins after the start of an interval and before its end. */
  readonly isCut: (interval: Interval, start: Micros) => boolean;
}

/** Whether a period begins inside a day or hour. Absent: never. */
export type CutTest = (interval: Interval) => boolean;

/** The requested interval and resolution. */
export interface RollupReading extends Interval {
  readonly rollup: 'hour' | 'day';
  readonly isCut?: CutTest | undefined;
}

/** The first observed instance of a series: its time, and whether it is a number. */
export interface FirstInstance {
  readonly at: Micros;
  readonly isNumber: boolean;
}

/**
 * The test for the periods of a series. `days`: those with rollups, ascending. When the start of the first period is not certain, because the
 * first instance is not a number, everything counts as cut.
 */
export function cutTest(
  { start, isCut }: RollupPeriods,
  days: readonly RolledDay[],
  first: () => FirstInstance | undefined,
): CutTest {
  const began = start ?? startOf(days, first());
  return (interval) => began === undefined || isCut(interval, began);
}

/** The time of the first instance or rollup. Undefined when the first instance is not a number. */
function startOf([day]: readonly RolledDay[], first: FirstInstance | undefined): Micros | undefined {
  if (day && (!first || day.day <= dayOf(first.at))) return summariesIn(day.summaries)[0]?.first;
  return first?.isNumber === true ? first.at : undefined;
}

/** A part of an interval. Without summaries, the query must read its instances. */
export interface SeriesSegment extends Interval {
  readonly summaries?: readonly NumericSummary[];
}

/** Divides an interval into days with rollups, given ascending, and the gaps between them. */
export function* segmentsOf(days: readonly RolledDay[], reading: RollupReading): Generator<SeriesSegment> {
  let { from } = reading;
  for (const one of days) {
    const summaries = summariesOf(one, reading);
    if (!summaries) continue;
    const begin = one.day * dayMicros;
    if (from < begin) yield { from, to: begin };
    from = begin + dayMicros;
    yield { from: begin, to: from, summaries };
  }
  if (from < reading.to) yield { from, to: reading.to };
}

function hourOf({ first }: NumericSummary): Interval {
  const from = beginningOf(first, hourMicros);
  return { from, to: from + hourMicros };
}

/**
 * The summaries of a day for an interval; undefined when they must be computed from the instances. For a day without instances, hours that
 * the interval contains only partly are left out.
 */
function summariesOf(
  { day, state, summaries }: RolledDay,
  { rollup, from, to, isCut = () => false }: RollupReading,
): readonly NumericSummary[] | undefined {
  const [whole, ...hours] = summariesIn(summaries);
  const isWithin = (begin: Micros, span: number): boolean => begin >= from && begin + span <= to;
  const spans = rollup === 'day' ? [{ from: day * dayMicros, to: (day + 1) * dayMicros }] : hours.map(hourOf);
  const isWhole = isWithin(day * dayMicros, dayMicros) && !spans.some(isCut);
  if (isWhole && rollup === 'day') return whole && [whole];
  if (isWhole) return hours.length > 0 ? hours : undefined;
  if (state !== rollupState.kept) return undefined;
  return hours.filter(({ first }) => isWithin(beginningOf(first, hourMicros), hourMicros));
}
