/**
 * Runs one subscription of one client. It reads the log until it is up to date, then receives live records, and reads the log
 * again when it lags.
 */
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
  /** Maximum number of bytes buffered for the client. */
  readonly bufferBytes: number;
  /** The start position. The client knows earlier changes already, or gets them in a snapshot. */
  readonly start: Position;
  readonly isSnapshotFirst: boolean;
  /** Called when the subscription ends without a request of the client. */
  readonly ended: (reason: string) => void;
}

export interface Consumer {
  /** Starts sending. */
  run(): void;
  /** Ends without a message to the client. */
  end(): void;
  /** Called periodically. Ends an expired subscription, and sends the current position to a client that has received nothing new. */
  beat(): void;
  /** The last position sent to the client. */
  toldTo(): Position;
}

/** The stream context with further state of this file. */
interface Run extends StreamContext {
  readonly options: ConsumerOptions;
  readonly expiry: Micros;
  /** The interface of the consumer for its feed. */
  readonly live: LiveConsumer;
}

export function createConsumer(options: ConsumerOptions): Consumer {
  const { plan, audience, start, isSnapshotFirst } = options;
  const run: Run = {
    ...options,
    options,
    concerns: compilePlan(plan),
    expiry: plan.expiresAt === undefined ? Infinity : microsOfInstant(plan.expiresAt),
    state: {
      mode: 'reading',
      readPosition: start,
      sentPosition: start,
      isLagging: false,
      isInSnapshot: isSnapshotFirst,
    },
    live: {
      plan,
      audience,
      deliver: (records, from) => deliver(run, records, from),
      skipPruned: (position) => sendGap(run, position),
      fail: () => fail(run),
    },
  };
  return {
    run: () => startReading(run),
    end: () => end(run),
    beat: () => beat(run),
    toldTo: () => run.state.sentPosition,
  };
}

const startReading = (run: Run): void => {
  readOn(run).catch((cause: unknown) => {
    run.services.observe({ kind: 'failed', where: 'stream', cause });
    fail(run);
  });
};

/** Reads the log until the consumer joins the feed or the client disconnects. */
async function readOn(run: Run): Promise<void> {
  const { state, pipe, feed, live } = run;
  if (state.isInSnapshot) await takeSnapshot(run);
  while ((await pipe.drained()) && state.mode === 'reading') {
    if (endsByExpiry(run)) return;
    if (feed.join(live, state.readPosition)) {
      state.mode = 'live';
      state.isLagging = false;
    } else if (state.isLagging) await replayLatest(run);
    else await replayPage(run);
  }
}

function deliver(run: Run, records: readonly LogRecord[], from: Position): void {
  const { state, pipe, writer, options, services } = run;
  if (state.mode !== 'live' || endsByExpiry(run)) return;
  state.readPosition = Math.max(state.readPosition, from);
  const fresh = records.filter(({ position }) => position > state.readPosition);
  for (const { shown, position } of writer.bundles(fresh)) {
    // Checks the backlog before the frame, so that a single entity above the limit still gets through.
    if (pipe.backlog() > bound(options, services.memory)) {
      overflow(run);
      return;
    }
    writer.notify(shown, position);
    state.readPosition = position;
    state.sentPosition = position;
  }
}

/**
 * The current backlog limit in bytes. It is small while all streams together exceed their memory share. It is also lower for
 * overflow `latest`: such a consumer can reread the log instead of buffering.
 */
function bound({ overflow, bufferBytes }: ConsumerOptions, memory: Memory): number {
  if (memory.held('streams') > memory.share('streams')) return Math.min(bufferBytes, frameBytes);
  return overflow === 'latest' ? bufferBytes / 4 : bufferBytes;
}

function overflow(run: Run): void {
  const { state, pipe, feed, live, services, options } = run;
  services.observe({ kind: 'streamDropped', reason: options.overflow });
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
  const { state, expiry, services, options } = run;
  if (state.mode === 'ended') return true;
  if (expiry === Infinity || microsOfInstant(services.clock.now()) < expiry) return false;
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
  const reached = state.mode === 'live' ? Math.max(state.readPosition, feed.deliveredTo()) : state.readPosition;
  if (reached <= state.sentPosition) return;
  writer.mark('position', reached);
  state.sentPosition = reached;
}
