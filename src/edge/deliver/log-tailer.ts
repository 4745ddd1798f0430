/** Follows a tenant's change log for all its subscriptions together: each record is read and matched once. */
import { performance } from 'node:perf_hooks';
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { Log, LogRecord, Position } from '../../core/port/store.ts';
import { createMatcher } from '../../core/subscription/match.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import { readLog } from '../../core/subscription/read-log.ts';

/** A subscription that is up to date, and is handed what comes. */
export interface Listener {
  readonly plan: SubscriptionPlan;
  offer(record: LogRecord): void;
  /** Records up to here were pruned before they were read. */
  skipPruned(position: Position): void;
}

export interface LogTailer {
  /**
   * Takes in a listener that has seen everything up to `seen`, which may be more than the follower has put to others: it is
   * then offered what it has seen. False when the follower is ahead of it.
   */
  join(listener: Listener, seen: Position): boolean;
  leave(listener: Listener): void;
  /** Every record up to here was put to all listeners that were there. */
  readonly matchedTo: () => Position;
  /** Ends, when the page that is being read is through. */
  stop(): Promise<void>;
}

export interface LogTailerOptions {
  readonly log: Log;
  readonly world: { readonly yieldToEventLoop: YieldToEventLoop; readonly observe: Observe };
  /** Called when `matchedTo` has moved. */
  readonly moved: () => void;
}

/** Records that are read at a time. */
export const pageSize = 200;
/** How long to wait before a log is read again that could not be. */
const retryMs = 1000;

interface TailState extends LogTailerOptions {
  readonly listeners: Set<Listener>;
  readonly matcher: ReturnType<typeof createMatcher<Listener>>;
  newest: Position;
  matchedTo: Position;
  /** The record that is being offered, or was last: who has not seen it cannot join any more. */
  offered: Position;
  /** The reading that goes on, or went on last. */
  running: Promise<void>;
  isRunning: boolean;
  timer: NodeJS.Timeout | undefined;
  isStopped: boolean;
}

/** A follower that begins with what is new now. */
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
  // What was committed between the asking and the following is announced to nobody.
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
  // When nobody is concerned the log need not be read.
  if (reach.listeners.size === 0) reach.matchedTo = reach.newest;
  else reach.running = run(reach);
}

async function run(reach: TailState): Promise<void> {
  reach.isRunning = true;
  try {
    while (reach.matchedTo < reach.newest && !reach.isStopped) {
      if (!(await step(reach))) {
        // A store that has just changed its primary may know of records before it can read them.
        advanceLater(reach);
        break;
      }
    }
  } catch (cause) {
    reach.world.observe({ kind: 'failed', where: 'subscriptions', cause });
    advanceLater(reach);
  } finally {
    // In the same turn as the last look at `newest`: who advances it from now on starts the next run.
    reach.isRunning = false;
  }
}

function advanceLater(reach: TailState): void {
  clearTimeout(reach.timer);
  reach.timer = setTimeout(() => advance(reach, reach.newest), retryMs);
}

/** One page. False when there was nothing. */
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

/** `matchedTo` moves with every record, so that a listener that joins in between is asked for exactly those it has not seen. */
async function match(reach: TailState, records: readonly LogRecord[]): Promise<number> {
  let notifications = 0;
  for (const record of records) {
    const pause = reach.world.yieldToEventLoop();
    if (pause) await pause;
    // Who joins while the record is matched must have seen it.
    reach.offered = record.position;
    const found = reach.matcher.matchWithPauses(record, reach.world.yieldToEventLoop);
    const concerned = found instanceof Promise ? await found : found;
    for (const listener of concerned) listener.offer(record);
    notifications += concerned.length;
    reach.matchedTo = record.position;
  }
  return notifications;
}
