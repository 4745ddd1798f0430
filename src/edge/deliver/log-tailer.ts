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
  readonly world: { readonly yieldToEventLoop: YieldToEventLoop; readonly observe: Observe };
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
  const reach: TailState = {
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
  const unfollow = log.follow((position) => advance(reach, position));
  // A commit between reading the position and following the log is not announced.
  advance(reach, await log.position());
  return {
    join(listener, seen) {
      if (seen < Math.max(reach.matchedTo, reach.offered)) return false;
      reach.listeners.add(listener);
      reach.matcher.add(listener, listener.plan);
      return true;
    },
    leave(listener) {
      reach.listeners.delete(listener);
      reach.matcher.remove(listener);
    },
    matchedTo: () => reach.matchedTo,
    async stop() {
      reach.isStopped = true;
      unfollow();
      clearTimeout(reach.timer);
      await reach.running;
    },
  };
}

function advance(reach: TailState, position: Position): void {
  reach.newest = Math.max(reach.newest, position);
  if (reach.isRunning) return;
  // Without listeners the log need not be read.
  if (reach.listeners.size === 0) reach.matchedTo = reach.newest;
  else reach.running = run(reach);
}

async function run(reach: TailState): Promise<void> {
  reach.isRunning = true;
  try {
    while (reach.matchedTo < reach.newest && !reach.isStopped) {
      if (!(await step(reach))) {
        // After a failover, a store may announce records before it can read them.
        advanceLater(reach);
        break;
      }
    }
  } catch (cause) {
    reach.world.observe({ kind: 'failed', where: 'subscriptions', cause });
    advanceLater(reach);
  } finally {
    // This runs in the same turn of the event loop as the last check of `newest`, so that the next `advance` starts a new run.
    reach.isRunning = false;
  }
}

function advanceLater(reach: TailState): void {
  clearTimeout(reach.timer);
  reach.timer = setTimeout(() => advance(reach, reach.newest), retryMs);
}

/** Reads and matches one page. Returns false when there was nothing to read. */
async function step(reach: TailState): Promise<boolean> {
  const page = await readLog(reach.log, reach.matchedTo, pageSize);
  if (page.gapTo !== undefined) {
    reach.matchedTo = page.gapTo;
    for (const listener of [...reach.listeners]) listener.skipPruned(page.gapTo);
    return true;
  }
  if (page.records.length === 0) return false;
  const beganMs = performance.now();
  const notifications = await match(reach, page.records);
  reach.world.observe({
    kind: 'matched',
    changes: page.records.length,
    notifications,
    tookMs: performance.now() - beganMs,
  });
  reach.moved();
  return true;
}

/**
 * Matches records. `matchedTo` advances with each record, so that a listener that joins in between is offered exactly what it has not seen.
 */
async function match(reach: TailState, records: readonly LogRecord[]): Promise<number> {
  let notifications = 0;
  for (const record of records) {
    const pause = reach.world.yieldToEventLoop();
    if (pause) await pause;
    // A listener that joins while the record is matched must have seen it.
    reach.offered = record.position;
    const found = reach.matcher.matchWithPauses(record, reach.world.yieldToEventLoop);
    const concerned = found instanceof Promise ? await found : found;
    for (const listener of concerned) listener.offer(record);
    notifications += concerned.length;
    reach.matchedTo = record.position;
  }
  return notifications;
}
