/** The memory budget as the core and the bindings see it: what is held for whom, and how much may be. */
import type { Problem } from '../model/problem.ts';

/** What takes memory: bodies of requests until they are answered, answers and streams that clients have not taken yet, caches. */
export type Holder = 'bodies' | 'answers' | 'streams' | 'caches';

export interface Memory {
  /** Bytes that a holder may hold. */
  share(holder: Holder): number;
  /** Bytes that it holds. */
  held(holder: Holder): number;
  /** Counts bytes that are held from now on; a negative number of them is held no more. */
  count(holder: Holder, bytes: number): void;
  /** Told of bytes of a long text that is let go of: their garbage is collected before it is much. */
  discard(bytes: number): void;
  /** The problem of a request that is refused because too much is held already, which it counts. */
  refusal(holder: Holder): Problem;
}

/** Keeps what one of many holds counted: to be told how much that is now, whenever it may have changed. */
export function createTally(memory: Pick<Memory, 'count'>, holder: Holder): (bytes: number) => void {
  let counted = 0;
  return (bytes) => {
    if (bytes === counted) return;
    memory.count(holder, bytes - counted);
    counted = bytes;
  };
}
