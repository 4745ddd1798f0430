/** Runs interruptible work, so that one thread serves several files concurrently. */
import type { Interruptible } from '../../../core/model/interruptible.ts';

/**
 * Continues work for about this many milliseconds. Undefined: it has not ended. Until it is continued, the thread may do anything except
 * work in the same file: its transaction stays open.
 */
export function runFor<Result>(work: Interruptible<Result>, ms: number): { readonly result: Result } | undefined {
  const end = performance.now() + ms;
  for (;;) {
    const step = work.next();
    if (step.done === true) return { result: step.value };
    if (performance.now() >= end) return undefined;
  }
}

/** Does the work for each item in order, and returns the results. */
export function* inSteps<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Interruptible<Result>,
): Interruptible<readonly Result[]> {
  const results: Result[] = [];
  for (const item of items) {
    results.push(yield* work(item));
    yield;
  }
  return results;
}
