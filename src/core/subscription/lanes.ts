/** Keeps the notifications of each entity in order: one lane for each, of which the first may be under way. */
import type { Position } from '../port/store.ts';
import type { Due, Queue } from './queue.ts';

/** What waits of one entity. */
type Lane = Due[];

/** All notifications. What is said of one entity goes one after the other, of several at the same time. */
export function createLanes(): Queue {
  const lanes = new Map<string, Lane>();
  /** Those of which something is under way. */
  const busy = new Set<Lane>();
  const open = new Set<Position>();
  return {
    add(record, fate) {
      laneIn(lanes, record.id).push({ record, fate, notBeforeMs: 0 });
      open.add(record.position);
    },
    take(nowMs) {
      const lane = chooseLane(lanes.values(), busy, nowMs);
      if (lane) busy.add(lane);
      return lane?.shift();
    },
    finish({ record: { id, position } }) {
      const lane = laneIn(lanes, id);
      busy.delete(lane);
      open.delete(position);
      if (lane.length === 0) lanes.delete(id);
    },
    giveBack(due) {
      const lane = laneIn(lanes, due.record.id);
      busy.delete(lane);
      lane.unshift(due);
    },
    nextMs: () => earliest(lanes.values(), busy),
    first: () => open.values().next().value,
    has: (position) => open.has(position),
    size: () => open.size,
    underWay: () => busy.size,
    clear() {
      for (const [id, lane] of lanes) {
        for (const { record } of lane.splice(0)) open.delete(record.position);
        if (!busy.has(lane)) lanes.delete(id);
      }
    },
  };
}

function laneIn(lanes: Map<string, Lane>, id: string): Lane {
  const lane = lanes.get(id) ?? [];
  lanes.set(id, lane);
  return lane;
}

/** The lane whose first notification may go and was tried least: one that always fails must not stand before the others. */
function chooseLane(lanes: Iterable<Lane>, busy: ReadonlySet<Lane>, nowMs: number): Lane | undefined {
  let best: Lane | undefined;
  for (const lane of lanes) {
    const [next] = lane;
    if (!next || next.notBeforeMs > nowMs || busy.has(lane)) continue;
    if (next.fate.tries === 0) return lane;
    if (!best || next.fate.tries < (best[0]?.fate.tries ?? 0)) best = lane;
  }
  return best;
}

function earliest(lanes: Iterable<Lane>, busy: ReadonlySet<Lane>): number | undefined {
  let best: number | undefined;
  for (const lane of lanes) {
    const [next] = lane;
    if (next && !busy.has(lane)) best = Math.min(best ?? Infinity, next.notBeforeMs);
  }
  return best;
}
