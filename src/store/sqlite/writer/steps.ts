/** Long work in steps, so that one thread serves several files side by side. */

/**
 * Work that stops at each `yield`: until it is asked to go on, the thread may do anything but work in the same file, whose
 * transaction stays open.
 */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Goes on with work for about so many milliseconds. Undefined: it has not ended. */
export function goOn<Result>(steps: Steps<Result>, ms: number): { readonly result: Result } | undefined {
  const end = performance.now() + ms;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return { result: step.value };
    if (performance.now() >= end) return undefined;
  }
}

/** The results of work on each of these, one after the other. */
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
