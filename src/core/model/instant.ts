/** Converts points in time between the text form of clause 4.6.3 and integers that can be compared and sorted. */

/** A validated UTC time, `YYYY-MM-DDThh:mm:ss[.f{1,6}]Z`, with the digits that the client gave. */
export type Instant = string;

/**
 * Microseconds since 1970-01-01T00:00:00Z. A double represents each integer exactly from 1684 to 2255 (`isExact`). A time outside that
 * range is rounded down to the next double, at most 32 microseconds earlier; only its text distinguishes it from its neighbours.
 */
export type Micros = number;

/** A half-open interval of time; its ends may be infinite. */
export interface Interval {
  readonly from: Micros;
  readonly to: Micros;
}

const shape = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?Z$/;

/** Two digits of a text as a number. */
const two = (text: string, at: number): number => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528;

/** The microseconds of a time in the standard's form; undefined when the text has another form or is not a real date. */
export function microsOf(text: string): Micros | undefined {
  if (!shape.test(text)) return undefined;
  const [year, month, day] = [two(text, 0) * 100 + two(text, 2), two(text, 5), two(text, 8)];
  const [hours, minutes, seconds] = [two(text, 11), two(text, 14), two(text, 17)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(month, year) || hours > 23 || minutes > 59 || seconds > 59)
    return undefined;
  // Date.UTC maps years below 100 to the 20th century. The calendar repeats every 400 years.
  const millis = Date.UTC(year + 400, month - 1, day, hours, minutes, seconds) - millisIn400Years;
  return held(millis, text.length === secondsLength ? 0 : Number(text.slice(secondsLength, -1).padEnd(6, '0')));
}

/** The greatest double that is not greater than the exact time. */
function held(millis: number, fraction: number): Micros {
  const micros = millis * 1000 + fraction;
  if (isExact(micros)) return micros;
  const exact = BigInt(millis) * 1000n + BigInt(fraction);
  const near = Number(exact);
  return BigInt(near) <= exact ? near : near - 2 ** (Math.floor(Math.log2(Math.abs(near))) - 52);
}

/** True for a text that is a time in the standard's form. For documents that were stored. */
export const isInstant = (value: unknown): value is Instant =>
  typeof value === 'string' && microsOf(value) !== undefined;

/** True when a double represents this number of microseconds exactly. */
export const isExact = (micros: Micros): boolean => Number.isSafeInteger(micros);

/** The exact microseconds of a validated time, also outside the range of doubles. */
export function exactMicros(instant: Instant): bigint {
  const micros = microsOfInstant(instant);
  if (isExact(micros)) return BigInt(micros);
  const millis = Date.parse(`${instant.slice(0, secondsLength - 1)}Z`);
  return BigInt(millis) * 1000n + BigInt(instant.slice(secondsLength, -1).padEnd(6, '0'));
}

/** Negative, zero or positive when the first validated time is before, at or after the second. */
export function compareInstants(a: Instant, b: Instant): number {
  const [one, other] = [microsOfInstant(a), microsOfInstant(b)];
  return one !== other || isExact(one) ? one - other : Number(exactMicros(a) - exactMicros(b));
}

/** The length of a text without a fraction of a second. In other texts, the offset of the fraction's first digit. */
const secondsLength = 'YYYY-MM-DDThh:mm:ssZ'.length;

const millisIn400Years = 146_097 * 86_400_000;

function daysIn(month: number, year: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** The microseconds of a validated time; NaN for any other text. */
export const microsOfInstant = (instant: Instant): Micros => microsOf(instant) ?? Number.NaN;

/** True when the text is the same as the result of `instantOf`. */
export const isShortest = (instant: Instant): boolean =>
  (instant.length === secondsLength || (instant.charAt(secondsLength - 1) === '.' && instant.at(-2) !== '0')) &&
  isGivenBack(instant);

const isGivenBack = (instant: Instant): boolean => {
  const micros = microsOfInstant(instant);
  return isExact(micros) || instantOf(micros) === instant;
};

/** A time stamp set by the broker: at least three digits of fraction. */
export function stampText(instant: Instant): Instant {
  if (instant.length >= stampLength) return instant;
  const seconds = instant.slice(0, secondsLength - 1);
  return `${seconds}.${instant.slice(secondsLength, -1).padEnd(3, '0')}Z`;
}

const stampLength = 'YYYY-MM-DDThh:mm:ss.mmmZ'.length;

/** The time stamp of these microseconds, in the form of `stampText`. */
export const stampOfMicros = (micros: Micros): Instant => stampText(instantOf(micros));

/** The length of an hour and of a day in UTC. */
export const hourMicros = 3_600_000_000;
export const dayMicros = 24 * hourMicros;

/** The shortest text of a time: no fraction when it is zero, otherwise only the necessary digits. */
export function instantOf(micros: Micros): Instant {
  const day = dayAt(micros);
  const inDay = micros - day * dayMicros;
  const minute = Math.floor(inDay / 60_000_000);
  const inMinute = inDay - minute * 60_000_000;
  if (inMinute === 0) return `${dateOf(day)}${wholeMinutes[minute]}`;
  const second = Math.floor(inMinute / 1_000_000);
  const fraction = inMinute - second * 1_000_000;
  const text = `${dateOf(day)}${minutes[minute]}${twoDigits(second)}`;
  if (fraction === 0) return `${text}Z`;
  return `${text}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}Z`;
}

/** The day since 1970-01-01. Corrects a quotient that is rounded up to the next day. */
function dayAt(micros: Micros): number {
  const day = Math.floor(micros / dayMicros);
  return day * dayMicros > micros ? day - 1 : day;
}

const twoDigits = (number: number): string => String(number).padStart(2, '0');

/** Precomputed texts `Thh:mm:` of all minutes of a day, because requests format thousands of times. */
const minutes = Array.from(
  { length: 1440 },
  (_, number) => `T${twoDigits(Math.floor(number / 60))}:${twoDigits(number % 60)}:`,
);
const wholeMinutes = minutes.map((text) => `${text}00Z`);

/** A cache of date texts. Lists of times mostly contain consecutive times of the same days. */
const dates = new Map<number, string>();
const datesMax = 1500;

/** The date of a day since 1970-01-01. */
function dateOf(day: number): string {
  const known = dates.get(day);
  if (known !== undefined) return known;
  const date = new Date(day * 86_400_000).toISOString().slice(0, -'Thh:mm:ss.mmmZ'.length);
  if (dates.size >= datesMax) dates.clear();
  dates.set(day, date);
  return date;
}
