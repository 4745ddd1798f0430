/** Limits the cost of testing one entity, because a test blocks the event loop. */
import { Problem } from '../model/problem.ts';

/** The maximum number of steps of about 2 ns: a few tens of milliseconds. */
const stepsMax = 12_000_000;

/** The steps of the current test. Tests are synchronous, so there is only one at a time. */
let steps = 0;

/** Starts the test of an entity. `countSteps` throws TooComplexQuery when the test takes more than `stepsMax` steps. */
export function beginSteps(): void {
  steps = 0;
}

/** Counts steps, before or after they run. Throws TooComplexQuery beyond the maximum. */
export function countSteps(count: number): void {
  steps += count;
  if (steps > stepsMax)
    throw new Problem(
      'TooComplexQuery',
      'The query and one of the entities take too many steps to compare; ask for less at once, by simpler conditions or a simpler geometry.',
    );
}
