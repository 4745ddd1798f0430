/** Long work in steps, so that one thread serves several files concurrently. */

/**
 * Work that pauses at each `yield`. During the pause, the thread may do anything except work in the same file: its transaction stays
 * open.
 */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Continues work for about this many milliseconds. Undefined: it has not ended. */
export function runFor<Result>(steps: Steps<Result>, ms: number): { readonly result: Result } | undefined {
  const end = performance.now() + ms;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return { result: step.value };
    if (performance.now() >= end) return undefined;
  }
}

/** Does the work for each item in order, and returns the results. */
export function* inSteps<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Steps<Result>,
): Steps<readonly Result[]> {
  const results: Result[] = [];
  for (const item of items) {
    results.push(yield* work(item));
    yield;
  }
  return results;
}
