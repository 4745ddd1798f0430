/** Converts local times to UTC: fixed offsets, and time zones with summer time. */
import { createOffsets, momentsOf } from '../model/calendar/offsets.ts';
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

/**
 * The conversion for a time zone: `Z`, an offset such as `+02:00`, or a name such as `Europe/Ljubljana`. Throws an Error for an unknown
 * zone.
 */
export function createTimeZone(zone: string): ToUtc {
  const offsetAt = createOffsets(zone);
  return ({ asUtcMs, text }) => {
    const [earlier, later] = momentsOf(asUtcMs, offsetAt);
    if (earlier === undefined)
      throw new RowError(`${text} does not exist in ${zone}: the clocks were put forward over it`);
    return later === undefined ? [earlier] : [earlier, later];
  };
}
