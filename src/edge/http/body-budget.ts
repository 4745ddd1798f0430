/** Counts request bodies against the memory budget from their first byte. Over budget, the newest large body is refused. */
import type { Memory } from '../../core/port/memory.ts';
import type { Problem } from '../../core/model/problem.ts';

/** Tracks a body from its first byte until its request is answered. */
export interface BodyReservation {
  /** Counts bytes that have arrived. */
  add(bytes: number): void;
  /** The body is complete: it is no longer refused for lack of memory. */
  complete(): void;
  /** Releases the counted bytes. */
  end(): void;
}

export interface BodyBudget {
  /** Calls `onRefused` at most once, before the body is complete. Its argument is the problem to send to the client. */
  open(onRefused: (problem: Problem) => void): BodyReservation;
}

/** Size in bytes up to which a body may use the last eighth of the bodies' share. That eighth is reserved for small bodies. */
const smallBytes = 64 * 2 ** 10;

/** The largest size in bytes of a body above `smallBytes`, when it is the only body. */
export const largestBody = (memory: Memory): number => Math.floor((memory.share('bodies') * 7) / 8);

const isOver = (state: { readonly isOver: boolean }): boolean => state.isOver;

/** Memory overhead of each piece in bytes. */
const pieceBytes = 256;

export function createBodyBudget(memory: Memory): BodyBudget {
  /** Incomplete large bodies, in the order in which they became large. */
  const unfinished = new Map<BodyReservation, () => void>();
  const [most, largeMax] = [memory.share('bodies'), largestBody(memory)];
  return {
    open(onRefused) {
      const state = { held: 0, isOver: false };
      const drop = (): void => {
        unfinished.delete(reservation);
        memory.count('bodies', -state.held);
        state.held = 0;
        state.isOver = true;
      };
      const refuse = (): void => {
        drop();
        onRefused(memory.refusal('bodies'));
      };
      const reservation: BodyReservation = {
        add(bytes) {
          if (state.isOver) return;
          state.held += bytes + pieceBytes;
          memory.count('bodies', bytes + pieceBytes);
          const isLarge = state.held > smallBytes;
          if (isLarge && !unfinished.has(reservation)) unfinished.set(reservation, refuse);
          const bound = isLarge ? largeMax : most;
          while (memory.held('bodies') > bound && !isOver(state))
            (isLarge ? [...unfinished.values()].at(-1) : refuse)?.();
        },
        complete: () => unfinished.delete(reservation),
        end: drop,
      };
      return reservation;
    },
  };
}
