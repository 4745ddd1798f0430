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
 * instances. Throws TooManyResults when there are too many periods.
 */
export function aggregate(
  instances: readonly HistoricInstance[],
  timeproperty: 'observedAt' | 'createdAt' | 'modifiedAt' | 'deletedAt',
  aggregation: Aggregation,
): JsonObject {
  const timed = instances.flatMap((instance) => {
    const time = instance[timeproperty];
    const isDeletion = instance.deletedAt !== undefined || instance.value === ngsildNull;
    return time === undefined || isDeletion ? [] : [{ at: microsOfInstant(time), instance }];
  });
  const periods = divide(timed, aggregation);
  return Object.fromEntries(
    aggregation.methods.map((method) => [
      method,
      periods.flatMap(({ from, to, values }) => rowOf(method, values, { from, to })),
    ]),
  );
}

interface Timed {
  readonly at: Micros;
  readonly instance: HistoricInstance;
}

interface Period {
  readonly from: Micros;
  readonly to: Micros;
  readonly values: readonly Timed[];
}

function divide(timed: readonly Timed[], { period, start, end }: Aggregation): readonly Period[] {
  const moments = timed.map(({ at }) => at);
  if (moments.length === 0) return [];
  const first = start ?? moments.reduce((least, at) => Math.min(least, at));
  if (isZero(period)) {
    const last = end ?? timed.reduce((most, { at, instance }) => Math.max(most, instance.tally?.last ?? at), first);
    return [{ from: first, to: last, values: timed }];
  }
  const groups = new Map<number, Timed[]>();
  for (const one of timed) {
    const number = periodOf(one.at, first, period);
    const group = groups.get(number);
    if (group) group.push(one);
    else groups.set(number, [one]);
  }
  if (groups.size > periodsMax)
    throw new Problem(
      'TooManyResults',
      `The aggregation has more than ${periodsMax} periods; make aggrPeriodDuration longer.`,
    );
  const numbers = [...groups.keys()].sort((a, b) => a - b);
  return numbers.map((number) => ({
    from: later(first, period, number),
    to: later(first, period, number + 1),
    values: groups.get(number) ?? [],
  }));
}

function rowOf(
  method: AggregateMethod,
  values: readonly Timed[],
  { from, to }: { from: Micros; to: Micros },
): readonly Json[] {
  const result = resultOf(method, values);
  return result === undefined ? [] : [[result, instantOf(from), instantOf(to)]];
}

function resultOf(method: AggregateMethod, timed: readonly Timed[]): Json | undefined {
  if (method === 'totalCount') return timed.reduce((all, { instance }) => all + (instance.tally?.count ?? 1), 0);
  if (method === 'distinctCount') return new Set(timed.map(({ instance }) => JSON.stringify(instance.value))).size;
  const measures = timed.flatMap((one) => measureOf(one) ?? []);
  const tallies = measures.flatMap((measure) =>
    measure.kind === 'number' || (measure.kind === 'size' && method !== 'stddev' && method !== 'sumsq')
      ? [measure.tally]
      : [],
  );
  const tally = tallyTogether(tallies);
  if (tally) return ofNumbers(method, tally);
  return method === 'min' || method === 'max' ? extreme(method, measures) : averageTime(method, measures);
}

/** What a value counts as. */
type Measure =
  | { readonly kind: 'number' | 'size'; readonly tally: Tally }
  | { readonly kind: 'text' | 'time'; readonly text: string };

const timeOfDay = /^(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?Z$/;

/** Numbers and booleans count as numbers, arrays by their size, texts in the order of their letters; objects and URIs not at all. */
function measureOf({ at, instance: { kind, value, tally } }: Timed): Measure | undefined {
  if (tally) return { kind: 'number', tally };
  if (isRelationship(kind)) return undefined;
  if (typeof value === 'number' || typeof value === 'boolean')
    return { kind: 'number', tally: tallyOf(Number(value), at) };
  if (isArray(value)) return { kind: 'size', tally: tallyOf(value.length, at) };
  if (typeof value !== 'string') return undefined;
  return { kind: timeOfDay.test(value) ? 'time' : 'text', text: value };
}

function ofNumbers(method: Exclude<AggregateMethod, 'totalCount' | 'distinctCount'>, tally: Tally): number {
  const { count, sum, squares, spread, least, most } = tally;
  const results = {
    sum,
    avg: sum / count,
    min: least,
    max: most,
    sumsq: squares,
    stddev: Math.sqrt(spread / count),
  };
  return results[method];
}

/** The first or last text in order; date-times are compared as moments. */
function extreme(method: 'min' | 'max', measures: readonly Measure[]): string | undefined {
  const texts = measures.flatMap((measure) => ('text' in measure ? [measure.text] : []));
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

/** The mean of times of day. */
function averageTime(method: AggregateMethod, measures: readonly Measure[]): string | undefined {
  const seconds = measures.flatMap((measure) =>
    measure.kind === 'time' && 'text' in measure ? [secondsOf(measure.text)] : [],
  );
  if (method !== 'avg' || seconds.length === 0) return undefined;
  const mean = Math.round(sumOf(seconds) / seconds.length);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${two(Math.floor(mean / 3600))}:${two(Math.floor(mean / 60) % 60)}:${two(mean % 60)}Z`;
}

function secondsOf(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.slice(0, 8).split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}
