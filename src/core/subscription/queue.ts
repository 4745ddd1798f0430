/** Notifications of one subscription that wait or are under way: in order per entity, or only the newest where there is throttling. */
import type { LogRecord, Position } from '../port/store.ts';

/** How a notification has fared so far. */
export interface Fate {
  /** Attempts. */
  readonly tries: number;
  /** Attempts that failed although the receiver was there: what counts against the notification. */
  readonly strikes: number;
}

export const untried: Fate = { tries: 0, strikes: 0 };

/** A notification that is due. */
export interface Due {
  readonly record: LogRecord;
  readonly fate: Fate;
  /** Not to be tried before, in milliseconds of the holder's clock. */
  readonly notBeforeMs: number;
}

export interface Queue {
  /** Records come in the order of their positions. */
  add(record: LogRecord, fate: Fate): void;
  /** One that may go now; it is then under way. */
  take(nowMs: number): Due | undefined;
  /** It is delivered or given up. */
  finish(due: Due): void;
  /** It is to be tried again; it stays before all others of its entity. */
  giveBack(due: Due): void;
  /** When `take` may answer something again; undefined: when something is added, finished or given back. */
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
  const open = new Set<Position>();
  let underWay = 0;
  const laneOf = (id: string): Lane => {
    const lane = lanes.get(id) ?? { waiting: [], isBusy: false };
    lanes.set(id, lane);
    return lane;
  };
  const release = ({ record }: Due): Lane => {
    const lane = laneOf(record.id);
    lane.isBusy = false;
    underWay -= 1;
    return lane;
  };
  return {
    add(record, fate) {
      laneOf(record.id).waiting.push({ record, fate, notBeforeMs: 0 });
      open.add(record.position);
    },
    take(nowMs) {
      const lane = chooseLane(lanes.values(), nowMs);
      if (!lane) return undefined;
      lane.isBusy = true;
      underWay += 1;
      return lane.waiting.shift();
    },
    finish(due) {
      open.delete(due.record.position);
      if (release(due).waiting.length === 0) lanes.delete(due.record.id);
    },
    giveBack: (due) => void release(due).waiting.unshift(due),
    nextMs() {
      const times = [...lanes.values()].flatMap(({ isBusy, waiting: [next] }) => (isBusy || !next ? [] : [next.notBeforeMs]));
      return times.length === 0 ? undefined : Math.min(...times);
    },
    first: () => open.values().next().value,
    size: () => open.size,
    underWay: () => underWay,
    clear() {
      for (const [id, { waiting, isBusy }] of lanes) {
        for (const { record } of waiting.splice(0)) open.delete(record.position);
        if (!isBusy) lanes.delete(id);
      }
    },
  };
}

/** The lane whose first notification may go and was tried least: one that always fails must not stand before the others. */
function chooseLane(lanes: Iterable<Lane>, nowMs: number): Lane | undefined {
  let best: Lane | undefined;
  for (const lane of lanes) {
    const [next] = lane.waiting;
    if (lane.isBusy || !next || next.notBeforeMs > nowMs) continue;
    if (next.fate.tries === 0) return lane;
    if (!best || next.fate.tries < (best.waiting[0]?.fate.tries ?? 0)) best = lane;
  }
  return best;
}

/**
 * The newest notification only, one under way at a time, and between two beginnings at least this time. What comes too
 * early is dropped (clause 5.2.12, `throttling`), attempts to repeat one that failed are not.
 */
export function createThrottled(periodMs: number, lastMs: number): Queue {
  let waiting: Due | undefined;
  let underWay: Due | undefined;
  let beganMs = lastMs;
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
      if (due.fate.tries === 0 && nowMs < beganMs + periodMs) return undefined;
      beganMs = nowMs;
      underWay = due;
      return due;
    },
    finish() {
      underWay = undefined;
    },
    giveBack(due) {
      underWay = undefined;
      waiting ??= due;
    },
    nextMs: () => (underWay ? undefined : waiting?.notBeforeMs),
    first: () => (underWay ?? waiting)?.record.position,
    size: () => (underWay ? 1 : 0) + (waiting ? 1 : 0),
    underWay: () => (underWay ? 1 : 0),
    clear,
  };
}
