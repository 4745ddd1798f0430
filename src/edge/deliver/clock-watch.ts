/**
 * Detects that the wall clock was set. What was derived from it, such as whether a subscription has expired, must then be checked again.
 */
import { microsOfInstant } from '../../core/model/instant.ts';
import type { Clock } from '../../core/port/clock.ts';

/** How often the clock is checked, and the smallest step that counts as setting it. */
const lookMs = 1000;
const stepMs = 2000;

export interface ClockWatch {
  readonly clock: Clock;
  /** Milliseconds of a monotonic clock. */
  readonly nowMs: () => number;
  /** Called within two seconds after the clock was set. */
  readonly onSet: () => void;
}

/** Returns the function that stops it. */
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
