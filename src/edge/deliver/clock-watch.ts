/** Notices that the wall clock was set: what was worked out by it, such as whether a subscription has expired, is to be looked at anew. */
import { microsOfInstant } from '../../core/model/instant.ts';
import type { Clock } from '../../core/port/clock.ts';

/** How often it is looked, and from which step on a clock counts as set. */
const lookMs = 1000;
const stepMs = 2000;

export interface ClockWatch {
  readonly clock: Clock;
  /** Milliseconds of a clock that is never set. */
  readonly nowMs: () => number;
  /** Called within two seconds after the clock was set. */
  readonly onSet: () => void;
}

/** Returns the function that ends it. */
export function watchClock({ clock, nowMs, onSet }: ClockWatch): () => void {
  const ahead = (): number => microsOfInstant(clock.now()) / 1000 - nowMs();
  let before = ahead();
  const timer = setInterval(() => {
    const present = ahead();
    const isSet = Math.abs(present - before) > stepMs;
    before = present;
    if (isSet) onSet();
  }, lookMs);
  return () => clearInterval(timer);
}
