/** Keeps the least time between two notifications of a subscription (clause 5.2.12, `throttling`). */
import type { Position } from '../port/store.ts';
import { type DueNotification, type Queue, notAttempted, type QueuedNotification } from './queue.ts';

interface State {
  readonly periodMs: number;
  waiting: QueuedNotification | undefined;
  underWay: DueNotification | undefined;
  /** When the attempt began that is under way, or was last; and the one that was delivered last. */
  beganMs: number;
  notifiedMs: number;
}

/**
 * The newest notification only, one under way at a time, and none before the period is over that begins with the last one
 * delivered: what comes too early is dropped. One that fails is tried again until something newer takes its place.
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

/** What is done to a record that is let go. */
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
