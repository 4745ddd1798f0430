/** Divides time into periods of a duration: in UTC from a moment on, or along the calendar of a time zone. */
import { createOffsets, dateMs, hourMs, momentsOf, type OffsetAt } from '../model/calendar/offsets.ts';
import { dayMicros, type Interval, type Micros } from '../model/instant.ts';
import { type Duration, later, meanMicros, periodOf } from './duration.ts';

export interface Periods {
  readonly duration: Duration;
  /** The time zone of the calendar; absent: periods in UTC that begin at the first moment. */
  readonly zone?: string;
  /** The period that contains a moment. `first`: the first moment of the division, which is not later; along a calendar it may be. */
  spanAt(at: Micros, first: Micros): Interval;
}

/** Periods in UTC. The first one begins at the first moment. */
export const periodsFrom = (duration: Duration): Periods => ({
  duration,
  spanAt(at, first) {
    const number = periodOf(at, first, duration);
    return { from: later(first, duration, number), to: later(first, duration, number + 1) };
  },
});

/**
 * Periods along the calendar of a time zone: years begin on 1 January, months on the first, weeks on Monday, and everything shorter at
 * midnight, local time. Days and months follow the local clock, so that a day can have 23 or 25 hours; hours and shorter units are exact
 * time. A local time that does not exist is the moment of the change. Throws an Error for an unknown zone.
 */
export function calendarPeriods(duration: Duration, zone: string): Periods {
  const clock = localClock(zone);
  const fromStart = (start: Micros, times: number): Micros =>
    clock.utcOf(later(start, { ...duration, micros: 0 }, times)) + duration.micros * times;
  let last: { readonly start: Micros; readonly number: number } & Interval = { start: NaN, number: 0, from: 0, to: 0 };
  return {
    duration,
    zone,
    spanAt(at, first) {
      const start = beginningOf(clock.localOf(first), duration);
      if (last.start === start && at >= last.from && at < last.to) return last;
      let number = Math.floor((at - clock.utcOf(start)) / meanMicros(duration)) - 1;
      while (fromStart(start, number) > at) number -= 1;
      while (fromStart(start, number + 1) <= at) number += 1;
      last = { start, number, from: fromStart(start, number), to: fromStart(start, number + 1) };
      return last;
    },
  };
}

/** The beginning of the calendar unit that contains a local time. */
function beginningOf(local: Micros, { months, days }: Duration): Micros {
  const midnight = Math.floor(local / dayMicros) * dayMicros;
  const date = new Date(midnight / 1000);
  if (months > 0) {
    const month = date.getUTCMonth();
    const first = months % 12 === 0 ? 0 : 12 % months === 0 ? month - (month % months) : month;
    return dateMs(date.getUTCFullYear(), first, 1) * 1000;
  }
  const isWeeks = days > 0 && days % 7 === 0;
  return isWeeks ? midnight - ((date.getUTCDay() + 6) % 7) * dayMicros : midnight;
}

interface LocalClock {
  /** The local time at a moment, as the microseconds of the same date and time in UTC. */
  localOf(moment: Micros): Micros;
  /** The first moment of a local time; of one that is skipped, the moment of the change. */
  utcOf(local: Micros): Micros;
}

function localClock(zone: string): LocalClock {
  const offsetAt = offsetsOf(zone);
  return {
    localOf: (moment) => moment + offsetAt(Math.floor(moment / 1000)) * 1000,
    utcOf(local) {
      const localMs = Math.floor(local / 1000);
      const [moment = changeBefore(localMs, offsetAt)] = momentsOf(localMs, offsetAt);
      return moment * 1000 + (local - localMs * 1000);
    },
  };
}

/** The moment at which the clocks skip a local time. */
function changeBefore(localMs: number, offsetAt: OffsetAt): number {
  const after = localMs - offsetAt(localMs - 24 * hourMs);
  // Searches the change in quarters of an hour, at which all changes happen.
  let moment = Math.floor(after / (hourMs / 4)) * (hourMs / 4);
  while (offsetAt(moment - 1) === offsetAt(after)) moment -= hourMs / 4;
  return moment;
}

const zonesMax = 100;
const zones = new Map<string, OffsetAt>();

/** The offsets of a zone. Making them takes some 0.1 ms, so those of the last zones are kept. */
function offsetsOf(zone: string): OffsetAt {
  const offsets = zones.get(zone) ?? createOffsets(zone);
  if (zones.size >= zonesMax) zones.clear();
  zones.set(zone, offsets);
  return offsets;
}
