/** Keeps the least time between two notifications of a subscription (clause 5.2.12, `throttling`). */
import type { Due, Queue } from './queue.ts';

/**
 * The newest notification only, one under way at a time, and none before the period is over that begins with the last one
 * delivered: what comes too early is dropped. One that fails is tried again until something newer takes its place.
 */
export function createThrottled(periodMs: number, lastMs: number): Queue {
  let waiting: Due | undefined;
  let underWay: Due | undefined;
  let beganMs = lastMs;
  let notifiedMs = lastMs;
  const clear = (): void => {
    waiting = undefined;
  };
  return {
    add(record, fate) {
      waiting = { record, fate, notBeforeMs: 0 };
    },
    take(nowMs) {
      const due = waiting;
      if (!due || underWay || due.notBeforeMs > nowMs) return undefined;
      clear();
      if (due.fate.tries === 0 && nowMs < notifiedMs + periodMs) return undefined;
      beganMs = nowMs;
      underWay = due;
      return due;
    },
    finish() {
      notifiedMs = beganMs;
      underWay = undefined;
    },
    giveBack(due) {
      underWay = undefined;
      waiting ??= due;
    },
    nextMs: () => (underWay ? undefined : waiting?.notBeforeMs),
    first: () => (underWay ?? waiting)?.record.position,
    has: (position) => [underWay, waiting].some((due) => due?.record.position === position),
    size: () => (underWay ? 1 : 0) + (waiting ? 1 : 0),
    underWay: () => (underWay ? 1 : 0),
    clear,
  };
}
