/** Reads durations of ISO 8601 and adds them to a moment (clauses 4.5.19, 4.6.3). */
import { dateMs } from '../model/calendar/offsets.ts';
import { dayMicros, type Micros } from '../model/instant.ts';

/** A duration. Years are twelve months, weeks seven days. */
export interface Duration {
  readonly months: number;
  readonly days: number;
  readonly micros: Micros;
}

const form =
  /^P(?:(\d+)W|(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,6})?)S)?)?)$/;

const secondMicros = 1_000_000;

/** The duration in a text such as `PT1H` or `P1M`; undefined when the text is invalid. */
export function parseDuration(text: string): Duration | undefined {
  const parts = text.length <= 64 && text !== 'P' ? form.exec(text) : null;
  if (!parts) return undefined;
  const number = (group: number): number => Number(parts[group] ?? 0);
  const days = number(1) * 7 + number(4);
  const micros = (number(5) * 3600 + number(6) * 60) * secondMicros + Math.round(number(7) * secondMicros);
  const months = number(2) * 12 + number(3);
  const isBounded = Number.isSafeInteger(days * dayMicros + micros) && months <= monthsMax;
  return isBounded ? { months, days, micros } : undefined;
}

/** Longer durations are invalid: ten thousand years. */
const monthsMax = 120_000;

export const isZero = ({ months, days, micros }: Duration): boolean => months === 0 && days === 0 && micros === 0;

/** The length of a duration in UTC, where a day has 24 hours, without its months. */
export const microsBesideMonths = ({ days, micros }: Pick<Duration, 'days' | 'micros'>): Micros =>
  days * dayMicros + micros;

/** A length that no duration is longer than by more than a month: months count as the mean month of the calendar. */
export const meanMicros = (duration: Duration): Micros =>
  duration.months * 30.436875 * dayMicros + microsBesideMonths(duration);

/**
 * The moment plus `times` durations. A day has 24 hours. Months keep the day of the month, or use the last day of a shorter month. The same
 * holds for local time when `moment` is one.
 */
export function later(moment: Micros, { months, ...shorter }: Duration, times: number): Micros {
  const micros = microsBesideMonths(shorter);
  if (months === 0) return moment + micros * times;
  const date = new Date(Math.floor(moment / 1000));
  const rest = moment - date.getTime() * 1000;
  const target = date.getUTCMonth() + months * times;
  const [year, month] = [date.getUTCFullYear() + Math.floor(target / 12), ((target % 12) + 12) % 12];
  const lastDay = new Date(dateMs(year, month + 1, 0)).getUTCDate();
  const time = date.getTime() % (dayMicros / 1000);
  const inDay = time < 0 ? time + dayMicros / 1000 : time;
  return (dateMs(year, month, Math.min(date.getUTCDate(), lastDay)) + inDay) * 1000 + rest + micros * times;
}

/** The number of the period that contains a moment, counted from 0 at `start`. The moment is not before `start`. */
export function periodOf(moment: Micros, start: Micros, duration: Duration): number {
  if (duration.months === 0) return Math.floor((moment - start) / microsBesideMonths(duration));
  let number = Math.max(0, Math.floor((moment - start) / meanMicros(duration)) - 1);
  while (later(start, duration, number + 1) <= moment) number += 1;
  return number;
}
