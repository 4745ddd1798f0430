/** Reads the dates of NGSI v2, which have more forms than those of NGSI-LD, and writes them in the only form of its output. */
import { type Instant, microsOf, stampOfMicros } from '../model/instant.ts';

const shape = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,9}))?)?)?(.*))?$/;
const zone = /^(?:Z?|([+-])(\d{2})(?::?([0-5]\d))?)$/;

/** The time in UTC with three decimals, such as `2016-10-01T00:00:00.000Z`. Undefined when the text is no date. */
export function readDate(text: string): Instant | undefined {
  const parts = shape.exec(text) ?? [];
  const [ahead, local] = [microsAhead(parts[6] ?? ''), microsOf(localText(parts))];
  if (ahead === undefined || local === undefined) return undefined;
  const utc = stampOfMicros(local - ahead);
  return microsOf(utc) === undefined ? undefined : utc;
}

const localText = ([
  ,
  day = '',
  hours = '00',
  minutes = '00',
  seconds = '00',
  fraction = '',
]: readonly string[]): string => `${day}T${hours}:${minutes}:${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;

/** The microseconds by which the clocks of a zone are ahead of UTC; undefined when the text is no zone. */
function microsAhead(text: string): number | undefined {
  const parts = zone.exec(text);
  if (!parts) return undefined;
  const [, sign, hours = '0', minutes = '0'] = parts;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000_000;
}

/** A time of the model in the form of v2: three decimals. */
export const dateText = (instant: Instant): Instant => readDate(instant) ?? instant;
