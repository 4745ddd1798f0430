/** From a time on a wall to UTC: fixed offsets, and zones with summer time. */
import { RowFlaw } from './flaw.ts';

/** A time on a wall: its parts, and the milliseconds these would be in UTC. */
interface WallTime {
  readonly asUtcMs: number;
  /** As it was written, for messages. */
  readonly text: string;
}

/**
 * The moments at which a clock shows a time, in milliseconds since 1970 (UTC), the earlier one first: one, or two in the hour
 * that comes twice in autumn. Throws a RowFlaw for a time that summer time skips.
 */
export type ToUtc = (time: WallTime) => readonly [earlier: number, later?: number];

/** Chooses between two such moments. */
export type ChooseMoment = (earlier: number, later: number) => number;

export const hourMs = 3_600_000;

/** The clock of a zone: `Z`, an offset such as `+02:00`, or a name such as `Europe/Ljubljana`. Throws an Error when there is no such zone. */
export function createTimeZone(zone: string): ToUtc {
  const fixed = /^(?:Z|UTC|([+-])([01]\d|2[0-3]):?([0-5]\d))$/.exec(zone);
  if (fixed) {
    const [, sign = '+', hours = '0', minutes = '0'] = fixed;
    const offsetMs = (sign === '-' ? -1 : 1) * (Number(hours) * hourMs + Number(minutes) * 60_000);
    return ({ asUtcMs }) => [asUtcMs - offsetMs];
  }
  const offsetAt = createOffsets(zone);
  return ({ asUtcMs, text }) => {
    // A day before and a day after, whatever offsets are in force around a change of clocks are both seen.
    const candidates = [offsetAt(asUtcMs - 24 * hourMs), offsetAt(asUtcMs + 24 * hourMs)]
      .map((offsetMs) => asUtcMs - offsetMs)
      .filter((utc) => utc + offsetAt(utc) === asUtcMs);
    const earlier = Math.min(...candidates);
    const later = Math.max(...candidates);
    if (candidates.length === 0)
      throw new RowFlaw(`${text} does not exist in ${zone}: the clocks were put forward over it`);
    return earlier === later ? [earlier] : [earlier, later];
  };
}

/** Local time less UTC, in milliseconds, at a moment. */
function createOffsets(zone: string): (utcMs: number) => number {
  const format = formatOf(zone);
  // Offsets change at full quarters of an hour; those seen before need no formatting again.
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
