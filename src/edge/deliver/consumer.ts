/** A subscription that is told of changes: what concerns it waits here until its receiver has it (clause 5.8.6). */
import { type Instant, microsOfInstant } from '../../core/model/instant.ts';
import type { SubscriptionAccount } from '../../core/model/subscription.ts';
import type { Delivery } from '../../core/port/messenger.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { attempted, ended } from '../../core/subscription/account.ts';
import { backoffMs } from '../../core/subscription/backoff.ts';
import { createLanes, createThrottled, type Due, type Queue } from '../../core/subscription/queue.ts';
import { readLog } from '../../core/subscription/read-log.ts';
import type { StoredPlan } from '../../core/subscription/read-stored.ts';
import { judge } from '../../core/subscription/verdict.ts';
import { type Listener, pageSize } from './follower.ts';
import type { Progress, Progressing } from './ledger.ts';
import type { Job, Source } from './receivers.ts';
import type { Surroundings } from './surroundings.ts';
import { createTest, type Test } from './concerns.ts';
import { writeChange } from './write-message.ts';

export interface Runner extends Progressing {
  start(): void;
  /** Begins nothing more. Resolves when what was under way has ended. */
  end(): Promise<void>;
}

export interface RunnerOptions {
  readonly id: string;
  readonly stored: StoredPlan;
  readonly progress: Progress;
  readonly around: Surroundings;
}

/** Notifications of one subscription that may be held in memory. */
const heldMost = 100;

interface Consumer extends RunnerOptions {
  readonly queue: Queue;
  readonly test: Test;
  readonly source: Source;
  readonly listener: Listener;
  /** `live`: the follower hands it what comes. `reading`: it reads the log by itself, from `seen` on. */
  mode: 'live' | 'reading' | 'ended';
  seen: Position;
  account: SubscriptionAccount;
  /** How often notifications were tried that are not in the queue any more. */
  readonly tries: Map<Position, number>;
  isReading: boolean;
  /** True while the receiver is left alone: then nothing is held. */
  isPaused: boolean;
  /** Nothing is sent before: after a failure, for the endpoint's cooldown. */
  notBeforeMs: number;
  timer: NodeJS.Timeout | undefined;
  idle: (() => void) | undefined;
}

export function createConsumer(options: RunnerOptions): Runner {
  const { id, stored, progress, around } = options;
  const consumer: Consumer = {
    ...options,
    queue: queueOf(options),
    test: createTest(stored.plan, around),
    source: { uri: stored.endpoint.uri, next: () => next(consumer), paused: () => pause(consumer) },
    listener: { plan: stored.plan, offer: (record) => offer(consumer, record), lose: (position) => lose(consumer, position) },
    mode: 'reading',
    seen: progress.position,
    account: progress.account,
    tries: new Map(),
    isReading: false,
    isPaused: false,
    notBeforeMs: 0,
    timer: undefined,
    idle: undefined,
  };
  return {
    id,
    start: () => readOn(consumer),
    progress: () => progressOf(consumer),
    end: () => end(consumer),
  };
}

function queueOf({ stored, progress, around }: RunnerOptions): Queue {
  if (stored.throttlingMs === undefined) return createLanes();
  const { lastNotification } = progress.account;
  const agoMs = lastNotification === undefined ? Infinity : (microsOfInstant(around.world.clock.now()) - microsOfInstant(lastNotification)) / 1000;
  return createThrottled(stored.throttlingMs, around.nowMs() - agoMs);
}

function progressOf({ mode, queue, seen, account, around }: Consumer): Progress {
  const reached = mode === 'live' ? around.follower.matchedTo() : seen;
  const first = queue.first();
  return { position: first === undefined ? reached : Math.min(reached, first - 1), isCaughtUp: mode === 'live' && first === undefined, account };
}

/** Takes in a record that concerns the subscription, or leaves it in the log for later. */
function offer(consumer: Consumer, record: LogRecord): void {
  if (endsByExpiry(consumer)) return;
  const { queue, around, test } = consumer;
  if (consumer.isPaused || !test.isComplete || isFull(consumer)) {
    readAfter(consumer, record.position - 1);
    return;
  }
  queue.add(record, 0);
  around.ledger.mark(consumer_(consumer));
  around.receivers.wake(consumer.source);
}
