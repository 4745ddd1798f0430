/** Converts times to and from columns, with a cache: all instances that a write touches share the time of the write. */
import { type Instant, type Micros, microsOfInstant, stampOfMicros } from '../../core/model/instant.ts';

interface Time {
  readonly micros: Micros;
  /** True when `stampOfMicros(micros)` returns the same text. */
  readonly isStamp: boolean;
}

const cacheMax = 1000;

/** Converts instants to microseconds. */
export function createTimes(): (instant: Instant) => Time {
  const known = new Map<Instant, Time>();
  return (instant) => {
    const cached = known.get(instant);
    if (cached) return cached;
    const micros = microsOfInstant(instant);
    const time = { micros, isStamp: stampOfMicros(micros) === instant };
    if (known.size >= cacheMax) known.clear();
    known.set(instant, time);
    return time;
  };
}

/** Converts microseconds to instants. */
export function createInstants(): (micros: Micros) => Instant {
  const known = new Map<Micros, Instant>();
  return (micros) => {
    const cached = known.get(micros);
    if (cached !== undefined) return cached;
    const instant = stampOfMicros(micros);
    if (known.size >= cacheMax) known.clear();
    known.set(micros, instant);
    return instant;
  };
}
