/** What is remembered of many numbers in place of them: enough for every aggregate but the number of distinct ones. */
import { dayMicros, hourMicros, type Micros } from './instant.ts';

export interface NumericSummary {
  readonly count: number;
  readonly sum: number;
  /** The sum of the squares. */
  readonly squares: number;
  /** The sum of the squared distances from the mean. */
  readonly spread: number;
  readonly least: number;
  readonly most: number;
  /** When the first and the last of them were observed. */
  readonly first: Micros;
  readonly last: Micros;
}

/** The beginning of the hour or day that a moment is in. */
export const beginningOf = (moment: Micros, span: number): Micros => Math.floor(moment / span) * span;

/** The tally of one number. */
export const tallyOf = (number: number, at: Micros): NumericSummary => ({
  count: 1,
  sum: number,
  squares: number * number,
  spread: 0,
  least: number,
  most: number,
  first: at,
  last: at,
});

/**
 * The tally of all, ascending in time: first of each hour, then of each day, then of these together. Sums of floating-point
 * numbers depend on the order of steps; because the order is this one always, a rollup of an hour or a day in place of what
 * it is made of gives the same result to the last bit. Undefined: there are none.
 */
export const summarize = (tallies: readonly NumericSummary[]): NumericSummary | undefined =>
  merge(mergeBy(dayMicros, summarizeHours(tallies)));

/** The tally of each hour that has any. */
export const summarizeHours = (tallies: readonly NumericSummary[]): readonly NumericSummary[] =>
  mergeBy(hourMicros, tallies);

/** Those that begin in the same span are neighbours. */
function mergeBy(span: number, tallies: readonly NumericSummary[]): readonly NumericSummary[] {
  if (tallies.length < 2) return tallies;
  const groups: NumericSummary[][] = [];
  let end = -Infinity;
  for (const tally of tallies) {
    const group = tally.first < end ? groups.at(-1) : undefined;
    if (group) group.push(tally);
    else {
      groups.push([tally]);
      end = beginningOf(tally.first, span) + span;
    }
  }
  return groups.flatMap((group) => merge(group) ?? []);
}

/** One alone stays as it is. */
function merge(tallies: readonly NumericSummary[]): NumericSummary | undefined {
  const [start] = tallies;
  if (!start || tallies.length === 1) return start;
  return {
    count: tallies.reduce((all, { count }) => all + count, 0),
    sum: sumOf(tallies.map(({ sum }) => sum)),
    squares: sumOf(tallies.map(({ squares }) => squares)),
    spread: spreadOf(tallies),
    least: tallies.reduce((least, one) => Math.min(least, one.least), start.least),
    most: tallies.reduce((most, one) => Math.max(most, one.most), start.most),
    first: start.first,
    last: tallies.at(-1)?.last ?? start.last,
  };
}

/** Adds with the error of each step carried along (Neumaier), so that the order of many small numbers hardly matters. */
export function sumOf(numbers: readonly number[]): number {
  let [total, lost] = [0, 0];
  for (const number of numbers) {
    const next = total + number;
    lost += Math.abs(total) >= Math.abs(number) ? total - next + number : number - next + total;
    total = next;
  }
  return total + lost;
}

/** Joins spreads around different means (Chan, Golub, LeVeque): squares of large numbers are never subtracted from each other. */
function spreadOf(tallies: readonly NumericSummary[]): number {
  let [count, mean, spread] = [0, 0, 0];
  for (const one of tallies) {
    const distance = one.sum / one.count - mean;
    const together = count + one.count;
    spread += one.spread + (distance * distance * count * one.count) / together;
    mean += (distance * one.count) / together;
    count = together;
  }
  return spread;
}
