/** One subscription of one client: it reads the log until it is up to date, then is handed what comes, and reads again when it lags. */
import { type Micros, microsOfInstant } from '../../core/model/instant.ts';
import type { Memory } from '../../core/port/memory.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { compilePlan } from '../../core/subscription/match.ts';
import type { LiveConsumer } from './audience-matchers.ts';
import { type StreamContext, sendGap } from './stream-context.ts';
import { frameBytes } from './limits.ts';
import { replayLatest, replayPage } from './replay.ts';
import { takeSnapshot } from './snapshot.ts';

export interface ConsumerOptions extends Omit<StreamContext, 'concerns' | 'state'> {
  readonly overflow: 'disconnect' | 'latest';
  /** Bytes that may wait for the client. */
  readonly bufferBytes: number;
  /** What concerns the client up to here is known to it, or comes in a snapshot. */
  readonly start: Position;
  readonly isSnapshotFirst: boolean;
  /** Called when the subscription has ended by itself. */
  readonly ended: (reason: string) => void;
}

export interface Consumer {
  /** Sends what is to be sent, until the end. */
  run(): void;
  /** Ends without a word. */
  end(): void;
  /** Called now and then: ends what has expired, and tells how far the client is when it has heard nothing for long. */
  beat(): void;
  /** The client has been told positions up to this one. */
  toldTo(): Position;
}

/** A course with what only this file needs of it. */
interface Run extends StreamContext {
  readonly options: ConsumerOptions;
  readonly expiry: Micros;
  /** The consumer as its feed sees it. */
  readonly live: LiveConsumer;
}

export function createConsumer(options: ConsumerOptions): Consumer {
  const { plan, audience, start, isSnapshotFirst } = options;
  const run: Run = {
    ...options,
    options,
    concerns: compilePlan(plan),
    expiry: plan.expiresAt === undefined ? Infinity : microsOfInstant(plan.expiresAt),
    state: { mode: 'reading', seen: start, told: start, isLagging: false, isInSnapshot: isSnapshotFirst },
    live: {
      plan,
      audience,
      deliver: (records, from) => deliver(run, records, from),
      skipPruned: (position) => sendGap(run, position),
      fail: () => fail(run),
    },
  };
  return { run: () => startReading(run), end: () => end(run), beat: () => beat(run), toldTo: () => run.state.told };
}

const startReading = (run: Run): void => {
  readOn(run).catch((cause: unknown) => {
    run.world.observe({ kind: 'failed', where: 'stream', cause });
    fail(run);
  });
};

/** Until the feed takes over, or the client is gone. */
async function readOn(run: Run): Promise<void> {
  const { state, pipe, feed, live } = run;
  if (state.isInSnapshot) await takeSnapshot(run);
  while ((await pipe.drained()) && state.mode === 'reading') {
    if (endsByExpiry(run)) return;
    if (feed.join(live, state.seen)) {
      state.mode = 'live';
      state.isLagging = false;
    } else if (state.isLagging) await replayLatest(run);
    else await replayPage(run);
  }
}

function deliver(run: Run, records: readonly LogRecord[], from: Position): void {
  const { state, pipe, writer, options, world } = run;
  if (state.mode !== 'live' || endsByExpiry(run)) return;
  state.seen = Math.max(state.seen, from);
  const fresh = records.filter(({ position }) => position > state.seen);
  for (const { entities, position } of writer.bundles(fresh)) {
    // Looked at before the frame, so that one entity larger than the bound still gets through.
    if (pipe.backlog() > bound(options, world.memory)) {
      overflow(run);
      return;
    }
    writer.notify(entities, position);
    state.seen = position;
    state.told = position;
  }
}

/**
 * When streams hold as much as they may in all, little may wait for each.
 * Who wants the latest only is let go early: what it needs is in the log, and need not wait in memory.
 */
function bound({ overflow, bufferBytes }: ConsumerOptions, memory: Memory): number {
  if (memory.held('streams') > memory.share('streams')) return Math.min(bufferBytes, frameBytes);
  return overflow === 'latest' ? bufferBytes / 4 : bufferBytes;
}

function overflow(run: Run): void {
  const { state, pipe, feed, live, world, options } = run;
  world.observe({ kind: 'streamDropped', reason: options.overflow });
  if (options.overflow === 'disconnect') {
    pipe.close('tooSlow');
    return;
  }
  feed.leave(live);
  state.mode = 'reading';
  state.isLagging = true;
  startReading(run);
}

function end({ state, feed, live }: Run): void {
  state.mode = 'ended';
  feed.leave(live);
}

function endsByExpiry(run: Run): boolean {
  const { state, expiry, world, options } = run;
  if (state.mode === 'ended') return true;
  if (expiry === Infinity || microsOfInstant(world.clock.now()) < expiry) return false;
  end(run);
  options.ended('expired');
  return true;
}

function fail(run: Run): void {
  if (run.state.mode === 'ended') return;
  end(run);
  run.pipe.close('fault');
}

function beat(run: Run): void {
  const { state, feed, writer } = run;
  if (endsByExpiry(run) || state.isInSnapshot) return;
  const reached = state.mode === 'live' ? Math.max(state.seen, feed.deliveredTo()) : state.seen;
  if (reached <= state.told) return;
  writer.mark('position', reached);
  state.told = reached;
}
