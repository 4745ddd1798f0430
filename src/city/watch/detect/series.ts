/** What the watch keeps of one series: some numbers, and what it has learnt. The size is fixed. */
import type { Micros } from '../../../core/model/instant.ts';
import { createOrdinary, type Learnt, nothingLearnt, type Ordinary } from './ordinary.ts';
import { createUsual, type Usual } from './usual.ts';
import type { Check, Fault } from './checks.ts';

export interface Series {
  /** The last value, when it was observed and when it arrived; NaN: there was none. */
  value: number;
  at: Micros;
  arrivedAt: Micros;
  /** The last value that had not changed too fast, and how many have since. */
  accepted: number;
  rejections: number;
  /** Since when, and for how many values, the value has been the same. */
  sameSince: Micros;
  sameCount: number;
  /** The typical pause between two arrivals; 0: unknown. */
  pause: Micros;
  /** How often the value has risen and fallen, up to a bound. */
  rises: number;
  falls: number;
  /** Since when values have been unusual, and how many were. */
  unusualSince: Micros;
  unusualCount: number;
  aloneSince: Micros;
  aloneCount: number;
  /** How many spreads the last value was away from the usual; NaN: unknown. */
  deviation: number;
  readonly ordinary: Ordinary;
  learnt: Learnt;
  readonly usual: Usual;
  /** The faults that the series has. Undefined: none. */
  faults: Map<Check, Fault> | undefined;
}

export const createSeries = (): Series => ({
  value: Number.NaN,
  at: Number.NaN,
  arrivedAt: Number.NaN,
  accepted: Number.NaN,
  rejections: 0,
  sameSince: Number.NaN,
  sameCount: 0,
  pause: 0,
  rises: 0,
  falls: 0,
  unusualSince: Number.NaN,
  unusualCount: 0,
  aloneSince: Number.NaN,
  aloneCount: 0,
  deviation: Number.NaN,
  ordinary: createOrdinary(),
  learnt: nothingLearnt,
  usual: createUsual(),
  faults: undefined,
});

/** Values after which a series that never fell is a counter, such as a register of a meter. */
const countsFrom = 48;

/** True for a series that only rises. */
export const isCounter = ({ rises, falls }: Series): boolean => falls === 0 && rises >= countsFrom;
