/** Notifications of one subscription that wait or are under way: in order per entity, or only the newest where there is throttling. */
import type { LogRecord, Position } from '../port/store.ts';

/** A notification that is due. */
export interface Due {
  readonly record: LogRecord;
  /** Attempts so far. */
  readonly attempts: number;
  /** Not to be tried before, in milliseconds of the holder's clock. */
  readonly notBeforeMs: number;
}

export interface Queue {
  /** Records come in the order of their positions. */
  add(record: LogRecord, attempts: number): void;
  /** One that may go now; it is then under way. */
  take(nowMs: number): Due | undefined;
  /** It is delivered or given up. */
  finish(due: Due): void;
  /** It is to be tried again, not before this; it stays before all others of its entity. */
  giveBack(due: Due, notBeforeMs: number): void;
  /** When `take` may answer something again; undefined: when something is added or given back. */
  nextMs(): number | undefined;
  /** The first position that is neither delivered nor given up. */
  first(): Position | undefined;
  /** Waiting and under way. */
  size(): number;
  underWay(): number;
  /** Forgets what waits. */
  clear(): void;
}

/** Notifications that concern one entity; the first one may be under way. */
interface Lane {
  readonly waiting: Due[];
  isBusy: boolean;
}

/** All notifications. What is said of one entity goes one after the other, of several at the same time. */
export function createLanes(): Queue {
  const lanes = new Map<string, Lane>();
  const open = new Map<Position, Due>();
  let busy = 0;
  const release = (due: Due): Lane => {
    busy -= 1;
    const lane = lanes.get(due.record.id) ?? { waiting: [], isBusy: false };
    lane.isBusy = false;
    return lane;
  };
  return {
    add(record, attempts) {
      const due = { record, attempts, notBeforeMs: 0 };
      const lane = lanes.get(record.id) ?? { waiting: [], isBusy: false };
      lanes.set(record.id, lane);
      lane.waiting.push(due);
      open.set(record.position, due);
    },
    take(nowMs) {
      const lane = firstFree(lanes.values(), nowMs);
      if (!lane) return undefined;
      lane.isBusy = true;
      busy += 1;
      return lane.waiting.shift();
    },
    finish(due) {
      open.delete(due.record.position);
      const lane = release(due);
      // Put behind the others, so that everybody has a turn.
      lanes.delete(due.record.id);
      if (lane.waiting.length > 0) lanes.set(due.record.id, lane);
    },
    giveBack(due, notBeforeMs) {
      const lane = release(due);
      lane.waiting.unshift({ ...due, attempts: due.attempts + 1, notBeforeMs });
      lanes.set(due.record.id, lane);
    },
    nextMs() {
      const times = [...lanes.values()].flatMap(({ isBusy, waiting }) => (isBusy || !waiting[0] ? [] : [waiting[0].notBeforeMs]));
      return times.length === 0 ? undefined : Math.min(...times);
    },
    first: () => firstKey(open),
    size: () => open.size,
    underWay: () => busy,
    clear() {
      for (const [id, lane] of lanes) {
        for (const { record } of lane.waiting.splice(0)) open.delete(record.position);
        if (!lane.isBusy) lanes.delete(id);
      }
    },
  };
}

function firstFree(lanes: Iterable<Lane>, nowMs: number): Lane | undefined {
  for (const lane of lanes) {
    const next = lane.waiting[0];
    if (!lane.isBusy && next && next.notBeforeMs <= nowMs) return lane;
  }
  return undefined;
}

/** A map keeps the order in which positions were added, which is their own. */
const firstKey = (open: ReadonlyMap<Position, Due>): Position | undefined => open.keys().next().value;

/**
 * The newest notification only, one under way at a time, and between two beginnings at least this time. What comes too
 * early is dropped (clause 5.2.12, `throttling`), attempts to repeat one that failed are not.
 */
export function createThrottled(periodMs: number, lastMs: number): Queue {
  const state: { waiting: Due | undefined; underWay: Due | undefined; lastMs: number } = { waiting: undefined, underWay: undefined, lastMs };
  const drop = (): void => {
    state.waiting = undefined;
  };
  return {
    add(record, attempts) {
      state.waiting = { record, attempts, notBeforeMs: 0 };
    },
    take(nowMs) {
      const due = state.waiting;
      if (!due || state.underWay || due.notBeforeMs > nowMs) return undefined;
      drop();
      if (due.attempts === 0 && nowMs < state.lastMs + periodMs) return undefined;
      state.lastMs = nowMs;
      state.underWay = due;
      return due;
    },
    finish() {
      state.underWay = undefined;
    },
    giveBack(due, notBeforeMs) {
      state.underWay = undefined;
      state.waiting ??= { ...due, attempts: due.attempts + 1, notBeforeMs };
    },
    nextMs: () => (state.underWay ? undefined : state.waiting?.notBeforeMs),
    first: () => state.underWay?.record.position ?? state.waiting?.record.position,
    size: () => (state.underWay ? 1 : 0) + (state.waiting ? 1 : 0),
    underWay: () => (state.underWay ? 1 : 0),
    clear: drop,
  };
}
