/** Defines the periods by which QuantumLeap and STH-Comet aggregate: units of the calendar in UTC. */
import { type Duration, microsBesideMonths } from '../../../language/duration.ts';
import { periodsFrom } from '../../../language/periods.ts';
import { hourMicros, type Micros } from '../../../model/instant.ts';
import { beginningOf } from '../../../model/numeric-summary.ts';
import type { Aggregation } from '../../../representation/aggregate.ts';

/** From the longest to the shortest. */
export const periodNames = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;
export type PeriodName = (typeof periodNames)[number];

const minuteMicros = hourMicros / 60;

export const durations: Readonly<Record<PeriodName, Duration>> = {
  year: { months: 12, days: 0, micros: 0 },
  month: { months: 1, days: 0, micros: 0 },
  day: { months: 0, days: 1, micros: 0 },
  hour: { months: 0, days: 0, micros: hourMicros },
  minute: { months: 0, days: 0, micros: minuteMicros },
  second: { months: 0, days: 0, micros: minuteMicros / 60 },
};

/** 0001-01-01T00:00:00Z: years and months are counted from a moment before all others. */
const firstYear: Micros = -62_135_596_800_000_000;

/** How a whole interval is aggregated: as one period. Its beginning has no meaning. */
export const wholeInterval = { periods: periodsFrom({ months: 0, days: 0, micros: 0 }), start: 0 };

/** How an interval is aggregated by periods, and the beginning of one from which the others are counted. */
export const dividedBy = (name: PeriodName): Pick<Aggregation, 'periods'> & { readonly start: Micros } => ({
  periods: periodsFrom(durations[name]),
  start: durations[name].months > 0 ? firstYear : 0,
});

/** The beginning of the period that contains a moment. */
export function beginningOfPeriod(at: Micros, name: PeriodName): Micros {
  const { months, ...shorter } = durations[name];
  if (months === 0) return beginningOf(at, microsBesideMonths(shorter));
  const date = new Date(Math.floor(at / 1000));
  return Date.UTC(date.getUTCFullYear(), name === 'year' ? 0 : date.getUTCMonth(), 1) * 1000;
}
