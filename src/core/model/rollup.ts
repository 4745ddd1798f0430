/** Rollups: what is kept of a day of a series, in which form, and where it stands for instances. */
import { dayMicros, hourMicros, type Interval, type Micros } from './instant.ts';
import { beginningOf, type NumericSummary, summarizeHours, summarize } from './numeric-summary.ts';

/**
 * How a day is: to be worked out; worked out; not all of its instances are numbers, so that they are needed; nothing but its
 * rollups is left.
 */
export const rollupState = { stale: 0, fresh: 1, mixed: 2, kept: 3 } as const;

/** The number of the day that a moment is in. */
export const dayOf = (at: Micros): number => Math.floor(at / dayMicros);

/** The numbers of the first and the last day of an interval. */
export const daysOf = ({ from, to }: Interval): [first: number, last: number] => [dayOf(from), dayOf(to - 1)];

/** With fewer instances in a day, its hours are as quickly made of these. */
const hoursFrom = 48;

/** The tallies of a day, made of its numbers, ascending: of the whole, then of its hours, if these are worth it. None for no numbers. */
export function rolledUp(numbers: readonly NumericSummary[], state: number): readonly NumericSummary[] {
  const whole = summarize(numbers);
  if (!whole) return [];
  return [whole, ...(numbers.length >= hoursFrom || state === rollupState.kept ? summarizeHours(numbers) : [])];
}

/** Bytes of one tally: eight numbers of 64 bits. */
export const summaryBytes = 64;

/** Tallies as stores keep them. */
export const bytesOfSummaries = (tallies: readonly NumericSummary[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    Float64Array.from(
      tallies.flatMap(({ count, sum, squares, spread, least, most, first, last }) => [
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

/** Reads back what `bytesOfSummaries` made. */
function talliesIn(bytes: Uint8Array): readonly NumericSummary[] {
  // Numbers can be read where their bytes begin at a multiple of eight only: a copy does.
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
  /** Bytes of the tallies of the whole, and of the hours. Of days that an interval does not cut, that of the whole is enough where days are asked for. */
  readonly tallies: Uint8Array;
}

/** What is asked for. */
export interface RollupReading extends Interval {
  readonly rollup: 'hour' | 'day';
}

/** A part of an interval. Without tallies, its instances have to be looked at. */
export interface SeriesSegment extends Interval {
  readonly tallies?: readonly NumericSummary[];
}

/** Divides an interval into days that have rollups, given ascending, and what is between them. */
export function* segmentsOf(days: readonly RolledDay[], reading: RollupReading): Generator<SeriesSegment> {
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
function talliesOf(
  { day, state, tallies }: RolledDay,
  { rollup, from, to }: RollupReading,
): readonly NumericSummary[] | undefined {
  const [whole, ...hours] = talliesIn(tallies);
  const isWithin = (begin: Micros, span: number): boolean => begin >= from && begin + span <= to;
  const isWhole = isWithin(day * dayMicros, dayMicros);
  if (isWhole && rollup === 'day') return whole && [whole];
  if (isWhole) return hours.length > 0 ? hours : undefined;
  if (state !== rollupState.kept) return undefined;
  return hours.filter(({ first }) => isWithin(beginningOf(first, hourMicros), hourMicros));
}
