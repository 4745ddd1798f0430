/** Reads a series from its rollups where they exist, and else from its instances, which it summarizes. */
import { dayMicros, type Interval } from '../../../core/model/instant.ts';
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
} from '../../../core/model/rollup.ts';
import type { Row } from '../own-text.ts';
import type { Collections, RollupDocument, SeriesDocument } from '../schema.ts';
import type { TimeBudget } from '../search/time-budget.ts';
import { observedIn, type SeriesKey } from './bucket.ts';
import { numberIn } from './rollup-day.ts';
import { leavesOf, newestDay } from './rollup-documents.ts';

interface RollupRange extends Interval {
  readonly rollup: RollupChoice;
  /** False: instances without a time of observation count too, and can be the first ones. */
  readonly isAllObserved: boolean;
  /** The reader may stop after this many, the earliest ones. */
  readonly most: number;
  readonly budget: TimeBudget;
}

/** A series, with its open bucket at the time when it was found. */
export interface OpenSeries extends SeriesKey {
  readonly open: SeriesDocument['open'];
}

type Sources = Pick<Collections, 'history' | 'rollups'>;

/** What represents the observed instances of an interval, in ascending order, except for instances in the hour of a summary. */
export async function readRolled(
  series: OpenSeries,
  reading: RollupRange,
  sources: Sources,
): Promise<readonly Rolled<Row>[]> {
  let found: readonly Rolled<Row>[] | undefined;
  while (!found) found = await readOnce(series, reading, sources);
  return found;
}

/** Undefined: instances were forgotten meanwhile and are in neither part of the result. */
async function readOnce(
  series: OpenSeries,
  reading: RollupRange,
  sources: Sources,
): Promise<readonly Rolled<Row>[] | undefined> {
  const { rolled, listed } = await readDays(series, reading, sources);
  const found = createFound<Row>();
  const { longest, periods } = reading.rollup;
  const first = periods && periods.start === undefined ? await firstInstance(series, reading, sources) : undefined;
  const isCut = periods && cutTest(periods, rolled, () => first);
  for (const { summaries, ...segment } of segmentsOf(rolled, { ...reading, rollup: longest, isCut })) {
    if (found.weight() >= reading.most) break;
    if (summaries) for (const summary of summaries) found.put(summary);
    else if (isAnyWithin(listed, segment)) {
      await readInstances(series, { ...reading, ...segment, isCut, found }, sources);
      if (await areKept(series, { ...reading, ...segment }, sources)) return undefined;
    }
  }
  return found.all;
}

interface Days {
  /** In ascending order. */
  readonly rolled: readonly RolledDay[];
  /** All days of the interval with observed instances. */
  readonly listed: readonly number[];
}

async function readDays(
  { open, ...series }: OpenSeries,
  { rollup, from, to, budget }: RollupRange,
  { rollups }: Sources,
): Promise<Days> {
  // A day that the interval or a period cuts needs its hours too.
  const isCut = rollup.periods !== undefined || [from, to].some((end) => Number.isFinite(end) && end % dayMicros !== 0);
  const projection = rollup.longest === 'day' && !isCut ? { 'days.hours': 0 } : {};
  const [first, last] = daysOf({ from, to });
  const found = await rollups
    .find({ _id: leavesOf(series, first, last) }, { sort: { _id: 1 }, projection, ...budget() })
    .toArray();
  return {
    rolled: found.flatMap(rolledIn).filter(({ day }) => day >= first && day <= last),
    listed: [
      ...found.flatMap(({ stale = [], days = [] }) => [...stale, ...days.map(({ day }) => day)]),
      newestDay(open) ?? [],
    ].flat(),
  };
}

const rolledIn = ({ days = [] }: RollupDocument): readonly RolledDay[] =>
  days.flatMap(({ day, state, whole, hours }) =>
    whole ? [{ day, state, summaries: hours ? joined(whole, hours) : whole }] : [],
  );

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const all = new Uint8Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}

function isAnyWithin(days: readonly number[], interval: Interval): boolean {
  const [first, last] = daysOf(interval);
  return days.some((day) => day >= first && day <= last);
}

/** A first instance that may come after others. */
const unknownFirst: FirstInstance = { at: -Infinity, isNumber: false };

async function firstInstance(
  series: SeriesKey,
  { from, to, budget, isAllObserved }: RollupRange,
  { history }: Sources,
): Promise<FirstInstance | undefined> {
  if (!isAllObserved) return unknownFirst;
  for await (const [row] of observedIn({ history }, series, { from, to, ...budget() }))
    if (row) return { at: row[0], isNumber: numberIn(row) !== undefined };
  return undefined;
}

/** Reads the instances of an interval until `most` are found. */
async function readInstances(
  series: SeriesKey,
  { from, to, most, budget, isCut, found }: RollupRange & Pick<RollupReading, 'isCut'> & { readonly found: Found<Row> },
  { history }: Sources,
): Promise<void> {
  const collector = createHourCollector(found, isCut);
  for await (const rows of observedIn({ history }, series, { from, to, ...budget() })) {
    for (const row of rows) {
      const number = numberIn(row);
      if (number === undefined) collector.addOther(row[0], row);
      else collector.addNumber(row[0], number);
    }
    if (found.weight() >= most) break;
  }
  collector.endHour();
}

/** True when the interval has a day of which only the rollups are left. */
async function areKept(
  series: SeriesKey,
  { from, to, budget }: Interval & Pick<RollupRange, 'budget'>,
  { rollups }: Sources,
) {
  const [first, last] = daysOf({ from, to });
  const isKept = { state: rollupState.kept, day: { $gte: first, $lte: last } };
  return (
    (await rollups.findOne(
      { _id: leavesOf(series, first, last), days: { $elemMatch: isKept } },
      { projection: { _id: 1 }, ...budget() },
    )) !== null
  );
}
