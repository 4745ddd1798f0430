/** Reads durations of ISO 8601 and adds them to a moment (clauses 4.5.19, 4.6.3). */
import { dayMicros, type Micros } from '../model/instant.ts';

/** A duration in months and microseconds. Years are twelve months; weeks and days have 24 hours per day. */
export interface Duration {
  readonly months: number;
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
  const micros =
    days * dayMicros + (number(5) * 3600 + number(6) * 60) * secondMicros + Math.round(number(7) * secondMicros);
  const months = number(2) * 12 + number(3);
  return Number.isSafeInteger(micros) && months <= monthsMax ? { months, micros } : undefined;
}

/** Longer durations are invalid: ten thousand years. */
const monthsMax = 120_000;

export const isZero = ({ months, micros }: Duration): boolean => months === 0 && micros === 0;

/** The moment plus `times` durations. Months keep the day of the month, or use the last day of a shorter month. */
export function later(moment: Micros, { months, micros }: Duration, times: number): Micros {
  if (months === 0) return moment + micros * times;
  const date = new Date(Math.floor(moment / 1000));
  const rest = moment - date.getTime() * 1000;
  const target = date.getUTCMonth() + months * times;
  const [year, month] = [date.getUTCFullYear() + Math.floor(target / 12), ((target % 12) + 12) % 12];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const time = date.getTime() % (dayMicros / 1000);
  const inDay = time < 0 ? time + dayMicros / 1000 : time;
  return (Date.UTC(year, month, Math.min(date.getUTCDate(), lastDay)) + inDay) * 1000 + rest + micros * times;
}

/** The number of the period that contains a moment, counted from 0 at `start`. The moment is not before `start`. */
export function periodOf(moment: Micros, start: Micros, duration: Duration): number {
  if (duration.months === 0) return Math.floor((moment - start) / duration.micros);
  const average = duration.months * 30.436875 * dayMicros + duration.micros;
  let number = Math.max(0, Math.floor((moment - start) / average) - 1);
  while (later(start, duration, number + 1) <= moment) number += 1;
  return number;
}
