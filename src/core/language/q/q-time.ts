/** Reads times in `q` and in values of properties: date and time, date, or time of day (clause 4.6.3), or with an offset. */
import { dayMicros, type Micros, microsOf } from '../../model/instant.ts';

export type TimeForm = 'dateTime' | 'date' | 'time';

const digit = (text: string, at: number): boolean => text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57;

/** The length of the longest form, with a fraction and an offset. */
const longest = 'YYYY-MM-DDThh:mm:ss.ffffff+hh:mm'.length;

/** The probable form of a text, by its length and separators. This check is cheap, because most texts are not times. */
export function timeFormOf(text: string): TimeForm | undefined {
  if (text.length < 9 || text.length > longest || !digit(text, 0)) return undefined;
  if (text[2] === ':') return 'time';
  if (text[4] !== '-') return undefined;
  return text.length === 10 ? 'date' : 'dateTime';
}

/**
 * The microseconds of a time in this form; undefined when the text is invalid. A date means its midnight, so dates and date-times can be
 * compared. A time of day counts from midnight. An offset is converted to UTC.
 */
export function microsIn(form: TimeForm, text: string): Micros | undefined {
  if (form === 'date') return microsOf(`${text}T00:00:00Z`);
  const date = form === 'time' ? '1970-01-01T' : '';
  if (text.endsWith('Z')) return microsOf(date + text);
  const match = withOffset.exec(text);
  const micros = match && microsOf(`${date}${match[1]}Z`);
  if (match === null || micros === undefined || micros === null) return undefined;
  const utc = micros - offsetIn(match);
  return form === 'time' ? (utc + dayMicros) % dayMicros : utc;
}

const withOffset = /^(.+)([+-])([01]\d|2[0-3])(?::?([0-5]\d))?$/;

const offsetIn = ([, , sign, hours, minutes = '0']: RegExpExecArray): Micros =>
  (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000_000;

/** The microseconds of a stored text, for a comparison with a time of this form; undefined when they cannot be compared. */
export function microsBeside(form: TimeForm, text: string): Micros | undefined {
  const own = timeFormOf(text);
  return own === undefined || (own === 'time') !== (form === 'time') ? undefined : microsIn(own, text);
}

/** True for a text that looks like a time, valid or not: a date followed by an hour, or a time of day with seconds. */
export const looksLikeTime = (text: string): boolean => meant.test(text);

const meant = /^\d{4}-\d{2}-\d{2}[Tt ]\d|^\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:[Zz]|[ +-]\d{2}(?::?\d{2})?)?$/;
