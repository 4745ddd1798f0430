/** Aggregates the instances of a history by periods (CIM 009 clause 4.5.19). */
import { type Duration, isZero, later, periodOf } from '../language/duration.ts';
import { isRelationship, type Kind, ngsildNull } from '../model/attribute.ts';
import type { HistoricInstance } from '../model/history.ts';
import { instantOf, type Micros, microsOf, microsOfInstant } from '../model/instant.ts';
import { isArray, type Json, type JsonObject } from '../model/json.ts';
import { Problem } from '../model/problem.ts';

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
  readonly values: readonly HistoricInstance[];
}

function divide(timed: readonly Timed[], { period, start, end }: Aggregation): readonly Period[] {
  const moments = timed.map(({ at }) => at);
  if (moments.length === 0) return [];
  const first = start ?? moments.reduce((least, at) => Math.min(least, at));
  if (isZero(period)) {
    const last = end ?? moments.reduce((most, at) => Math.max(most, at));
    return [{ from: first, to: last, values: timed.map(({ instance }) => instance) }];
  }
  const groups = new Map<number, HistoricInstance[]>();
  for (const { at, instance } of timed) {
    const number = periodOf(at, first, period);
    const group = groups.get(number);
    if (group) group.push(instance);
    else groups.set(number, [instance]);
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
  instances: readonly HistoricInstance[],
  { from, to }: { from: Micros; to: Micros },
): readonly Json[] {
  const result = resultOf(method, instances);
  return result === undefined ? [] : [[result, instantOf(from), instantOf(to)]];
}

function resultOf(method: AggregateMethod, instances: readonly HistoricInstance[]): Json | undefined {
  if (method === 'totalCount') return instances.length;
  if (method === 'distinctCount') return new Set(instances.map(({ value }) => JSON.stringify(value))).size;
  const measures = instances.flatMap(({ kind, value }) => measureOf(kind, value) ?? []);
  const numbers = measures.flatMap((measure) =>
    measure.kind === 'number' || (measure.kind === 'size' && method !== 'stddev' && method !== 'sumsq')
      ? [measure.number]
      : [],
  );
  if (numbers.length > 0) return ofNumbers(method, numbers);
  return method === 'min' || method === 'max' ? extreme(method, measures) : averageTime(method, measures);
}

/** What a value counts as. */
type Measure =
  | { readonly kind: 'number' | 'size'; readonly number: number }
  | { readonly kind: 'text' | 'time'; readonly text: string };

const timeOfDay = /^(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?Z$/;

/** Numbers and booleans count as numbers, arrays by their size, texts in the order of their letters; objects and URIs not at all. */
function measureOf(kind: Kind, value: Json): Measure | undefined {
  if (isRelationship(kind)) return undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return { kind: 'number', number: Number(value) };
  if (isArray(value)) return { kind: 'size', number: value.length };
  if (typeof value !== 'string') return undefined;
  return { kind: timeOfDay.test(value) ? 'time' : 'text', text: value };
}

function ofNumbers(method: AggregateMethod, numbers: readonly number[]): number {
  const count = numbers.length;
  switch (method) {
    case 'totalCount':
    case 'distinctCount':
      return count;
    case 'sum':
      return sum(numbers);
    case 'avg':
      return sum(numbers) / count;
    case 'min':
      return numbers.reduce((least, number) => Math.min(least, number));
    case 'max':
      return numbers.reduce((most, number) => Math.max(most, number));
    case 'sumsq':
      return sum(numbers.map((number) => number * number));
    case 'stddev': {
      const mean = sum(numbers) / count;
      return Math.sqrt(sum(numbers.map((number) => (number - mean) ** 2)) / count);
    }
  }
}

/** Adds with the error of each step carried along (Neumaier), so that the order of many small numbers does not matter. */
function sum(numbers: readonly number[]): number {
  let [total, lost] = [0, 0];
  for (const number of numbers) {
    const next = total + number;
    lost += Math.abs(total) >= Math.abs(number) ? total - next + number : number - next + total;
    total = next;
  }
  return total + lost;
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
  const mean = Math.round(sum(seconds) / seconds.length);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${two(Math.floor(mean / 3600))}:${two(Math.floor(mean / 60) % 60)}:${two(mean % 60)}Z`;
}

function secondsOf(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.slice(0, 8).split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}
