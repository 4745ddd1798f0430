/** Makes long reads yield to the event loop, and ends those that take too long. */
import { performance } from 'node:perf_hooks';
import { Problem } from '../../../core/model/problem.ts';
import type { YieldToEventLoop } from '../../../core/port/clock.ts';

/** Called during a read: returns undefined, or a promise to await. Throws TooComplexQuery when the read takes too long. */
export type TimeBudget = () => Promise<void> | undefined;

const readMaxMs = 10_000;

/** The budget of one read. */
export function createTimeBudget(yieldToEventLoop: YieldToEventLoop): TimeBudget {
  const end = performance.now() + readMaxMs;
  return () => {
    const pause = yieldToEventLoop();
    if (pause && performance.now() > end) {
      throw new Problem(
        'TooComplexQuery',
        `The query takes longer than ${readMaxMs / 1000} s: narrow it by id, type or place.`,
      );
    }
    return pause;
  };
}
