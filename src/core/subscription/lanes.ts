/** Keeps the notifications of each entity in order: one lane for each, of which the first may be under way. */
import type { Position } from '../port/store.ts';
import type { Due, Queue } from './queue.ts';

/** What waits of one entity, and whether something of it is under way. */
interface Lane {
  readonly waiting: Due[];
  isBusy: boolean;
}

/** All notifications. What is said of one entity goes one after the other, of several at the same time. */
export function createLanes(): Queue {
  const lanes = new Map<string, Lane>();
  const open = new Set<Position>();
  const laneOf = (id: string): Lane => {
    const lane = lanes.get(id) ?? { waiting: [], isBusy: false };
    lanes.set(id, lane);
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
      return lane.waiting.shift();
    },
    finish({ record }) {
      open.delete(record.position);
      const lane = laneOf(record.id);
      lane.isBusy = false;
      if (lane.waiting.length === 0) lanes.delete(record.id);
    },
    giveBack(due) {
      const lane = laneOf(due.record.id);
      lane.isBusy = false;
      lane.waiting.unshift(due);
    },
    nextMs: () => earliest(lanes.values()),
    first: () => open.values().next().value,
    has: (position) => open.has(position),
    size: () => open.size,
    underWay: () => [...lanes.values()].filter(({ isBusy }) => isBusy).length,
    clear: () => clear(lanes, open),
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

function earliest(lanes: Iterable<Lane>): number | undefined {
  let best: number | undefined;
  for (const { isBusy, waiting } of lanes) {
    const [next] = waiting;
    if (!isBusy && next) best = Math.min(best ?? Infinity, next.notBeforeMs);
  }
  return best;
}

function clear(lanes: Map<string, Lane>, open: Set<Position>): void {
  for (const [id, { waiting, isBusy }] of lanes) {
    for (const { record } of waiting.splice(0)) open.delete(record.position);
    if (!isBusy) lanes.delete(id);
  }
}
