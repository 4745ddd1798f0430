/** Keeps long reads from holding the thread, and ends those that take too long. */
import { performance } from 'node:perf_hooks';
import { Problem } from '../../../core/model/problem.ts';
import type { YieldToEventLoop } from '../../../core/port/clock.ts';

/** Called between pieces of a read: undefined, or a promise to wait for. Throws TooComplexQuery after too long. */
export type TimeBudget = () => Promise<void> | undefined;

const readMaxMs = 10_000;

/** The pace of one read. */
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
