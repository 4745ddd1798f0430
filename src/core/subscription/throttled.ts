/** A queue that keeps the least time between two notifications of a subscription (clause 5.2.12, `throttling`). */
import type { Position } from '../port/store.ts';
import { type DueNotification, type Queue, notAttempted, type QueuedNotification } from './queue.ts';

interface State {
  readonly periodMs: number;
  waiting: QueuedNotification | undefined;
  underWay: DueNotification | undefined;
  /** The start of the last attempt, and the start of the last delivered one. */
  beganMs: number;
  notifiedMs: number;
}

/**
 * Keeps only the newest notification, with one in flight at a time. It drops notifications within the period that starts with the last
 * delivered one. A failed notification is retried until a newer one replaces it.
 */
export function createThrottled(periodMs: number, lastMs: number): Queue {
  const state: State = { periodMs, waiting: undefined, underWay: undefined, beganMs: lastMs, notifiedMs: lastMs };
  return {
    ...recordsOf(state),
    add(record) {
      state.waiting = { position: record.position, entity: record.id, record, retry: notAttempted, notBeforeMs: 0 };
    },
    take: (nowMs) => take(state, nowMs),
    finish() {
      state.notifiedMs = state.beganMs;
      state.underWay = undefined;
    },
    giveBack(due) {
      state.underWay = undefined;
      state.waiting ??= due;
    },
    nextMs: () => (state.underWay || !state.waiting?.record ? undefined : state.waiting.notBeforeMs),
    first: () => all(state)[0]?.position,
    open: () => all(state).map(({ position, entity }) => ({ position, entity })),
    attemptsAt: (position) => all(state).find((one) => one.position === position)?.retry.attempts,
    size: () => all(state).length,
    underWay: () => (state.underWay ? 1 : 0),
    clear() {
      state.waiting = undefined;
    },
  };
}

const all = ({ underWay, waiting }: State): readonly QueuedNotification[] =>
  [underWay, waiting].flatMap((one) => one ?? []);

function take(state: State, nowMs: number): DueNotification | undefined {
  const { waiting, underWay, notifiedMs, periodMs } = state;
  if (!waiting?.record || underWay || waiting.notBeforeMs > nowMs) return undefined;
  state.waiting = undefined;
  if (waiting.retry.attempts === 0 && nowMs < notifiedMs + periodMs) return undefined;
  state.beganMs = nowMs;
  state.underWay = { ...waiting, record: waiting.record };
  return state.underWay;
}

type Records = Pick<Queue, 'restore' | 'evictRecords' | 'firstEvicted' | 'isEvicted' | 'refill' | 'dropEvicted'>;

/** The methods for evicted records. */
function recordsOf(state: State): Records {
  const firstEvicted = (): Position | undefined =>
    state.waiting && !state.waiting.record ? state.waiting.position : undefined;
  return {
    restore(open) {
      const last = open.at(-1);
      if (last) state.waiting = { ...last, record: undefined, retry: notAttempted, notBeforeMs: 0 };
    },
    evictRecords() {
      if (state.waiting) state.waiting = { ...state.waiting, record: undefined };
    },
    firstEvicted,
    isEvicted: (position) => position === firstEvicted(),
    refill(record) {
      if (state.waiting && firstEvicted() === record.position) state.waiting = { ...state.waiting, record };
    },
    dropEvicted(position) {
      if (firstEvicted() === position) state.waiting = undefined;
    },
  };
}
