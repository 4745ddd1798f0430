/** Keeps the least time between two notifications of a subscription (clause 5.2.12, `throttling`). */
import type { Position } from '../port/store.ts';
import { type Due, type Queue, untried, type Waiting } from './queue.ts';

interface State {
  readonly periodMs: number;
  waiting: Waiting | undefined;
  underWay: Due | undefined;
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
      state.waiting = { position: record.position, entity: record.id, record, fate: untried, notBeforeMs: 0 };
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
    triesAt: (position) => all(state).find((one) => one.position === position)?.fate.tries,
    size: () => all(state).length,
    underWay: () => (state.underWay ? 1 : 0),
    clear() {
      state.waiting = undefined;
    },
  };
}

const all = ({ underWay, waiting }: State): readonly Waiting[] => [underWay, waiting].flatMap((one) => one ?? []);

function take(state: State, nowMs: number): Due | undefined {
  const { waiting, underWay, notifiedMs, periodMs } = state;
  if (!waiting?.record || underWay || waiting.notBeforeMs > nowMs) return undefined;
  state.waiting = undefined;
  if (waiting.fate.tries === 0 && nowMs < notifiedMs + periodMs) return undefined;
  state.beganMs = nowMs;
  state.underWay = { ...waiting, record: waiting.record };
  return state.underWay;
}

type Records = Pick<Queue, 'restore' | 'letGo' | 'missing' | 'isMissing' | 'fill' | 'forget'>;

/** What is done to a record that is let go. */
function recordsOf(state: State): Records {
  const missing = (): Position | undefined =>
    state.waiting && !state.waiting.record ? state.waiting.position : undefined;
  return {
    restore(open) {
      const last = open.at(-1);
      if (last) state.waiting = { ...last, record: undefined, fate: untried, notBeforeMs: 0 };
    },
    letGo() {
      if (state.waiting) state.waiting = { ...state.waiting, record: undefined };
    },
    missing,
    isMissing: (position) => position === missing(),
    fill(record) {
      if (state.waiting && missing() === record.position) state.waiting = { ...state.waiting, record };
    },
    forget(position) {
      if (missing() === position) state.waiting = undefined;
    },
  };
}
