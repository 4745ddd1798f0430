/** Aggregates the instances of a history by periods (CIM 009 clause 4.5.19). */
import { isZero, meanMicros, microsBesideMonths } from '../language/duration.ts';
import type { TimeProperty } from '../language/filter.ts';
import type { Periods } from '../language/periods.ts';
import { compareTexts } from '../language/matches/matches-order.ts';
import { timeOf } from '../language/temporal-query.ts';
import { forEachInterruptible, type Interruptible } from '../model/interruptible.ts';
import type { HistoricInstance } from '../model/history.ts';
import {
  dayMicros,
  hourMicros,
  instantOf,
  type Interval,
  type Micros,
  microsOf,
  microsOfInstant,
} from '../model/instant.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { Problem } from '../model/problem.ts';
import type { RollupChoice, RollupPeriods } from '../model/rollup.ts';
import { sumOf, type NumericSummary, summaryOf, summarize } from '../model/numeric-summary.ts';
import { type AggregateMethod, isCounted, type Measure, measureOf, timeOfDay } from './applicable.ts';

export interface Aggregation {
  readonly methods: readonly AggregateMethod[];
  /** The periods; a duration of zero: one period over the whole history. */
  readonly periods: Periods;
  /** The first moment; absent: the first instance. */
  readonly start?: Micros;
  /** The end of the interval, for a period over the whole history; absent: the last instance. */
  readonly end?: Micros;
}

/**
 * The rollups that can replace instances in the answer, because none of them overlaps two periods. Undefined: instances are needed.
 */
export function rollupFor({ methods, periods, start }: Aggregation): RollupChoice | undefined {
  if (methods.includes('distinctCount')) return undefined;
  if (isZero(periods.duration)) return { longest: 'day' };
  const aligned = alignedSpan(periods, start);
  if (aligned === 'day') return { longest: 'day' };
  const cut = { ...(start === undefined ? undefined : { start }), isCut: cutBy(periods) };
  const mean = meanMicros(periods.duration);
  // At least one whole day in UTC is in each period.
  if (mean >= 2 * dayMicros + (periods.zone === undefined ? 0 : hourMicros)) return { longest: 'day', periods: cut };
  if (periods.zone !== undefined && mean >= hourMicros) return { longest: 'hour', periods: cut };
  return aligned && { longest: aligned };
}

/** The longest rollup in which no period in UTC begins. Undefined for a calendar too, whose offsets decide. */
function alignedSpan({ duration, zone }: Periods, start: Micros | undefined): 'day' | 'hour' | undefined {
  if (zone !== undefined) return undefined;
  const micros = microsBesideMonths(duration);
  const isAligned = (span: number): boolean => start !== undefined && start % span === 0 && micros % span === 0;
  if (isAligned(dayMicros)) return 'day';
  return isAligned(hourMicros) ? 'hour' : undefined;
}

const cutBy =
  (periods: Periods): RollupPeriods['isCut'] =>
  ({ from, to }, start) =>
    to - 1 >= start && periods.spanAt(to - 1, start).from > Math.max(from, start);

/**
 * Maximum number of results of one attribute: of periods, times methods. It prevents queries such as a century in periods of a second, and
 * all results are written in one piece.
 */
const resultsMax = 100_000;

/**
 * One member per method: `[result, from, to]` for every period with instances to which the method applies. Deletions do not count. The
 * instances must be ascending in time. Throws TooManyResults when there are too many periods.
 */
export function* aggregate(
  instances: readonly HistoricInstance[],
  timeproperty: TimeProperty,
  aggregation: Aggregation,
): Interruptible<JsonObject> {
  const collected = collectByPeriod(aggregation);
  yield* forEachInterruptible(instances, (instance) => {
    const { value, summaries } = instance;
    if (summaries) for (const summary of summaries) collected.put(summary);
    else {
      const time = timeOf(instance, { timeproperty });
      if (time !== undefined && isCounted(instance))
        collected.add({ at: microsOfInstant(time), value, measure: measureOf(instance) });
    }
  });
  return collected.results();
}

/** A period and its contents: numeric summaries from rollups, and instances. */
interface Period extends Interval {
  readonly summaries: NumericSummary[];
  readonly timed: Timed[];
}

interface Timed {
  readonly at: Micros;
  readonly value: Json;
  readonly measure: Measure;
}

