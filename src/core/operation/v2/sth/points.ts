/** Computes the points of STH-Comet: aggregates of a series by periods of the calendar. */
import type { HistoricInstance } from '../../../model/history.ts';
import { forEachInterruptible, type Interruptible } from '../../../model/interruptible.ts';
import { timeOf } from '../../../language/temporal-query.ts';
import { type Micros, microsOfInstant } from '../../../model/instant.ts';
import type { Json, JsonObject } from '../../../model/json.ts';
import { type NumericSummary, summarize, summaryOf } from '../../../model/numeric-summary.ts';
import { microsBesideMonths } from '../../../language/duration.ts';
import { timeText } from '../history/interval.ts';
import { beginningOfPeriod, durations, type PeriodName } from '../history/periods.ts';
import type { Resolution, SthMethod } from './request.ts';

/** How points are computed. */
export interface PointsPlan {
  readonly attrName: string;
  readonly methods: ReadonlySet<SthMethod>;
  readonly resolution: Resolution;
}

/** The unit that the points of a resolution are counted in: the next larger one. */
const originOf: Readonly<Record<Resolution, PeriodName>> = {
  month: 'year',
  day: 'month',
  hour: 'day',
  minute: 'hour',
  second: 'minute',
};

/** What is known of one period. */
interface Point {
  readonly numbers: NumericSummary[];
  readonly occurrences: Map<string, number>;
}

/** One element for each origin, with the points that have samples. The instances ascend in time. */
export function* pointsOf(
  instances: readonly HistoricInstance[],
  plan: PointsPlan,
): Interruptible<readonly JsonObject[]> {
  const points = new Map<Micros, Point>();
  yield* forEachInterruptible(instances, (instance) => {
    const { summaries } = instance;
    if (summaries) for (const summary of summaries) pointAt(points, summary.first, plan).numbers.push(summary);
    else add(points, instance, plan);
  });
  const origins = new Map<Micros, (readonly [at: Micros, point: Point])[]>();
  yield* forEachInterruptible(points, ([at, point]) => {
    const origin = beginningOfPeriod(at, originOf[plan.resolution]);
    const own = origins.get(origin) ?? [];
    own.push([at, point]);
    origins.set(origin, own);
  });
  const shown: JsonObject[] = [];
  const inOrder = [...origins].sort(([a], [b]) => a - b);
  for (const [origin, own] of inOrder) {
    const offsets = own
      .sort(([a], [b]) => a - b)
      .map(([at, point]) => ({ offset: offsetOf(at, origin, plan.resolution), ...resultsOf(point, plan.methods) }));
    shown.push({
      _id: { attrName: plan.attrName, origin: timeText(origin), resolution: plan.resolution },
      points: offsets,
    });
    yield;
  }
  return shown;
}

function pointAt(points: Map<Micros, Point>, at: Micros, { resolution }: PointsPlan): Point {
  const beginning = beginningOfPeriod(at, resolution);
  const point = points.get(beginning) ?? { numbers: [], occurrences: new Map() };
  points.set(beginning, point);
  return point;
}

/** Numbers are summed, and so are texts that are numbers. Other texts are counted; values with members are neither. */
function add(points: Map<Micros, Point>, instance: HistoricInstance, plan: PointsPlan): void {
  const time = timeOf(instance, { timeproperty: 'any' });
  if (time === undefined) return;
  const at = microsOfInstant(time);
  const value = scalarOf(instance.value);
  if (value === undefined) return;
  const number = numberIn(value, plan.methods.has('occur'));
  const point = pointAt(points, at, plan);
  if (number !== undefined) point.numbers.push(summaryOf(number, at));
  else point.occurrences.set(String(value), (point.occurrences.get(String(value)) ?? 0) + 1);
}

function scalarOf(value: Json): string | number | boolean | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

/** A boolean is 0 or 1, as in rollups, unless occurrences are asked for. */
function numberIn(value: string | number | boolean, countsTexts: boolean): number | undefined {
  if (typeof value === 'boolean') return countsTexts ? undefined : Number(value);
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** Days and months are counted from 1, shorter units from 0. */
function offsetOf(at: Micros, origin: Micros, resolution: Resolution): number {
  if (resolution === 'month') return new Date(at / 1000).getUTCMonth() + 1;
  const number = Math.round((at - origin) / microsBesideMonths(durations[resolution]));
  return resolution === 'day' ? number + 1 : number;
}

function resultsOf({ numbers, occurrences }: Point, methods: ReadonlySet<SthMethod>): JsonObject {
  const summary = summarize(numbers);
  const counted = [...occurrences.values()].reduce((sum, count) => sum + count, 0);
  const results: Readonly<Record<SthMethod, Json | undefined>> = {
    min: summary?.least,
    max: summary?.most,
    sum: summary?.sum,
    sum2: summary?.squares,
    occur: occurrences.size > 0 ? occurrencesOf(occurrences) : undefined,
  };
  const asked = [...methods].flatMap((method) => {
    const result = results[method];
    return result === undefined ? [] : [[method, result] as const];
  });
  return { samples: (summary?.count ?? 0) + counted, ...Object.fromEntries(asked) };
}

/** Names of members have full-width forms of the two characters that MongoDB forbids there. */
const occurrencesOf = (occurrences: ReadonlyMap<string, number>): JsonObject =>
  Object.fromEntries(
    [...occurrences].map(([text, count]) => [text.replaceAll('$', '\uFF04').replaceAll('.', '\uFF0E'), count]),
  );
