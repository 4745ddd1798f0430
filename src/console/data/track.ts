/** Finds what a value was at a past time. */
import type { Reading, Thing } from './entity.ts';
import { listOf } from './json.ts';

/** How far back the slider goes, and the length of its steps. */
export const spans = {
  day: { hours: 24, stepMinutes: 30, period: 'PT30M' },
  week: { hours: 168, stepMinutes: 240, period: 'PT4H' },
  month: { hours: 720, stepMinutes: 1440, period: 'P1D' },
} as const;
export type Span = keyof typeof spans;

const msPerMinute = 60_000;

/** The times between which the slider moves, in milliseconds, at ends of its steps. */
export function boundsOf(
  span: Span,
  now: number,
): { readonly from: number; readonly to: number; readonly step: number } {
  const step = spans[span].stepMinutes * msPerMinute;
  const to = Math.floor(now / step) * step;
  return { from: to - spans[span].hours * 60 * msPerMinute, to, step };
}

/** Values of one attribute of one entity, oldest first; times in milliseconds. */
export interface Track {
  readonly times: readonly number[];
  readonly values: readonly unknown[];
}

/** The last value at a time or before it; undefined when there is none. */
export function valueAt({ times, values }: Track, at: number): unknown {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return values[low - 1];
}

/** Reads pairs of value and time, as the temporal API lists them. */
export function trackOf(pairs: unknown): Track {
  const points = listOf(pairs)
    .map((pair) => listOf(pair))
    .map(([value, at]) => ({ value, at: Date.parse(String(at)) }))
    .filter(({ at }) => !Number.isNaN(at))
    .sort((a, b) => a.at - b.at);
  return { times: points.map(({ at }) => at), values: points.map(({ value }) => value) };
}

/** The entity with the value of a track at a time. What else was measured is left out, because its past is not known here. */
export function thingAt(thing: Thing, judged: Reading | undefined, value: unknown): Thing {
  const described = thing.readings.filter(({ observedAt }) => observedAt === undefined);
  const past = value === undefined || value === null || !judged ? [] : [{ ...judged, value, inner: [] }];
  const names = new Set(past.map(({ name }) => name));
  return {
    ...thing,
    readings: [...past, ...described.filter(({ name }) => name !== judged?.name || !names.has(name))],
  };
}
