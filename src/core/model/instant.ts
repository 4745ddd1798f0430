/** Points in time as clause 4.6.3 writes them, and as integers that can be compared and clustered. */

/** A checked UTC time, `YYYY-MM-DDThh:mm:ss[.f{1,6}]Z`, in the digits in which it was given. */
export type Instant = string;

/** Microseconds since 1970-01-01T00:00:00Z. Exact in a double until the year 2255. */
export type Micros = number;

const shape = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,6}))?Z$/;

/** The microseconds of a time in the standard's form; undefined when the text is not one or names no real day. */
export function microsOf(text: string): Micros | undefined {
  const parts = shape.exec(text);
  if (!parts) return undefined;
  const millis = Date.parse(`${text.slice(0, 19)}Z`);
  // Date.parse rolls 30 February over on some engines, so the day is compared with what came out.
  if (Number.isNaN(millis) || new Date(millis).toISOString().slice(0, 19) !== text.slice(0, 19)) return undefined;
  return millis * 1000 + Number((parts[7] ?? '').padEnd(6, '0'));
}

/** The microseconds of a time that was checked before; NaN for anything else. */
export const microsOfInstant = (instant: Instant): Micros => microsOf(instant) ?? Number.NaN;

/** The shortest text of a time: no fraction when it is zero, else as many digits as it needs. */
export function instantOf(micros: Micros): Instant {
  const fraction = ((micros % 1_000_000) + 1_000_000) % 1_000_000;
  const seconds = new Date((micros - fraction) / 1000).toISOString().slice(0, 19);
  if (fraction === 0) return `${seconds}Z`;
  return `${seconds}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}Z`;
}
