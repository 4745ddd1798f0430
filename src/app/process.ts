/** Time, chance and pauses of this process: what the core is handed instead of reaching for it. */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Breathe, Clock, IdSource } from '../core/port/clock.ts';

/** A clock of milliseconds, the machine's unless another is given, held back where that is set back. */
export function createClock(nowMs: () => number = Date.now): Clock {
  let latestMs = 0;
  // Many ask within one millisecond: it is written out once.
  let latest = new Date(latestMs).toISOString();
  return {
    now() {
      const ms = nowMs();
      if (ms > latestMs) {
        latestMs = ms;
        latest = new Date(ms).toISOString();
      }
      return latest;
    },
  };
}

export const createIds = (): IdSource => ({ next: (kind) => `urn:ngsi-ld:${kind}:${randomUUID()}` });

/** Pauses when the thread has been held for longer than this: others are served before the work goes on. */
export function createBreathe(sliceMs = 4): Breathe {
  let since = performance.now();
  return () => {
    if (performance.now() - since < sliceMs) return undefined;
    return nextTurn().then(() => {
      since = performance.now();
    });
  };
}
