/** Converts local times to UTC: fixed offsets, and time zones with summer time. */
import { RowError } from './row-error.ts';

/** A local time. `asUtcMs` are the milliseconds of the same date and time in UTC. */
interface WallTime {
  readonly asUtcMs: number;
  /** The text in the file, for messages. */
  readonly text: string;
}

/**
 * The moments of a local time, in milliseconds since 1970 (UTC): one, or two in the repeated hour when summer time ends, the earlier first.
 * Throws a RowFlaw for a time that the start of summer time skips.
 */
export type ToUtc = (time: WallTime) => readonly [earlier: number, later?: number];

/** Selects one of two such moments. */
export type ChooseMoment = (earlier: number, later: number) => number;

export const hourMs = 3_600_000;

/**
 * The conversion for a time zone: `Z`, an offset such as `+02:00`, or a name such as `Europe/Ljubljana`. Throws an Error for an unknown
 * zone.
 */
export function createTimeZone(zone: string): ToUtc {
  const fixed = /^(?:Z|UTC|([+-])([01]\d|2[0-3]):?([0-5]\d))$/.exec(zone);
  if (fixed) {
    const [, sign = '+', hours = '0', minutes = '0'] = fixed;
    const offsetMs = (sign === '-' ? -1 : 1) * (Number(hours) * hourMs + Number(minutes) * 60_000);
    return ({ asUtcMs }) => [asUtcMs - offsetMs];
  }
  const offsetAt = createOffsets(zone);
  return ({ asUtcMs, text }) => {
    // The offsets a day before and a day after include both offsets around a change.
    const candidates = [offsetAt(asUtcMs - 24 * hourMs), offsetAt(asUtcMs + 24 * hourMs)]
      .map((offsetMs) => asUtcMs - offsetMs)
      .filter((utc) => utc + offsetAt(utc) === asUtcMs);
    const earlier = Math.min(...candidates);
    const later = Math.max(...candidates);
    if (candidates.length === 0)
      throw new RowError(`${text} does not exist in ${zone}: the clocks were put forward over it`);
    return earlier === later ? [earlier] : [earlier, later];
  };
}

/** The offset of local time from UTC at a moment, in milliseconds. */
function createOffsets(zone: string): (utcMs: number) => number {
  const format = formatOf(zone);
  // Offsets change only at quarters of an hour. The cache avoids repeated formatting.
  const known = new Map<number, number>();
  return (utcMs) => {
    const quarter = Math.floor(utcMs / (hourMs / 4));
    const offset = known.get(quarter) ?? offsetOf(format, quarter * (hourMs / 4));
    if (known.size > 100_000) known.clear();
    known.set(quarter, offset);
    return offset;
  };
}

function formatOf(zone: string): Intl.DateTimeFormat {
  try {
    const numeric = 'numeric';
    const parts = {
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    } as const;
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', era: 'short', ...parts });
  } catch (cause) {
    throw new Error(`There is no time zone ${zone}; name one such as Europe/Ljubljana, +02:00 or Z.`, { cause });
  }
}

function offsetOf(format: Intl.DateTimeFormat, utcMs: number): number {
  const parts = new Map(format.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]));
  const at = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  return Date.UTC(at('year'), at('month') - 1, at('day'), at('hour'), at('minute'), at('second')) - utcMs;
}
