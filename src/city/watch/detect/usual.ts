/**
 * Learns the usual value and spread of a series for each hour of the week: the median, and the median distance from it, of the hourly means
 * of the last weeks in this hour and the hours beside it.
 */
import { hourMicros, type Micros } from '../../../core/model/instant.ts';

const hoursOfWeek = 168;
/** How many weeks are kept. */
const weeksMax = 4;

export interface Usual {
  /** The hourly means by hour of the week, `weeksMax` each; NaN: none. Absent until there is one. */
  means: Float32Array | undefined;
  /** The hour that is being averaged, counted from 1970 in local time. */
  hour: number;
  sum: number;
  count: number;
  /** The typical spread of an hour, so that hours in which nothing ever happens do not make every value unusual; NaN: unknown. */
  typicalSpread: number;
  /** The hour for which `centre` and `spread` hold. */
  computedFor: number;
  centre: number;
  spread: number;
}

export const createUsual = (): Usual => ({
  means: undefined,
  hour: Number.NaN,
  sum: 0,
  count: 0,
  typicalSpread: Number.NaN,
  computedFor: Number.NaN,
  centre: Number.NaN,
  spread: Number.NaN,
});

/** The hour that contains a moment, counted from 1970. */
const hourOf = (localAt: Micros): number => Math.floor(localAt / hourMicros);

/** Adds a value that was found plausible. */
export function learnUsual(usual: Usual, localAt: Micros, value: number): void {
  const hour = hourOf(localAt);
  if (hour !== usual.hour) {
    keepHour(usual);
    usual.hour = hour;
    usual.sum = 0;
    usual.count = 0;
  }
  usual.sum += value;
  usual.count += 1;
}

function keepHour(usual: Usual): void {
  const { hour, sum, count } = usual;
  if (count === 0) return;
  usual.means ??= new Float32Array(hoursOfWeek * weeksMax).fill(Number.NaN);
  usual.means[placeOf(hour)] = sum / count;
}

const placeOf = (hour: number): number =>
  modulo(hour, hoursOfWeek) * weeksMax + modulo(Math.floor(hour / hoursOfWeek), weeksMax);

const modulo = (number: number, divisor: number): number => ((number % divisor) + divisor) % divisor;

/** How many hourly means the hour itself, and all hours together, must have. */
const [ownMin, allMin] = [2, 6];
/** Spreads below this part of the typical spread, and of the value, count as that much. */
const [typicalPart, valuePart] = [0.5, 0.01];
/** The ratio of the standard deviation of a normal distribution to its median distance. */
const perMedianDistance = 1.4826;

/** Computes `centre` and `spread` of the hour. Both are NaN when the hour is not known well enough. */
export function computeUsual(usual: Usual, localAt: Micros): void {
  const hour = hourOf(localAt);
  if (hour === usual.computedFor) return;
  usual.computedFor = hour;
  const means = meansAround(usual, hour);
  usual.centre = means.length < allMin ? Number.NaN : medianOf(means);
  usual.spread = Number.NaN;
  if (Number.isNaN(usual.centre)) return;
  const distances = means.map((mean) => Math.abs(mean - usual.centre)).sort((a, b) => a - b);
  const own = perMedianDistance * medianOf(distances);
  // Where most values are the same, as with rain, any other one would be far away.
  if (own === 0) return;
  usual.typicalSpread = Number.isNaN(usual.typicalSpread) ? own : usual.typicalSpread * 0.98 + own * 0.02;
  usual.spread = Math.max(own, typicalPart * usual.typicalSpread, valuePart * Math.abs(usual.centre));
}

/** The means of this hour of the week and of the hours beside it. A series that has no values there: of the same hour on all days. */
function meansAround({ means }: Usual, hour: number): readonly number[] {
  if (!means || meansIn(means, [hour]).length < ownMin) return [];
  const around = meansIn(means, [hour - 1, hour, hour + 1]);
  if (around.length >= allMin) return around;
  return meansIn(
    means,
    Array.from({ length: 7 }, (_, day) => hour + 24 * day),
  );
}

function meansIn(means: Float32Array, hours: readonly number[]): number[] {
  const found: number[] = [];
  for (const hour of hours) {
    const start = modulo(hour, hoursOfWeek) * weeksMax;
    for (let week = 0; week < weeksMax; week += 1) {
      const mean = means[start + week] ?? Number.NaN;
      if (!Number.isNaN(mean)) found.push(mean);
    }
  }
  return found.sort((a, b) => a - b);
}

/** The median of ascending numbers. */
function medianOf(ascending: readonly number[]): number {
  const half = ascending.length >> 1;
  const upper = ascending[half] ?? Number.NaN;
  return ascending.length % 2 === 1 ? upper : (upper + (ascending[half - 1] ?? Number.NaN)) / 2;
}
