/** Reads the dates of requests to QuantumLeap and STH-Comet, and writes the times of their answers. */
import type { TemporalQuery } from '../../../language/filter.ts';
import { instantOf, type Micros, microsOfInstant } from '../../../model/instant.ts';
import { dateText, readDate } from '../../../v2/date.ts';

/** A part of time. Both bounds are inclusive, as far as a millisecond; an absent one does not limit it. */
export interface Bounds {
  readonly from?: Micros | undefined;
  readonly to?: Micros | undefined;
}

/** A time in any form of v2, perhaps in quotation marks. A plus sign that was not encoded arrives as a blank. Undefined: no time. */
export function readTime(text: string): Micros | undefined {
  const date = readDate(
    text
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .replace(/ (?=\d{2}:?\d{2}$)/, '+'),
  );
  return date === undefined ? undefined : microsOfInstant(date);
}

const millisecond = 1000;

/**
 * The query of an interval. The instant of an instance is its `observedAt`, or the time of its write. Answers show milliseconds, so the
 * whole last millisecond belongs to the interval. Undefined: nothing lies in it.
 */
export function temporalOf({ from, to }: Bounds): TemporalQuery | undefined {
  const timeproperty = 'any';
  if (to === undefined) return from === undefined ? { timeproperty } : { timeproperty, timerel: 'after', timeAt: from };
  const end = to + millisecond;
  if (from === undefined) return { timeproperty, timerel: 'before', timeAt: end };
  return from < end ? { timeproperty, timerel: 'between', timeAt: from, endTimeAt: end } : undefined;
}

/** The time with three decimals, such as `2016-10-01T00:00:00.000Z`. */
export const timeText = (at: Micros): string => dateText(instantOf(at));

/** The time as QuantumLeap writes it: `2016-10-01T00:00:00.000+00:00`. */
export const indexText = (at: Micros): string => timeText(at).replace(/Z$/, '+00:00');