interface Collected {
  put(summary: NumericSummary): void;
  add(timed: Timed): void;
  /** The member of each method. Call it after all contents are added. */
  results(): JsonObject;
}

/** Expects contents in ascending order, and computes each period when the next one begins. */
function collectByPeriod({ methods, periods, start, end }: Aggregation): Collected {
  const members = methods.map((method) => ({ method, rows: new Array<Json>() }));
  let first = start;
  let open: Period | undefined;
  let count = 0;
  let last = { to: -Infinity, text: '' };
  const close = (): void => {
    if (!open) return;
    const contents = contentsOf(open);
    // Most periods begin where the previous one ended: reuse its text.
    const from = last.to === open.from ? last.text : instantOf(open.from);
    const to = instantOf(open.to === Infinity ? (end ?? lastIn(open)) : open.to);
    last = { to: open.to, text: to };
    for (const { method, rows } of members) {
      const result = resultOf(method, contents);
      if (result !== undefined) rows.push([result, from, to]);
    }
  };
  const begin = (at: Micros, summaries: NumericSummary[], timed: Timed[]): void => {
    close();
    count += 1;
    if (count * methods.length > resultsMax) throw tooManyPeriods(methods.length);
    first ??= at;
    open = { ...spanAt(at, first, periods), summaries, timed };
  };
  return {
    put(summary) {
      if (open && summary.first < open.to) open.summaries.push(summary);
      else begin(summary.first, [summary], []);
    },
    add(timed) {
      if (open && timed.at < open.to) open.timed.push(timed);
      else begin(timed.at, [], [timed]);
    },
    results() {
      close();
      return Object.fromEntries(members.map(({ method, rows }) => [method, rows]));
    },
  };
}

/** The period of a moment. */
const spanAt = (at: Micros, first: Micros, periods: Periods): Interval =>
  isZero(periods.duration) ? { from: first, to: Infinity } : periods.spanAt(at, first);

const tooManyPeriods = (methods: number): Problem =>
  new Problem(
    'TooManyResults',
    `The aggregation has more than ${Math.floor(resultsMax / methods)} periods by ${methods} methods; make aggrPeriodDuration longer.`,
  );

const lastIn = ({ from, summaries, timed }: Period): Micros =>
  Math.max(from, summaries.at(-1)?.last ?? from, timed.at(-1)?.at ?? from);

/** The contents of a period, prepared for all methods. */
interface Contents extends Pick<Period, 'summaries' | 'timed'> {
  /** `numbers`: summary of numbers and booleans. `measures`: of these and the sizes of arrays. */
  readonly numbers: NumericSummary | undefined;
  readonly measures: NumericSummary | undefined;
  readonly texts: readonly string[];
}

const none: readonly string[] = [];

function contentsOf({ summaries, timed }: Period): Contents {
  if (timed.length === 0) {
    const numbers = summarize(summaries);
    return { summaries, timed, numbers, measures: numbers, texts: none };
  }
  const [numbers, sizes, texts] = [[...summaries], new Array<NumericSummary>(), new Array<string>()];
  for (const { at, measure } of timed) {
    if (measure.sort === 'number') numbers.push(summaryOf(measure.number, at));
    else if (measure.sort === 'size') sizes.push(summaryOf(measure.number, at));
    else if (measure.sort === 'text') texts.push(measure.text);
  }
  const together = (some: readonly NumericSummary[]): NumericSummary | undefined =>
    summarize(some.toSorted((a, b) => a.first - b.first));
  const summary = together(numbers);
  const measures = sizes.length === 0 ? summary : together([...numbers, ...sizes]);
  return { summaries, timed, numbers: summary, measures, texts };
}

function resultOf(method: AggregateMethod, { summaries, timed, numbers, measures, texts }: Contents): Json | undefined {
  if (method === 'totalCount') return summaries.reduce((all, { count }) => all + count, timed.length);
  if (method === 'distinctCount') return new Set(timed.map(({ value }) => JSON.stringify(value))).size;
  const summary = method === 'stddev' || method === 'sumsq' ? numbers : measures;
  if (summary) return ofNumbers(method, summary);
  return method === 'min' || method === 'max' ? extreme(method, texts) : averageTime(method, texts);
}

function ofNumbers(
  method: Exclude<AggregateMethod, 'totalCount' | 'distinctCount'>,
  { count, sum, squares, spread, least, most }: NumericSummary,
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

/** The smallest or largest text; date-times are compared as moments. */
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
  return compareTexts(a, b);
}

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
