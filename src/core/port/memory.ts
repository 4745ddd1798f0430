/** The memory budget as the core and the bindings see it: who holds how many bytes, and how many each may hold. */
import type { Problem } from '../model/problem.ts';

/** What takes memory: request bodies until they are answered, answers and streams that clients have not read yet, and caches. */
export type Holder = 'bodies' | 'answers' | 'streams' | 'caches';

/** The memory budget. It only counts: callers compare `held` with `share` and refuse by themselves. Never throws. */
export interface Memory {
  /** The most bytes that this holder may hold. */
  share(holder: Holder): number;
  /** The bytes that this holder holds now. */
  held(holder: Holder): number;
  /** Adds to the bytes that this holder holds. A negative number releases bytes. */
  count(holder: Holder, bytes: number): void;
  /** Reports that a long text of this size was released. The budget triggers garbage collection before much garbage accumulates. */
  discard(bytes: number): void;
  /** As `discard`, of a large entity that was read from the store: its text, and what was parsed from it. */
  discardEntity(bytes: number): void;
  /** Counts a refused request and returns its problem, MemoryBudgetExceeded. The caller throws it. */
  refusal(holder: Holder): Problem;
}

/**
 * Keeps the count of one of many owners up to date. Call the returned function with the bytes that the owner holds now, whenever that
 * number may have changed. `counted`: the bytes that are counted already.
 */
export function createMemoryMeter(memory: Pick<Memory, 'count'>, holder: Holder, counted = 0): (bytes: number) => void {
  let known = counted;
  return (bytes) => {
    if (bytes === known) return;
    memory.count(holder, bytes - known);
    known = bytes;
  };
}
