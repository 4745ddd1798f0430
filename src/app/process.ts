/** Time, chance and pauses of this process: what the core is handed instead of reaching for it. */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { YieldToEventLoop, Clock, IdSource } from '../core/port/clock.ts';

/** Up to here a clock that is set back is waited for: small corrections are no reason for times that go back. */
const heldMs = 1000;

/** A clock of milliseconds, the machine's unless another is given. It stands still where that is set back a little. */
export function createClock(nowMs: () => number = Date.now): Clock {
  let latestMs = 0;
  // Many ask within one millisecond: it is written out once.
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

/** How long a clock that jumped forward must have run steadily from there, until what cannot be undone is done by it. */
const patienceMs = 3_600_000;

/**
 * The present by a clock for work that cannot be undone. A jump forward is not followed until it has lasted for an hour, so that a
 * clock that is set wrong for a while costs nothing; a jump back is followed at once. `steadyMs` are milliseconds of a clock that is
 * never set. To be asked every few minutes: jumps between two questions are not told apart.
 */
export function createPatientClock(clock: Clock, steadyMs = (): number => performance.now()): Clock {
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

/** Pauses when the thread has been held for longer than this: others are served before the work goes on. */
export function createYieldToEventLoop(sliceMs = 4): YieldToEventLoop {
  let since = performance.now();
  return () => {
    if (performance.now() - since < sliceMs) return undefined;
    return nextTurn().then(() => {
      since = performance.now();
    });
  };
}
