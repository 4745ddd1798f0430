/** Bounds what it may cost to test one entity: a test cannot pause, and meanwhile everybody waits. */
import { Problem } from '../model/problem.ts';

/** Steps of about 2 ns each: so many take some tens of milliseconds. */
const stepsMax = 12_000_000;

/** Of the test under way: there is one at a time, for none waits for anything. */
let steps = 0;

/** Begins the test of an entity, which throws TooComplexQuery when it takes more than `stepsMax` steps. */
export function beginSteps(): void {
  steps = 0;
}

/** Counts steps before or after they are taken. Throws TooComplexQuery when there are too many. */
export function countSteps(count: number): void {
  steps += count;
  if (steps > stepsMax)
    throw new Problem(
      'TooComplexQuery',
      'The query and one of the entities take too many steps to compare; ask for less at once, by simpler conditions or a simpler geometry.',
    );
}
