/** Computes the periods of definitions: days and longer ones begin at midnight of a time zone. */
import { isZero, later, parseDuration } from '../../core/language/duration.ts';
import { calendarPeriods, type Periods } from '../../core/language/periods.ts';
import { type Interval, microsOf, type Micros } from '../../core/model/instant.ts';
import type { Definition } from './definition.ts';

/** Any earlier moment divides time in the same way, except for durations that do not divide their calendar unit. */
const firstMoment: Micros = microsOf('2000-01-03T00:00:00Z') ?? 0;

/** The period that contains a moment. */
export const periodAt = (periods: Periods, at: Micros): Interval => periods.spanAt(at, firstMoment);

/** The shortest period that results are computed for. */
const shortestMicros = 60_000_000;

/** Reads the attributes `period` and `timeZone`. Throws BadRequestData. */
export function readPeriods(definition: Definition, initial: { readonly period?: string } = {}): Periods {
  const text = definition.text('period') ?? initial.period ?? definition.requiredText('period');
  const duration = parseDuration(text);
  if (!duration || isZero(duration) || later(0, duration, 1) < shortestMicros)
    throw definition.problem('period', 'a duration of a minute or more, such as PT1H, P1D or P1M');
  return (
    definition.parsed('timeZone', (zone) => calendarPeriods(duration, zone)) ??
    calendarPeriods(duration, 'Europe/Ljubljana')
  );
}

/** Reads a duration such as PT2H in microseconds. Throws BadRequestData. */
export function readMicros(definition: Definition, term: string): Micros | undefined {
  return definition.parsed(term, (text) => {
    const duration = parseDuration(text);
    if (!duration) throw new Error('it is no duration such as PT2H');
    return later(0, duration, 1);
  });
}
