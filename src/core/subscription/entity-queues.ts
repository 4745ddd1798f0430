/** A queue that keeps the notifications of each entity in order: one queue per entity, of which the first notification may be in flight. */
import type { Position } from '../port/store.ts';
import {
  type DueNotification,
  type RetryState,
  type OpenNotification,
  type Queue,
  notAttempted,
  type QueuedNotification,
} from './queue.ts';

/** The waiting notifications of one entity. */
type EntityQueue = QueuedNotification[];

interface OpenEntry extends OpenNotification {
  readonly retry: RetryState;
}

interface State {
  readonly queues: Map<string, EntityQueue>;
  /** Queues with a notification in flight. */
  readonly busy: Set<EntityQueue>;
  /** All notifications that wait or are in flight, in the order of their positions. */
  readonly open: Map<Position, OpenEntry>;
  /** Positions whose records were evicted from memory, in order. */
  evicted: Position[];
}

/** A queue of all notifications. Notifications of one entity are sent one after the other, those of different entities in parallel. */
export function createEntityQueues(): Queue {
  const state: State = { queues: new Map(), busy: new Set(), open: new Map(), evicted: [] };
  const { queues, busy, open } = state;
  return {
    ...recordsOf(state),
    add: (record) =>
      push(state, { position: record.position, entity: record.id, record, retry: notAttempted, notBeforeMs: 0 }),
    take: (nowMs) => take(state, nowMs),
    finish({ entity, position }) {
      busy.delete(queueIn(queues, entity));
      remove(state, entity, position);
    },
    giveBack(due) {
      const queue = queueIn(queues, due.entity);
      busy.delete(queue);
      queue.unshift(due);
      open.set(due.position, placeOf(due));
    },
    nextMs: () => earliest(queues.values(), busy),
    first: () => open.keys().next().value,
    open: () => [...open.values()].map(({ position, entity }) => ({ position, entity })),
    attemptsAt: (position) => open.get(position)?.retry.attempts,
    size: () => open.size,
    underWay: () => busy.size,
    clear() {
      for (const [entity, queue] of [...queues]) for (const { position } of [...queue]) remove(state, entity, position);
    },
  };
}

type Records = Pick<Queue, 'restore' | 'evictRecords' | 'firstEvicted' | 'isEvicted' | 'refill' | 'dropEvicted'>;

/** The methods for evicted records. */
function recordsOf(state: State): Records {
  const { queues, open } = state;
  return {
    restore(others) {
      for (const { position, entity } of others)
        push(state, { position, entity, record: undefined, retry: notAttempted, notBeforeMs: 0 });
      state.evicted = others.map(({ position }) => position);
    },
    evictRecords: () => evictRecords(state),
    firstEvicted: () => state.evicted[0],
    isEvicted: (position) => state.evicted.includes(position),
    refill(record) {
      const queue = queueIn(queues, record.id);
      const index = queue.findIndex(({ position }) => position === record.position);
      const waiting = queue[index];
      if (waiting) queue[index] = { ...waiting, record };
      state.evicted = state.evicted.filter((position) => position !== record.position);
    },
    dropEvicted(position) {
      const found = open.get(position);
      if (found) remove(state, found.entity, position);
    },
  };
}

function push({ queues, open }: State, waiting: QueuedNotification): void {
  queueIn(queues, waiting.entity).push(waiting);
  open.set(waiting.position, placeOf(waiting));
}

/** Keeps no reference to the record, so that it can be evicted. */
const placeOf = ({ position, entity, retry }: QueuedNotification): OpenEntry => ({ position, entity, retry });

function take({ queues, busy }: State, nowMs: number): DueNotification | undefined {
  const queue = chooseQueue(queues.values(), busy, nowMs);
  const first = queue?.[0];
  if (!queue || !first?.record) return undefined;
  queue.shift();
  busy.add(queue);
  return { ...first, record: first.record };
}

function remove(state: State, entity: string, position: Position): void {
  const { queues, busy, open } = state;
  const queue = queueIn(queues, entity);
  const index = queue.findIndex((waiting) => waiting.position === position);
  if (index >= 0) queue.splice(index, 1);
  open.delete(position);
  if (state.evicted.length > 0) state.evicted = state.evicted.filter((other) => other !== position);
  if (queue.length === 0 && !busy.has(queue)) queues.delete(entity);
}

function evictRecords(state: State): void {
  const gone: Position[] = [];
  for (const queue of state.queues.values()) {
    for (const [index, waiting] of queue.entries()) {
      queue[index] = { ...waiting, record: undefined };
      gone.push(waiting.position);
    }
  }
  state.evicted = gone.sort((one, other) => one - other);
}

function queueIn(queues: Map<string, EntityQueue>, entity: string): EntityQueue {
  const queue = queues.get(entity) ?? [];
  queues.set(entity, queue);
  return queue;
}

/** The first notification of a queue if it can be sent, apart from its time. */
const readyIn = (queue: EntityQueue, busy: ReadonlySet<EntityQueue>): QueuedNotification | undefined =>
  queue[0]?.record && !busy.has(queue) ? queue[0] : undefined;

/** The queue with the least attempted notification that may be sent now, so that one that always fails does not block the others. */
function chooseQueue(
  queues: Iterable<EntityQueue>,
  busy: ReadonlySet<EntityQueue>,
  nowMs: number,
): EntityQueue | undefined {
  let best: EntityQueue | undefined;
  let least = Infinity;
  for (const queue of queues) {
    const next = readyIn(queue, busy);
    if (!next || next.notBeforeMs > nowMs) continue;
    if (next.retry.attempts === 0) return queue;
    if (next.retry.attempts >= least) continue;
    best = queue;
    least = next.retry.attempts;
  }
  return best;
}

function earliest(queues: Iterable<EntityQueue>, busy: ReadonlySet<EntityQueue>): number | undefined {
  let best: number | undefined;
  for (const queue of queues) {
    const next = readyIn(queue, busy);
    if (next) best = Math.min(best ?? Infinity, next.notBeforeMs);
  }
  return best;
}
