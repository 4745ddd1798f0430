/** Times as `q` and the values of properties write them: date and time, date alone, time alone (clause 4.6.3). */
import { type Micros, microsOf } from '../../model/instant.ts';

export type TimeForm = 'dateTime' | 'date' | 'time';

const digit = (text: string, at: number): boolean => text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57;

/** The form that a text seems to have, told by its length and separators: cheap, for most texts are no times. */
export function timeFormOf(text: string): TimeForm | undefined {
  if (text.length < 9 || text.length > 27 || !digit(text, 0)) return undefined;
  if (text[2] === ':') return 'time';
  if (text[4] !== '-') return undefined;
  return text.length === 10 ? 'date' : 'dateTime';
}

/**
 * The microseconds of a time in this form; undefined when the text is none. A date means its midnight, so that dates and
 * date-times lie on one line; a time alone counts from midnight.
 */
export function microsIn(form: TimeForm, text: string): Micros | undefined {
  if (form === 'dateTime') return microsOf(text);
  return microsOf(form === 'date' ? `${text}T00:00:00Z` : `1970-01-01T${text}`);
}

/** The microseconds of a stored text on the line of this form; undefined when it has no place there. */
export function microsBeside(form: TimeForm, text: string): Micros | undefined {
  const own = timeFormOf(text);
  return own === undefined || (own === 'time') !== (form === 'time') ? undefined : microsIn(own, text);
}
