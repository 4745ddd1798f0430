/** Dispatches records of a tenant's change log to its live consumers, one page at a time. It yields to the event loop in between. */
import { performance } from 'node:perf_hooks';
import type { Services } from '../../core/operation/operation.ts';
import type { Log, LogRecord, Position } from '../../core/port/store.ts';
import type { AudienceMatchers, LiveConsumer } from './audience-matchers.ts';
import { pageSizes } from './limits.ts';
import { readLog } from '../../core/subscription/read-log.ts';

export interface LogDispatcher {
  /** Announces that records up to this position exist. */
  readonly advance: (position: Position) => void;
  /** Checks the log for records that were not announced. */
  readonly catchUp: () => Promise<void>;
  readonly stop: () => void;
  /** The position up to which records have been matched against all consumers. */
  readonly matchedTo: () => Position;
  /** The position up to which matching records have been delivered. */
  readonly deliveredTo: () => Position;
}

export interface LogDispatcherOptions {
  readonly log: Log;
  readonly services: Services;
  readonly matchers: AudienceMatchers;
  /** The position after which dispatching starts. */
  readonly start: Position;
}

interface DispatchState {
  newest: Position;
  matchedTo: Position;
  deliveredTo: Position;
  isRunning: boolean;
  timer: NodeJS.Timeout | undefined;
  isStopped: boolean;
}

/** Delay in milliseconds before announced records that are not readable yet are read again. */
const retryMs = 200;

export function createLogDispatcher(options: LogDispatcherOptions): LogDispatcher {
  const { log, start } = options;
  const state: DispatchState = {
    newest: start,
    matchedTo: start,
    deliveredTo: start,
    isRunning: false,
    timer: undefined,
    isStopped: false,
  };
  const advance = (position: Position): void => {
    state.newest = Math.max(state.newest, position);
    if (!state.isRunning) void run(options, state);
  };
  return {
    advance,
    catchUp: () => log.position().then(advance, (cause: unknown) => fail(options, state, cause)),
    stop: () => {
      state.isStopped = true;
      clearTimeout(state.timer);
    },
    matchedTo: () => state.matchedTo,
    deliveredTo: () => state.deliveredTo,
  };
}

async function run(options: LogDispatcherOptions, state: DispatchState): Promise<void> {
  state.isRunning = true;
  clearTimeout(state.timer);
  try {
    while (state.matchedTo < state.newest && !state.isStopped) {
      if (await step(options, state)) continue;
      // After a failover, a store may announce records before it can read them.
      state.timer = setTimeout(() => void run(options, state), retryMs);
      break;
    }
  } catch (cause) {
    fail(options, state, cause);
  } finally {
    // Reset in the same turn of the event loop as the last check of `newest`: a later `advance` starts the next run.
    state.isRunning = false;
  }
}

function fail({ services, matchers }: LogDispatcherOptions, state: DispatchState, cause: unknown): void {
  if (state.isStopped) return;
  services.observe({ kind: 'failed', where: 'stream', cause });
  for (const consumer of matchers.all()) consumer.fail();
}

/** Dispatches one page. False when the page is empty. */
async function step({ log, services, matchers }: LogDispatcherOptions, state: DispatchState): Promise<boolean> {
  const page = await readLog(log, state.matchedTo, pageSizes.log);
  if (page.gapTo !== undefined) {
    state.matchedTo = page.gapTo;
    state.deliveredTo = page.gapTo;
    for (const consumer of matchers.all()) consumer.skipPruned(page.gapTo);
    return true;
  }
  const { records } = page;
  if (records.length === 0) return false;
  const startedMs = performance.now();
  const from = state.matchedTo;
  const due = await match(records, { services, matchers, state });
  const notifications = await handOver(due, from, services);
  state.deliveredTo = state.matchedTo;
  services.observe({ kind: 'matched', changes: records.length, notifications, tookMs: performance.now() - startedMs });
  return true;
}

type Due = ReadonlyMap<LiveConsumer, readonly LogRecord[]>;

/**
 * Finds the consumers of the records. `matchedTo` advances before a record is matched. A consumer that joins during the match
 * must therefore have seen that record, and gets exactly the later ones.
 */
async function match(
  records: readonly LogRecord[],
  { services, matchers, state }: { services: Services; matchers: AudienceMatchers; state: DispatchState },
): Promise<Due> {
  const due = new Map<LiveConsumer, LogRecord[]>();
  for (const record of records) {
    await yieldToOthers(services);
    state.matchedTo = record.position;
    for (const [consumer, seen] of await matchers.match(record, services.yieldToEventLoop)) {
      const list = due.get(consumer);
      if (list) list.push(seen);
      else due.set(consumer, [seen]);
    }
  }
  return due;
}

async function handOver(due: Due, from: Position, services: Services): Promise<number> {
  let notifications = 0;
  for (const [consumer, records] of due) {
    await yieldToOthers(services);
    consumer.deliver(records, from);
    notifications += records.length;
  }
  return notifications;
}

async function yieldToOthers(services: Services): Promise<void> {
  const pause = services.yieldToEventLoop();
  if (pause) await pause;
}
