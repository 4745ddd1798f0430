/** Aggregates the instances of a history by periods (CIM 009 clause 4.5.19). */
import { type Duration, isZero, later, periodOf } from '../language/duration.ts';
import { isRelationship, ngsildNull } from '../model/attribute.ts';
import type { HistoricInstance } from '../model/history.ts';
import { instantOf, type Micros, microsOf, microsOfInstant } from '../model/instant.ts';
import { isArray, type Json, type JsonObject } from '../model/json.ts';
import { Problem } from '../model/problem.ts';
import { dayMicros, hourMicros, sumOf, type Tally, tallyOf, tallyTogether } from '../model/tally.ts';

export const aggregateMethods = ['totalCount', 'distinctCount', 'sum', 'avg', 'min', 'max', 'stddev', 'sumsq'] as const;
type AggregateMethod = (typeof aggregateMethods)[number];

export interface Aggregation {
  readonly methods: readonly AggregateMethod[];
  /** The length of a period; zero: one period over all there is. */
  readonly period: Duration;
  /** Where the first period begins; absent: at the first instance. */
  readonly start?: Micros;
  /** Where the interval ends, for a period over all there is; absent: at the last instance. */
  readonly end?: Micros;
}

/**
 * The longest rollups that may stand for instances in the answer: those of which none can be in two periods. Undefined: the
 * instances themselves are needed.
 */
export function rollupFor({ methods, period, start }: Aggregation): 'hour' | 'day' | undefined {
  if (methods.includes('distinctCount')) return undefined;
  if (isZero(period)) return 'day';
  if (start === undefined) return undefined;
  const isAligned = (span: number): boolean => start % span === 0 && period.micros % span === 0;
  if (isAligned(dayMicros)) return 'day';
  return isAligned(hourMicros) ? 'hour' : undefined;
}

/** Most periods of one attribute: an interval of a century in seconds is no answer. */
const periodsMax = 100_000;

/**
 * A member per method: `[result, from, to]` for every period that has instances to which the method applies. Deletions are no
 * instances. The instances are ascending in time. Throws TooManyResults when there are too many periods.
 */
export function aggregate(
  instances: readonly HistoricInstance[],
  timeproperty: 'observedAt' | 'createdAt' | 'modifiedAt' | 'deletedAt',
  aggregation: Aggregation,
): JsonObject {
  const members = aggregation.methods.map((method) => ({ method, rows: new Array<Json>() }));
  for (const { from, to, timed } of divide(timedOf(instances, timeproperty), aggregation)) {
    const [begin, end, contents] = [instantOf(from), instantOf(to), contentsOf(timed)];
    for (const { method, rows } of members) {
      const result = resultOf(method, contents);
      if (result !== undefined) rows.push([result, begin, end]);
    }
  }
  return Object.fromEntries(members.map(({ method, rows }) => [method, rows]));
}

interface Timed {
  readonly at: Micros;
  readonly instance: HistoricInstance;
}

interface Period {
  readonly from: Micros;
  readonly to: Micros;
  readonly timed: readonly Timed[];
}

function timedOf(
  instances: readonly HistoricInstance[],
  timeproperty: 'observedAt' | 'createdAt' | 'modifiedAt' | 'deletedAt',
): readonly Timed[] {
  const timed: Timed[] = [];
  for (const instance of instances) {
    const { tally, deletedAt, value, [timeproperty]: time } = instance;
    if (tally) timed.push({ at: tally.first, instance });
    else if (time !== undefined && deletedAt === undefined && value !== ngsildNull)
      timed.push({ at: microsOfInstant(time), instance });
  }
  return timed;
}

function divide(timed: readonly Timed[], { period, start, end }: Aggregation): readonly Period[] {
  const first = start ?? timed[0]?.at;
  if (first === undefined || timed.length === 0) return [];
  if (isZero(period)) {
    const last = end ?? timed.reduce((most, { at, instance }) => Math.max(most, instance.tally?.last ?? at), first);
    return [{ from: first, to: last, timed }];
  }
  const periods = periodsOf(timed, first, period);
  if (periods.length > periodsMax)
    throw new Problem(
      'TooManyResults',
      `The aggregation has more than ${periodsMax} periods; make aggrPeriodDuration longer.`,
    );
  return periods;
}

