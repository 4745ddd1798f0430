/** Clocks, ids and pauses of this process. The core receives them instead of reading the machine itself. */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { YieldToEventLoop, Clock, IdSource } from '../core/port/clock.ts';

/** A clock that is set back by up to this many milliseconds stands still until time has caught up. */
const heldMs = 1000;

/** Creates a clock with milliseconds, by default the machine's. It stands still while the source is set back by up to `heldMs`. */
export function createClock(nowMs: () => number = Date.now): Clock {
  let latestMs = 0;
  // Many callers ask within one millisecond, so the text is built once.
  let latest = new Date(latestMs).toISOString();
  return {
    now() {
      const ms = nowMs();
      if (ms > latestMs || ms < latestMs - heldMs) {
        latestMs = ms;
        latest = new Date(ms).toISOString();
      }
      return latest;
    },
  };
}

/** How long a clock must run steadily after a jump forward before irreversible work uses it. */
const patienceMs = 3_600_000;

/**
 * The present for irreversible work. The clock follows a jump forward only after an hour, so a clock that is wrong for a while causes no
 * loss. It follows a jump back at once. `steadyMs` returns milliseconds of a clock that nobody sets. Call it every few minutes: it cannot
 * tell apart several jumps between two calls.
 */
export function createCautiousClock(clock: Clock, steadyMs = (): number => performance.now()): Clock {
  const aheadMs = (): number => Date.parse(clock.now()) - steadyMs();
  let believedMs = aheadMs();
  let jump = { aheadMs: believedMs, sinceMs: steadyMs() };
  return {
    now() {
      const present = aheadMs();
      const isSteady = Math.abs(present - jump.aheadMs) <= heldMs;
      jump = { aheadMs: present, sinceMs: isSteady ? jump.sinceMs : steadyMs() };
      if (present <= believedMs + heldMs || steadyMs() - jump.sinceMs >= patienceMs) believedMs = present;
      return new Date(believedMs + steadyMs()).toISOString();
    },
  };
}

export const createIds = (): IdSource => ({ next: (kind) => `urn:ngsi-ld:${kind}:${randomUUID()}` });

/** Yields to the event loop when the thread has been busy for longer than `sliceMs`, so that other requests are served first. */
export function createYieldToEventLoop(sliceMs = 4): YieldToEventLoop {
  let since = performance.now();
  return () => {
    if (performance.now() - since < sliceMs) return undefined;
    return nextTurn().then(() => {
      since = performance.now();
    });
  };
}
