/** The state of a consumer of the change log, and functions that only read it. */
import { microsOfInstant } from '../../core/model/instant.ts';
import type { DeliveryStatistics } from '../../core/model/subscription.ts';
import type { DeadLetter } from '../../core/port/dead-letters.ts';
import type { Message } from '../../core/port/messenger.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { createEntityQueues } from '../../core/subscription/entity-queues.ts';
import { holdsLinked } from '../../core/subscription/linked.ts';
import { compilePlan } from '../../core/subscription/match.ts';
import { serializedOf } from '../../core/subscription/message.ts';
import type { DueNotification, Queue } from '../../core/subscription/queue.ts';
import { createThrottled } from '../../core/subscription/throttled.ts';
import type { Listener } from './log-tailer.ts';
import type { Progress } from './progress.ts';
import type { MessageSource } from './endpoint-scheduler.ts';
import type { PendingStatus, SubscriptionRunnerOptions } from './runner.ts';

/**
 * `live`: the log tailer offers new records. `reading`: the consumer reads the log itself, from `seen` on. `paused`: the receiver is
 * unreachable. Nothing is read, and the queue keeps only positions. `ended`: nothing new starts.
 */
export type ConsumerMode = 'live' | 'reading' | 'paused' | 'ended';

/**
 * The events of a consumer. `joined`: it has caught up with the log tailer. `behind`: it cannot take a record now. `blocked`, `unblocked`:
 * the endpoint scheduler stops sending to the receiver, or tries it again. `over`: the subscription has expired or was ended.
 */
export type TransitionCause = 'joined' | 'behind' | 'blocked' | 'unblocked' | 'over';

/** The next mode. An event that is not listed is ignored in that mode. */
export const transitions: Readonly<Record<ConsumerMode, Readonly<Partial<Record<TransitionCause, ConsumerMode>>>>> = {
  live: { behind: 'reading', blocked: 'paused', over: 'ended' },
  reading: { joined: 'live', blocked: 'paused', over: 'ended' },
  paused: { unblocked: 'reading', over: 'ended' },
  ended: {},
};

/** One stay in a mode. After an asynchronous step, the identity of this object tells whether the mode changed meanwhile. */
export interface ConsumerState {
  readonly mode: ConsumerMode;
}

export interface Consumer extends SubscriptionRunnerOptions {
  readonly queue: Queue;
  readonly source: MessageSource;
  readonly listener: Listener;
  /** Whether a record concerns the subscription. A promise when linked entities must be loaded to decide. */
  readonly concerns: (record: LogRecord) => boolean | Promise<boolean>;
  /** Marks the progress to be stored. */
  readonly mark: () => void;
  /** Only `transition` changes it. */
  state: ConsumerState;
  /** The consumer has matched the log up to here. While live, the tailer may be further. */
  seen: Position;
  /** The state for which a read of the log is running. */
  reader: ConsumerState | undefined;
  statistics: DeliveryStatistics;
  /** The position of the last change that was delivered. */
  lastDelivered: Position | undefined;
  /** Why the last failed attempt failed. */
  lastReason: string | undefined;
  /** Nothing is sent before this time: the cooldown of the endpoint after a failure. */
  notBeforeMs: number;
  timer: NodeJS.Timeout | undefined;
  /** Called when no notification is in flight any more. */
  idle: () => void;
}

/** The log was matched for the subscription up to here. */
export const seenTo = ({ state, seen, env }: Consumer): Position =>
  state.mode === 'live' ? Math.max(seen, env.tailer.matchedTo()) : seen;

export const hasExpired = ({ stored, env }: Consumer): boolean =>
  stored.expiry !== Infinity && microsOfInstant(env.services.clock.now()) >= stored.expiry;

export function progressOf(consumer: Consumer): Progress {
  const { state, queue, statistics, lastDelivered, lastReason, madeAt, progress } = consumer;
  const first = queue.first();
  const seen = seenTo(consumer);
  return {
    position: first === undefined ? seen : Math.min(seen, first - 1),
    isCaughtUp: state.mode === 'live' && first === undefined,
    statistics,
    madeAt,
    ...(state.mode === 'ended' && first !== undefined ? { seen, open: queue.open() } : undefined),
    ...(lastDelivered === undefined ? undefined : { lastDelivered }),
    ...(lastReason === undefined ? undefined : { lastReason }),
    ...(progress.begun === undefined ? undefined : { begun: progress.begun }),
  };
}

export function pendingStatusOf(consumer: Consumer, position: Position): PendingStatus {
  const { queue, notBeforeMs } = consumer;
  const seen = seenTo(consumer);
  const attempts = queue.attemptsAt(position);
  return {
    seen,
    waiting: queue.size(),
    isOpen: position > seen || attempts !== undefined,
    attempts: attempts ?? 0,
    notBeforeMs,
  };
}

/**
 * The queue, with open notifications of an earlier run. Throttling continues from the last delivered notification, even after a restart.
 */
export function queueOf({ stored, progress, env }: SubscriptionRunnerOptions): Queue {
  const { throttlingMs } = stored;
  const { lastSuccess } = progress.statistics;
  const agoMs =
    lastSuccess === undefined
      ? Infinity
      : // None is in the future, whatever the clock was when it was stored.
        Math.max(0, microsOfInstant(env.services.clock.now()) - microsOfInstant(lastSuccess)) / 1000;
  const queue = throttlingMs === undefined ? createEntityQueues() : createThrottled(throttlingMs, env.nowMs() - agoMs);
  queue.restore(progress.open ?? []);
  return queue;
}

export function concernsOf({ stored, env, owner }: SubscriptionRunnerOptions): Consumer['concerns'] {
  const { plan, linked, registrations } = stored;
  const isMet = compilePlan(plan);
  const get = async (id: string) => (await owner.store()?.get(id, env.services.clock.now()))?.entity();
  return (record) => {
    const seen = owner.see(record);
    if (!seen || !isMet(seen)) return false;
    if (registrations) return registrations.concerns(seen);
    return linked ? holdsLinked(linked, seen.entity, get) : true;
  };
}

/** The dead letter of a notification that was given up. */
export function letterOf(
  { record, retry }: DueNotification,
  message: Message,
  { env, stored: { dialect }, lastReason = '' }: Consumer,
): DeadLetter {
  const lastAt = env.services.clock.now();
  return {
    position: record.position,
    entity: record.id,
    reason: lastReason,
    attempts: retry.attempts,
    firstAt: retry.firstAt ?? lastAt,
    lastAt,
    wording: dialect ? dialect.serialize(message) : serializedOf(message),
  };
}