/** The periods in which there is something. */
function periodsOf(timed: readonly Timed[], first: Micros, period: Duration): readonly Period[] {
  const periods: Period[] = [];
  let open: { readonly to: Micros; readonly timed: Timed[] } = { to: -Infinity, timed: [] };
  for (const one of timed) {
    if (one.at < open.to) open.timed.push(one);
    else {
      const number = periodOf(one.at, first, period);
      const next = { from: later(first, period, number), to: later(first, period, number + 1), timed: [one] };
      periods.push(next);
      open = next;
    }
  }
  return periods;
}

/** What is in a period. */
interface Contents {
  readonly timed: readonly Timed[];
  /** Of the numbers, to which booleans belong; and of these together with the sizes of arrays. */
  readonly numbers: Tally | undefined;
  readonly measures: Tally | undefined;
  readonly texts: readonly string[];
}

/** Numbers and booleans count as numbers, arrays by their size, texts in the order of their letters; objects and URIs not at all. */
function contentsOf(timed: readonly Timed[]): Contents {
  const [numbers, sizes, texts] = [new Array<Tally>(), new Array<Tally>(), new Array<string>()];
  for (const { at, instance } of timed) {
    const { kind, value, tally } = instance;
    if (tally) numbers.push(tally);
    else if (isRelationship(kind)) continue;
    else if (typeof value === 'number' || typeof value === 'boolean') numbers.push(tallyOf(Number(value), at));
    else if (isArray(value)) sizes.push(tallyOf(value.length, at));
    else if (typeof value === 'string') texts.push(value);
  }
  const ofNumbers = tallyTogether(numbers);
  const measures =
    sizes.length === 0 ? ofNumbers : tallyTogether([...numbers, ...sizes].sort((a, b) => a.first - b.first));
  return { timed, numbers: ofNumbers, measures, texts };
}

function resultOf(method: AggregateMethod, { timed, numbers, measures, texts }: Contents): Json | undefined {
  if (method === 'totalCount') return timed.reduce((all, { instance }) => all + (instance.tally?.count ?? 1), 0);
  if (method === 'distinctCount') return new Set(timed.map(({ instance }) => JSON.stringify(instance.value))).size;
  const tally = method === 'stddev' || method === 'sumsq' ? numbers : measures;
  if (tally) return ofNumbers(method, tally);
  return method === 'min' || method === 'max' ? extreme(method, texts) : averageTime(method, texts);
}

function ofNumbers(
  method: Exclude<AggregateMethod, 'totalCount' | 'distinctCount'>,
  { count, sum, squares, spread, least, most }: Tally,
): number {
  switch (method) {
    case 'sum':
      return sum;
    case 'avg':
      return sum / count;
    case 'min':
      return least;
    case 'max':
      return most;
    case 'sumsq':
      return squares;
    case 'stddev':
      return Math.sqrt(spread / count);
  }
}

/** The first or last text in order; date-times are compared as moments. */
function extreme(method: 'min' | 'max', texts: readonly string[]): string | undefined {
  const sign = method === 'min' ? -1 : 1;
  return texts.reduce<string | undefined>(
    (best, text) => (best === undefined || sign * compare(text, best) > 0 ? text : best),
    undefined,
  );
}

function compare(a: string, b: string): number {
  const [one, other] = [microsOf(a), microsOf(b)];
  if (one !== undefined && other !== undefined) return one - other;
  return a < b ? -1 : Number(a > b);
}

const timeOfDay = /^(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?Z$/;

/** The mean of times of day. */
function averageTime(method: AggregateMethod, texts: readonly string[]): string | undefined {
  const seconds = texts.filter((text) => timeOfDay.test(text)).map(secondsOf);
  if (method !== 'avg' || seconds.length === 0) return undefined;
  const mean = Math.round(sumOf(seconds) / seconds.length);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${two(Math.floor(mean / 3600))}:${two(Math.floor(mean / 60) % 60)}:${two(mean % 60)}Z`;
}

function secondsOf(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.slice(0, 8).split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}
