/** Computes the rollups of days from their instances. */
import { bytesOfSummaries, dayOf, rolledUp, rollupState } from '../../../core/model/rollup.ts';
import { dayMicros } from '../../../core/model/instant.ts';
import { summaryOf } from '../../../core/model/numeric-summary.ts';
import type { Row } from '../own-text.ts';
import type { RollupDay } from '../schema.ts';
import { type Buckets, observedIn, type SeriesKey } from './bucket.ts';

/** The number in an instance; undefined when its value is not a number. */
export const numberIn = ([, , { kind, value }]: Row): number | undefined =>
  kind === 'Property' && typeof value === 'number' ? value : undefined;

/**
 * Computes days of a series, given in ascending order. Leaves out days without observed instances. `isLast`: the instances are about to
 * be deleted; values that are not numbers then do not count, and days without numbers are left out.
 */
export async function rollDays(
  buckets: Buckets,
  series: SeriesKey,
  { days, isLast }: { readonly days: readonly number[]; readonly isLast: boolean },
): Promise<readonly RollupDay[]> {
  const found: RollupDay[] = [];
  for (const run of runsOf(days)) {
    for await (const { day, rows } of rowsByDay(buckets, series, run)) found.push(...rolled(day, rows, isLast));
  }
  return found;
}

function rolled(day: number, rows: readonly Row[], isLast: boolean): readonly RollupDay[] {
  const numbers = rows.flatMap((row) => {
    const number = numberIn(row);
    return number === undefined ? [] : [summaryOf(number, row[0])];
  });
  if (numbers.length < rows.length && !isLast) return [{ day, state: rollupState.mixed }];
  const state = isLast ? rollupState.kept : rollupState.fresh;
  const [whole, ...hours] = rolledUp(numbers, state);
  if (!whole) return [];
  const ofHours = hours.length === 0 ? undefined : { hours: bytesOfSummaries(hours) };
  return [{ day, state, whole: bytesOfSummaries([whole]), ...ofHours }];
}

interface Run {
  readonly first: number;
  readonly last: number;
}

/** Groups consecutive days, to read them together. */
function runsOf(days: readonly number[]): readonly Run[] {
  const runs: { first: number; last: number }[] = [];
  for (const day of days) {
    const run = runs.at(-1);
    if (run?.last === day - 1) run.last = day;
    else runs.push({ first: day, last: day });
  }
  return runs;
}

/** The observed instances by day. The memory bound is one day with an instance per second. */
async function* rowsByDay(
  buckets: Buckets,
  series: SeriesKey,
  { first, last }: Run,
): AsyncGenerator<{ readonly day: number; readonly rows: readonly Row[] }> {
  let [day, rows]: [number, Row[]] = [first, []];
  const interval = { from: first * dayMicros, to: (last + 1) * dayMicros };
  for await (const some of observedIn(buckets, series, interval)) {
    for (const [own, ofDay] of Map.groupBy(some, ([at]) => dayOf(at))) {
      if (own !== day && rows.length > 0) yield { day, rows };
      rows = own === day ? [...rows, ...ofDay] : ofDay;
      day = own;
    }
  }
  if (rows.length > 0) yield { day, rows };
}
