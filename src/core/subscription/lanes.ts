/** Keeps the notifications of each entity in order: one lane for each, of which the first may be under way. */
import type { Position } from '../port/store.ts';
import { type Due, type Fate, type Open, type Queue, untried, type Waiting } from './queue.ts';

/** What waits of one entity. */
type Lane = Waiting[];

interface Place extends Open {
  readonly fate: Fate;
}

interface State {
  readonly lanes: Map<string, Lane>;
  /** Those of which something is under way. */
  readonly busy: Set<Lane>;
  /** All that wait or are under way, in the order of their positions. */
  readonly open: Map<Position, Place>;
  /** Positions whose records were let go, in order. */
  gone: Position[];
}

/** All notifications. What is said of one entity goes one after the other, of several at the same time. */
export function createLanes(): Queue {
  const state: State = { lanes: new Map(), busy: new Set(), open: new Map(), gone: [] };
  const { lanes, busy, open } = state;
  return {
    ...recordsOf(state),
    add: (record) =>
      push(state, { position: record.position, entity: record.id, record, fate: untried, notBeforeMs: 0 }),
    take: (nowMs) => take(state, nowMs),
    finish({ entity, position }) {
      busy.delete(laneIn(lanes, entity));
      remove(state, entity, position);
    },
    giveBack(due) {
      const lane = laneIn(lanes, due.entity);
      busy.delete(lane);
      lane.unshift(due);
      open.set(due.position, placeOf(due));
    },
    nextMs: () => earliest(lanes.values(), busy),
    first: () => open.keys().next().value,
    open: () => [...open.values()].map(({ position, entity }) => ({ position, entity })),
    triesAt: (position) => open.get(position)?.fate.tries,
    size: () => open.size,
    underWay: () => busy.size,
    clear() {
      for (const [entity, lane] of [...lanes]) for (const { position } of [...lane]) remove(state, entity, position);
    },
  };
}

type Records = Pick<Queue, 'restore' | 'letGo' | 'missing' | 'isMissing' | 'fill' | 'forget'>;

/** What is done to records that are let go. */
function recordsOf(state: State): Records {
  const { lanes, open } = state;
  return {
    restore(others) {
      for (const { position, entity } of others)
        push(state, { position, entity, record: undefined, fate: untried, notBeforeMs: 0 });
      state.gone = others.map(({ position }) => position);
    },
    letGo: () => letGo(state),
    missing: () => state.gone[0],
    isMissing: (position) => state.gone.includes(position),
    fill(record) {
      const lane = laneIn(lanes, record.id);
      const index = lane.findIndex(({ position }) => position === record.position);
      const waiting = lane[index];
      if (waiting) lane[index] = { ...waiting, record };
      state.gone = state.gone.filter((position) => position !== record.position);
    },
    forget(position) {
      const found = open.get(position);
      if (found) remove(state, found.entity, position);
    },
  };
}

function push({ lanes, open }: State, waiting: Waiting): void {
  laneIn(lanes, waiting.entity).push(waiting);
  open.set(waiting.position, placeOf(waiting));
}

/** Without the record, which may be let go. */
const placeOf = ({ position, entity, fate }: Waiting): Place => ({ position, entity, fate });

function take({ lanes, busy }: State, nowMs: number): Due | undefined {
  const lane = chooseLane(lanes.values(), busy, nowMs);
  const first = lane?.[0];
  if (!lane || !first?.record) return undefined;
  lane.shift();
  busy.add(lane);
  return { ...first, record: first.record };
}

function remove(state: State, entity: string, position: Position): void {
  const { lanes, busy, open } = state;
  const lane = laneIn(lanes, entity);
  const index = lane.findIndex((waiting) => waiting.position === position);
  if (index >= 0) lane.splice(index, 1);
  open.delete(position);
  if (state.gone.length > 0) state.gone = state.gone.filter((other) => other !== position);
  if (lane.length === 0 && !busy.has(lane)) lanes.delete(entity);
}

function letGo(state: State): void {
  const gone: Position[] = [];
  for (const lane of state.lanes.values()) {
    for (const [index, waiting] of lane.entries()) {
      lane[index] = { ...waiting, record: undefined };
      gone.push(waiting.position);
    }
  }
  state.gone = gone.sort((one, other) => one - other);
}

function laneIn(lanes: Map<string, Lane>, entity: string): Lane {
  const lane = lanes.get(entity) ?? [];
  lanes.set(entity, lane);
  return lane;
}

/** The first of a lane when it may go, but for the time. */
const readyIn = (lane: Lane, busy: ReadonlySet<Lane>): Waiting | undefined =>
  lane[0]?.record && !busy.has(lane) ? lane[0] : undefined;

/** The lane whose first notification may go and was tried least: one that always fails must not stand before the others. */
function chooseLane(lanes: Iterable<Lane>, busy: ReadonlySet<Lane>, nowMs: number): Lane | undefined {
  let best: Lane | undefined;
  let least = Infinity;
  for (const lane of lanes) {
    const next = readyIn(lane, busy);
    if (!next || next.notBeforeMs > nowMs) continue;
    if (next.fate.tries === 0) return lane;
    if (next.fate.tries >= least) continue;
    best = lane;
    least = next.fate.tries;
  }
  return best;
}

function earliest(lanes: Iterable<Lane>, busy: ReadonlySet<Lane>): number | undefined {
  let best: number | undefined;
  for (const lane of lanes) {
    const next = readyIn(lane, busy);
    if (next) best = Math.min(best ?? Infinity, next.notBeforeMs);
  }
  return best;
}
