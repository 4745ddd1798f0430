/** Points in time as clause 4.6.3 writes them, and as integers that can be compared and clustered. */

/** A checked UTC time, `YYYY-MM-DDThh:mm:ss[.f{1,6}]Z`, in the digits in which it was given. */
export type Instant = string;

/**
 * Microseconds since 1970-01-01T00:00:00Z. A double holds each of them from 1684 to 2255 (`isExact`); a time beyond stands at the
 * next one before it that it holds, at most 32 microseconds away, and only its text tells it from its neighbours.
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

/** The microseconds of a time in the standard's form; undefined when the text is not one or names no real day. */
export function microsOf(text: string): Micros | undefined {
  if (!shape.test(text)) return undefined;
  const [year, month, day] = [two(text, 0) * 100 + two(text, 2), two(text, 5), two(text, 8)];
  const [hours, minutes, seconds] = [two(text, 11), two(text, 14), two(text, 17)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(month, year) || hours > 23 || minutes > 59 || seconds > 59)
    return undefined;
  // Date.UTC takes years below 100 for those of the 20th century; the calendar repeats every 400 years.
  const millis = Date.UTC(year + 400, month - 1, day, hours, minutes, seconds) - millisIn400Years;
  return held(millis, text.length === secondsLength ? 0 : Number(text.slice(secondsLength, -1).padEnd(6, '0')));
}

/** The greatest number that a double holds and that is not greater. */
function held(millis: number, fraction: number): Micros {
  const micros = millis * 1000 + fraction;
  if (isExact(micros)) return micros;
  const exact = BigInt(millis) * 1000n + BigInt(fraction);
  const near = Number(exact);
  return BigInt(near) <= exact ? near : near - 2 ** (Math.floor(Math.log2(Math.abs(near))) - 52);
}

/** True for microseconds that a double tells from those beside them. */
export const isExact = (micros: Micros): boolean => Number.isSafeInteger(micros);

/** The microseconds of a checked time, also where a double does not hold them. */
export function exactMicros(instant: Instant): bigint {
  const micros = microsOfInstant(instant);
  if (isExact(micros)) return BigInt(micros);
  const millis = Date.parse(`${instant.slice(0, secondsLength - 1)}Z`);
  return BigInt(millis) * 1000n + BigInt(instant.slice(secondsLength, -1).padEnd(6, '0'));
}

/** Negative, zero or positive as the first of two checked times is before, at or after the second. */
export function compareInstants(a: Instant, b: Instant): number {
  const [one, other] = [microsOfInstant(a), microsOfInstant(b)];
  return one !== other || isExact(one) ? one - other : Number(exactMicros(a) - exactMicros(b));
}

/** Of a text without a fraction of a second; in others, the place where its digits begin. */
const secondsLength = 'YYYY-MM-DDThh:mm:ssZ'.length;

const millisIn400Years = 146_097 * 86_400_000;

function daysIn(month: number, year: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** The microseconds of a time that was checked before; NaN for anything else. */
export const microsOfInstant = (instant: Instant): Micros => microsOf(instant) ?? Number.NaN;

/** True when a time is written as `instantOf` writes it. */
export const isShortest = (instant: Instant): boolean =>
  (instant.length === secondsLength || (instant.charAt(secondsLength - 1) === '.' && instant.at(-2) !== '0')) &&
  isGivenBack(instant);

const isGivenBack = (instant: Instant): boolean => {
  const micros = microsOfInstant(instant);
  return isExact(micros) || instantOf(micros) === instant;
};

/** A time stamp of the broker's own: with three digits of a second at least. */
export function stampText(instant: Instant): Instant {
  if (instant.length >= stampLength) return instant;
  const seconds = instant.slice(0, secondsLength - 1);
  return `${seconds}.${instant.slice(secondsLength, -1).padEnd(3, '0')}Z`;
}

const stampLength = 'YYYY-MM-DDThh:mm:ss.mmmZ'.length;

/** The time stamp of microseconds, as `stampText` has it. */
export const stampOfMicros = (micros: Micros): Instant => stampText(instantOf(micros));

/** Hours and days of UTC. */
export const hourMicros = 3_600_000_000;
export const dayMicros = 24 * hourMicros;

/** The shortest text of a time: no fraction when it is zero, else as many digits as it needs. */
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

/** The day since 1970-01-01, also where the quotient is rounded up to the next one. */
function dayAt(micros: Micros): number {
  const day = Math.floor(micros / dayMicros);
  return day * dayMicros > micros ? day - 1 : day;
}

const twoDigits = (number: number): string => String(number).padStart(2, '0');

/** The minutes of a day, `Thh:mm:`: times are written by the ten thousand. */
const minutes = Array.from(
  { length: 1440 },
  (_, number) => `T${twoDigits(Math.floor(number / 60))}:${twoDigits(number % 60)}:`,
);
const wholeMinutes = minutes.map((text) => `${text}00Z`);

/** The dates of a few years; lists of times are of the same days, one after the other. */
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
