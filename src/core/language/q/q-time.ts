/** Times as `q` and the values of properties write them: date and time, date alone, time alone (clause 4.6.3), or with an offset (conflict 43). */
import { dayMicros, type Micros, microsOf } from '../../model/instant.ts';

export type TimeForm = 'dateTime' | 'date' | 'time';

const digit = (text: string, at: number): boolean => text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57;

/** The length of the longest text, which has a fraction and an offset. */
const longest = 'YYYY-MM-DDThh:mm:ss.ffffff+hh:mm'.length;

/** The form that a text seems to have, told by its length and separators: cheap, for most texts are no times. */
export function timeFormOf(text: string): TimeForm | undefined {
  if (text.length < 9 || text.length > longest || !digit(text, 0)) return undefined;
  if (text[2] === ':') return 'time';
  if (text[4] !== '-') return undefined;
  return text.length === 10 ? 'date' : 'dateTime';
}

/**
 * The microseconds of a time in this form; undefined when the text is none. A date means its midnight, so that dates and
 * date-times lie on one line; a time alone counts from midnight. An offset is converted to UTC.
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

/** The microseconds of a stored text on the line of this form; undefined when it has no place there. */
export function microsBeside(form: TimeForm, text: string): Micros | undefined {
  const own = timeFormOf(text);
  return own === undefined || (own === 'time') !== (form === 'time') ? undefined : microsIn(own, text);
}

/** True for what is meant as a time, be it one or not: a day with an hour behind it, or a clock time to the second. */
export const looksLikeTime = (text: string): boolean => meant.test(text);

const meant = /^\d{4}-\d{2}-\d{2}[Tt ]\d|^\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:[Zz]|[ +-]\d{2}(?::?\d{2})?)?$/;
