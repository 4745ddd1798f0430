/** Computes local time in Kranj: summer time, weekdays and holidays, without the time zone database of the machine. */

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

/** The local time and date in Kranj. */
export interface LocalTime {
  /** Hours since midnight, with fraction. */
  readonly hour: number;
  /** 0 on 1 January, with fraction. */
  readonly dayOfYear: number;
  /** False on Saturdays, Sundays and public holidays. */
  readonly isWorkday: boolean;
  readonly isSunday: boolean;
}

/** Public holidays of Slovenia with a fixed date, as month and day. */
const holidays = new Set([
  '1-1',
  '1-2',
  '2-8',
  '4-27',
  '5-1',
  '5-2',
  '6-25',
  '8-15',
  '10-31',
  '11-1',
  '12-25',
  '12-26',
]);

/** Values that are constant for a local day. */
interface Day {
  readonly number: number;
  readonly firstOfYear: EpochMs;
  readonly isWorkday: boolean;
  readonly isSunday: boolean;
}

/** A year (UTC) with its summer time. */
interface Year {
  readonly begins: EpochMs;
  readonly ends: EpochMs;
  readonly summerBegins: EpochMs;
  readonly summerEnds: EpochMs;
}

// Callers go through time day by day, so caching the last day and year almost always hits.
let lastDay = dayOf(0);
let lastYear = yearOf(0);

export function localTime(at: EpochMs): LocalTime {
  const local = at + offsetMs(at);
  const number = Math.floor(local / dayMs);
  if (lastDay.number !== number) lastDay = dayOf(number);
  const { firstOfYear, isWorkday, isSunday } = lastDay;
  return { hour: (local % dayMs) / hourMs, dayOfYear: (local - firstOfYear) / dayMs, isWorkday, isSunday };
}

function dayOf(number: number): Day {
  const date = new Date(number * dayMs);
  const weekday = date.getUTCDay();
  const isHoliday = holidays.has(`${date.getUTCMonth() + 1}-${date.getUTCDate()}`);
  return {
    number,
    firstOfYear: Date.UTC(date.getUTCFullYear(), 0, 1),
    isWorkday: weekday !== 0 && weekday !== 6 && !isHoliday,
    isSunday: weekday === 0 || isHoliday,
  };
}

/** The offset of local time from UTC: two hours from the last Sunday of March to that of October (01:00 UTC), else one. */
function offsetMs(at: EpochMs): number {
  if (at < lastYear.begins || at >= lastYear.ends) lastYear = yearOf(at);
  return at >= lastYear.summerBegins && at < lastYear.summerEnds ? 2 * hourMs : hourMs;
}

function yearOf(at: EpochMs): Year {
  const year = new Date(at).getUTCFullYear();
  return {
    begins: Date.UTC(year, 0, 1),
    ends: Date.UTC(year + 1, 0, 1),
    summerBegins: lastSunday(year, 2),
    summerEnds: lastSunday(year, 9),
  };
}

/** 01:00 UTC on the last Sunday of a month with 31 days. */
function lastSunday(year: number, month: number): EpochMs {
  const last = Date.UTC(year, month, 31, 1);
  return last - new Date(last).getUTCDay() * dayMs;
}
