/** The offsets of time zones from UTC, with summer time. */

/** The offset of local time from UTC at a moment, both in milliseconds. */
export type OffsetAt = (utcMs: number) => number;

export const hourMs = 3_600_000;

/**
 * The offsets of a time zone: `Z`, an offset such as `+02:00`, or a name such as `Europe/Ljubljana`. Throws an Error for an unknown zone.
 */
export function createOffsets(zone: string): OffsetAt {
  const fixed = /^(?:Z|UTC|([+-])([01]\d|2[0-3]):?([0-5]\d))$/.exec(zone);
  if (fixed) {
    const [, sign = '+', hours = '0', minutes = '0'] = fixed;
    const offsetMs = (sign === '-' ? -1 : 1) * (Number(hours) * hourMs + Number(minutes) * 60_000);
    return () => offsetMs;
  }
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

/**
 * The moments of a local time, given as the milliseconds of the same date and time in UTC: one, two in the repeated hour when summer time
 * ends (the earlier first), or none when the start of summer time skips it.
 */
export function momentsOf(localMs: number, offsetAt: OffsetAt): readonly [earlier?: number, later?: number] {
  // The offsets a day before and a day after include both offsets around a change.
  const candidates = [offsetAt(localMs - 24 * hourMs), offsetAt(localMs + 24 * hourMs)]
    .map((offsetMs) => localMs - offsetMs)
    .filter((utc) => utc + offsetAt(utc) === localMs);
  if (candidates.length === 0) return [];
  const [earlier, later] = [Math.min(...candidates), Math.max(...candidates)];
  return earlier === later ? [earlier] : [earlier, later];
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

/** The milliseconds of a date. Date.UTC alone takes the years 0 to 99 for those of the 20th century. */
export const dateMs = (year: number, month: number, day: number): number =>
  new Date(0).setUTCFullYear(year, month, day);

function offsetOf(format: Intl.DateTimeFormat, utcMs: number): number {
  const parts = new Map(format.formatToParts(utcMs).map(({ type, value }) => [type, value]));
  const at = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name) ?? 0);
  // The year before 1 is 1 BC.
  const year = parts.get('era')?.startsWith('B') ? 1 - at('year') : at('year');
  const time = Date.UTC(1970, 0, 1, at('hour'), at('minute'), at('second'));
  return dateMs(year, at('month') - 1, at('day')) + time - utcMs;
}
