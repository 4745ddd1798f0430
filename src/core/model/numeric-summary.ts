/** Summarizes many numbers in a constant size. A summary is enough for every aggregation method except `distinctCount`. */
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
  /** The times of the first and the last observation. */
  readonly first: Micros;
  readonly last: Micros;
}

/** The start of the hour or day that contains a moment. */
export const beginningOf = (moment: Micros, span: number): Micros => Math.floor(moment / span) * span;

/** The summary of one number. */
export const summaryOf = (number: number, at: Micros): NumericSummary => ({
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
 * The summary of all, which are ascending in time. It merges per hour first, then per day, then all days. The sum of floating-point numbers
 * depends on the order of additions. This fixed order ensures that the rollup of an hour or day gives the same result to the last bit as
 * its numbers. Undefined when the list is empty.
 */
export const summarize = (summaries: readonly NumericSummary[]): NumericSummary | undefined =>
  merge(mergeBy(dayMicros, summarizeHours(summaries)));

/** One summary per hour, for the hours that have summaries. */
export const summarizeHours = (summaries: readonly NumericSummary[]): readonly NumericSummary[] =>
  mergeBy(hourMicros, summaries);

/** Merges neighbours that begin in the same span. */
function mergeBy(span: number, summaries: readonly NumericSummary[]): readonly NumericSummary[] {
  if (summaries.length < 2) return summaries;
  const groups: NumericSummary[][] = [];
  let end = -Infinity;
  for (const summary of summaries) {
    const group = summary.first < end ? groups.at(-1) : undefined;
    if (group) group.push(summary);
    else {
      groups.push([summary]);
      end = beginningOf(summary.first, span) + span;
    }
  }
  return groups.flatMap((group) => merge(group) ?? []);
}

/** A single summary stays unchanged. */
function merge(summaries: readonly NumericSummary[]): NumericSummary | undefined {
  const [start] = summaries;
  if (!start || summaries.length === 1) return start;
  return {
    count: summaries.reduce((all, { count }) => all + count, 0),
    sum: sumOf(summaries.map(({ sum }) => sum)),
    squares: sumOf(summaries.map(({ squares }) => squares)),
    spread: spreadOf(summaries),
    least: summaries.reduce((least, one) => Math.min(least, one.least), start.least),
    most: summaries.reduce((most, one) => Math.max(most, one.most), start.most),
    first: start.first,
    last: summaries.at(-1)?.last ?? start.last,
  };
}

/** Adds with compensation of the rounding error (Neumaier), so that the order of many small numbers hardly matters. */
export function sumOf(numbers: readonly number[]): number {
  let [total, lost] = [0, 0];
  for (const number of numbers) {
    const next = total + number;
    lost += Math.abs(total) >= Math.abs(number) ? total - next + number : number - next + total;
    total = next;
  }
  return total + lost;
}

/** Combines spreads around different means (Chan, Golub, LeVeque). It never subtracts squares of large numbers from each other. */
function spreadOf(summaries: readonly NumericSummary[]): number {
  let [count, mean, spread] = [0, 0, 0];
  for (const one of summaries) {
    const distance = one.sum / one.count - mean;
    const together = count + one.count;
    spread += one.spread + (distance * distance * count * one.count) / together;
    mean += (distance * one.count) / together;
    count = together;
  }
  return spread;
}
