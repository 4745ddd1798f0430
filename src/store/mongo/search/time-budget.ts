/** Ends reads that take too long. */
import { performance } from 'node:perf_hooks';
import { tooComplex } from '../connection.ts';

/** The remaining time of a read, for each of its commands. Throws TooComplexQuery when it is used up. */
export type TimeBudget = () => { readonly maxTimeMS: number };

const readMaxMs = 10_000;

/** The budget of one read. */
export function createTimeBudget(): TimeBudget {
  const end = performance.now() + readMaxMs;
  return () => {
    const maxTimeMS = Math.ceil(end - performance.now());
    if (maxTimeMS <= 0) throw tooComplex();
    return { maxTimeMS };
  };
}
