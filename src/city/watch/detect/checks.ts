/** Names the checks of the watch, and what a rule asks of the values of a series. */
import type { Micros } from '../../../core/model/instant.ts';

/**
 * `range`: outside the bounds. `rate`: changed too fast. `flatLine`: has not changed for too long. `silence`: nothing arrives.
 * `duplicateTime`: the same value for the same time again. `futureTime`: a time ahead of the clock. `history`: far from what the same hour of
 * the week brought before. `neighbours`: the same, while the neighbours are as usual.
 */
export const checks = [
  'range',
  'rate',
  'flatLine',
  'silence',
  'duplicateTime',
  'futureTime',
  'history',
  'neighbours',
] as const;
export type Check = (typeof checks)[number];

/** What is asked of one series. An absent member is learnt from the series itself, or not asked. */
export interface Limits {
  readonly checks: ReadonlySet<Check>;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  /** The largest change per hour. */
  readonly ratePerHour?: number | undefined;
  /** How long values may stay the same. */
  readonly flatMicros?: Micros | undefined;
  /** How often values should arrive. */
  readonly intervalMicros?: Micros | undefined;
  /** Neighbours are at most this far away. */
  readonly neighbourMetres?: number | undefined;
  /** How many times the usual spread a value may be away from the usual. */
  readonly deviations: number;
  /** The offset of the local time from UTC, in which hours of the week are counted. */
  readonly offsetAt: (at: Micros) => Micros;
}

/** One value of a series. `at` is when it was observed, `arrivedAt` when it reached the broker. */
export interface Observation {
  readonly value: number;
  readonly at: Micros;
  readonly arrivedAt: Micros;
}

/** What is wrong with a value, or with its absence. */
export interface Finding {
  readonly check: Check;
  /** Since when. */
  readonly since: Micros;
  /** The bounds that were expected. */
  readonly low?: number;
  readonly high?: number;
  /** From 0 (cannot be) to 1 (as usual): the part of the deviation that was to be expected. */
  readonly plausibility: number;
}

/** A fault that lasts. */
export interface Fault {
  readonly finding: Finding;
  /** The number of faulty values. */
  count: number;
  /** The last faulty value; NaN: none, as with silence. */
  value: number;
  /** When the last faulty value was observed. */
  lastAt: Micros;
  /** The number of good values since. */
  good: number;
}
