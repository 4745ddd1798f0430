/** Tails the change log of a tenant for all its subscriptions together. Each record is read and matched once. */
import { performance } from 'node:perf_hooks';
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { Log, LogRecord, Position } from '../../core/port/store.ts';
import { createMatcher } from '../../core/subscription/match.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import { readLog } from '../../core/subscription/read-log.ts';

/** A subscription that has caught up and is offered new records. */
export interface Listener {
  readonly plan: SubscriptionPlan;
  offer(record: LogRecord): void;
  /** Records up to here were pruned before they were read. */
  skipPruned(position: Position): void;
}

export interface LogTailer {
  /**
   * Adds a listener that has seen everything up to `seen`. When that is ahead of the tailer, the listener is offered records that it has
   * seen. Returns false when the tailer is ahead of the listener.
   */
  join(listener: Listener, seen: Position): boolean;
  leave(listener: Listener): void;
  /** All listeners were offered every matching record up to here. */
  readonly matchedTo: () => Position;
  /** Stops after the page that is being read. */
  stop(): Promise<void>;
}

export interface LogTailerOptions {
  readonly log: Log;
  readonly services: { readonly yieldToEventLoop: YieldToEventLoop; readonly observe: Observe };
  /** Called when `matchedTo` has advanced. */
  readonly moved: () => void;
}

/** Most records per read. */
export const pageSize = 200;
/** The delay before a failed read of the log is retried. */
const retryMs = 1000;

interface TailState extends LogTailerOptions {
  readonly listeners: Set<Listener>;
  readonly matcher: ReturnType<typeof createMatcher<Listener>>;
  newest: Position;
  matchedTo: Position;
  /** The position of the record that is being offered, or was offered last. A listener that has not seen it cannot join. */
  offered: Position;
  /** The current or last run. */
  running: Promise<void>;
  isRunning: boolean;
  timer: NodeJS.Timeout | undefined;
  isStopped: boolean;
}

/** Opens a tailer that starts at the end of the log. */
export async function openLogTailer(options: LogTailerOptions): Promise<LogTailer> {
  const { log } = options;
  const start = await log.position();
  const state: TailState = {
    ...options,
    listeners: new Set(),
    matcher: createMatcher<Listener>(),
    newest: start,
    matchedTo: start,
    offered: start,
    running: Promise.resolve(),
    isRunning: false,
    timer: undefined,
    isStopped: false,
  };
  const unfollow = log.follow((position) => advance(state, position));
  // A commit between reading the position and following the log is not announced.
  advance(state, await log.position());
  return {
    join(listener, seen) {
      if (seen < Math.max(state.matchedTo, state.offered)) return false;
      state.listeners.add(listener);
      state.matcher.add(listener, listener.plan);
      return true;
    },
    leave(listener) {
      state.listeners.delete(listener);
      state.matcher.remove(listener);
    },
    matchedTo: () => state.matchedTo,
    async stop() {
      state.isStopped = true;
      unfollow();
      clearTimeout(state.timer);
      await state.running;
    },
  };
}

function advance(state: TailState, position: Position): void {
  state.newest = Math.max(state.newest, position);
  if (state.isRunning) return;
  // Without listeners the log need not be read.
  if (state.listeners.size === 0) state.matchedTo = state.newest;
  else state.running = run(state);
}

async function run(state: TailState): Promise<void> {
  state.isRunning = true;
  try {
    while (state.matchedTo < state.newest && !state.isStopped) {
      if (!(await step(state))) {
        // After a failover, a store may announce records before it can read them.
        advanceLater(state);
        break;
      }
    }
  } catch (cause) {
    state.services.observe({ kind: 'failed', where: 'subscriptions', cause });
    advanceLater(state);
  } finally {
    // This runs in the same turn of the event loop as the last check of `newest`, so that the next `advance` starts a new run.
    state.isRunning = false;
  }
}

function advanceLater(state: TailState): void {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => advance(state, state.newest), retryMs);
}

/** Reads and matches one page. Returns false when there was nothing to read. */
async function step(state: TailState): Promise<boolean> {
  const page = await readLog(state.log, state.matchedTo, pageSize);
  if (page.gapTo !== undefined) {
    state.matchedTo = page.gapTo;
    for (const listener of [...state.listeners]) listener.skipPruned(page.gapTo);
    return true;
  }
  if (page.records.length === 0) return false;
  const beganMs = performance.now();
  const notifications = await match(state, page.records);
  state.services.observe({
    kind: 'matched',
    changes: page.records.length,
    notifications,
    tookMs: performance.now() - beganMs,
  });
  state.moved();
  return true;
}

/**
 * Matches records. `matchedTo` advances with each record, so that a listener that joins in between is offered exactly what it has not seen.
 */
async function match(state: TailState, records: readonly LogRecord[]): Promise<number> {
  let notifications = 0;
  for (const record of records) {
    const pause = state.services.yieldToEventLoop();
    if (pause) await pause;
    // A listener that joins while the record is matched must have seen it.
    state.offered = record.position;
    const found = state.matcher.matchWithPauses(record, state.services.yieldToEventLoop);
    const concerned = found instanceof Promise ? await found : found;
    for (const listener of concerned) listener.offer(record);
    notifications += concerned.length;
    state.matchedTo = record.position;
  }
  return notifications;
}
