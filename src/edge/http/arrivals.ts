/** Counts the bodies of requests against the memory budget from their first byte; when they are too many, the newest has to give way. */
import type { Memory } from '../../core/port/memory.ts';
import type { Problem } from '../../core/model/problem.ts';

/** A body from its first byte until its request is answered. */
export interface Arrival {
  /** More bytes have arrived. */
  add(bytes: number): void;
  /** All have arrived: it does not give way any more. */
  complete(): void;
  /** It is held no more. */
  end(): void;
}

export interface Arrivals {
  /** `giveWay` is called at most once, before the body is complete, and with the problem that its client is told. */
  open(giveWay: (problem: Problem) => void): Arrival;
}

/** A body up to here may take the last eighth of what bodies may hold, which is there for such bodies only. */
const smallBytes = 64 * 2 ** 10;

/** Bytes that a body of more than `smallBytes` can have at most, when it is alone. */
export const largestBody = (memory: Memory): number => Math.floor((memory.share('bodies') * 7) / 8);

const isOver = (state: { readonly isOver: boolean }): boolean => state.isOver;

/** What each piece takes besides its bytes. */
const pieceBytes = 256;

export function createArrivals(memory: Memory): Arrivals {
  /** Large bodies that are not complete, in the order in which they became large. */
  const unfinished = new Map<Arrival, () => void>();
  const [most, mostLarge] = [memory.share('bodies'), largestBody(memory)];
  return {
    open(giveWay) {
      const state = { held: 0, isOver: false };
      const drop = (): void => {
        unfinished.delete(arrival);
        memory.count('bodies', -state.held);
        state.held = 0;
        state.isOver = true;
      };
      const refuse = (): void => {
        drop();
        giveWay(memory.refusal('bodies'));
      };
      const arrival: Arrival = {
        add(bytes) {
          if (state.isOver) return;
          state.held += bytes + pieceBytes;
          memory.count('bodies', bytes + pieceBytes);
          const isLarge = state.held > smallBytes;
          if (isLarge && !unfinished.has(arrival)) unfinished.set(arrival, refuse);
          const bound = isLarge ? mostLarge : most;
          while (memory.held('bodies') > bound && !isOver(state))
            (isLarge ? [...unfinished.values()].at(-1) : refuse)?.();
        },
        complete: () => unfinished.delete(arrival),
        end: drop,
      };
      return arrival;
    },
  };
}
