/** What a consumer of the change log is made of, and what can be said of it without changing it. */
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
import type { Progress } from './progress-store.ts';
import type { MessageSource } from './endpoint-scheduler.ts';
import type { PendingStatus, SubscriptionRunnerOptions } from './runner.ts';

/**
 * `live`: the follower hands over what comes. `reading`: the consumer reads the log by itself, from `seen` on. `paused`: the
 * receiver is out of reach; nothing is read, and of what waits only the places are held. `ended`: nothing begins any more.
 */
export type ConsumerMode = 'live' | 'reading' | 'paused' | 'ended';

/**
 * What may happen to a consumer. `joined`: it has come as far as the follower. `behind`: it cannot take a change in now. `closed`,
 * `reopened`: the receiver is left alone, and is tried again. `over`: it has expired, or somebody has ended it.
 */
export type TransitionCause = 'joined' | 'behind' | 'closed' | 'reopened' | 'over';

/** The mode that follows. A cause that is not listed means nothing in that mode. */
export const transitions: Readonly<Record<ConsumerMode, Readonly<Partial<Record<TransitionCause, ConsumerMode>>>>> = {
  live: { behind: 'reading', closed: 'paused', over: 'ended' },
  reading: { joined: 'live', closed: 'paused', over: 'ended' },
  paused: { reopened: 'reading', over: 'ended' },
  ended: {},
};

/** A stay in a mode. Whoever waited for something meanwhile knows by it whether the consumer is still where it was. */
export interface ConsumerState {
  readonly mode: ConsumerMode;
}

export interface Consumer extends SubscriptionRunnerOptions {
  readonly queue: Queue;
  readonly source: MessageSource;
  readonly listener: Listener;
  /** Whether a record concerns the subscription. Undefined: only entities that it leads to can tell. */
  readonly concerns: (record: LogRecord) => boolean | Promise<boolean>;
  /** There is progress to be written down. */
  readonly mark: () => void;
  /** Changed by `transition` only. */
  state: ConsumerState;
  /** The log was looked through up to here; while live, the follower may have come further. */
  seen: Position;
  /** The stay for which the log is being read. */
  reader: ConsumerState | undefined;
  statistics: DeliveryStatistics;
  /** The change that was told last. */
  told: Position | undefined;
  /** Why the last attempt failed that did. */
  lastReason: string | undefined;
  /** Nothing is sent before: after a failure, for the endpoint's cooldown. */
  notBeforeMs: number;
  timer: NodeJS.Timeout | undefined;
  /** Called when nothing is under way any more. */
  idle: () => void;
}

/** The log was looked through for the subscription up to here. */
export const seenTo = ({ state, seen, env }: Consumer): Position =>
  state.mode === 'live' ? Math.max(seen, env.tailer.matchedTo()) : seen;

export const hasExpired = ({ stored, env }: Consumer): boolean =>
  stored.expiry !== Infinity && microsOfInstant(env.world.clock.now()) >= stored.expiry;

export function progressOf(consumer: Consumer): Progress {
  const { state, queue, statistics, told, lastReason, madeAt } = consumer;
  const first = queue.first();
  const seen = seenTo(consumer);
  return {
    position: first === undefined ? seen : Math.min(seen, first - 1),
    isCaughtUp: state.mode === 'live' && first === undefined,
    statistics,
    madeAt,
    ...(state.mode === 'ended' && first !== undefined ? { seen, open: queue.open() } : undefined),
    ...(told === undefined ? undefined : { told }),
    ...(lastReason === undefined ? undefined : { lastReason }),
  };
}

export function pendingStatusOf(consumer: Consumer, position: Position): PendingStatus {
  const { queue, notBeforeMs } = consumer;
  const seen = seenTo(consumer);
  const tries = queue.attemptsAt(position);
  return {
    seen,
    waiting: queue.size(),
    isOpen: position > seen || tries !== undefined,
    attempts: tries ?? 0,
    notBeforeMs,
  };
}

/** With what was left open before. Throttling goes on from the last notification that was taken, also after a restart. */
export function queueOf({ stored, progress, env }: SubscriptionRunnerOptions): Queue {
  const { throttlingMs } = stored;
  const { lastSuccess } = progress.statistics;
  const agoMs =
    lastSuccess === undefined
      ? Infinity
      : // None is in the future, whatever the clock was when it was stored.
        Math.max(0, microsOfInstant(env.world.clock.now()) - microsOfInstant(lastSuccess)) / 1000;
  const queue = throttlingMs === undefined ? createEntityQueues() : createThrottled(throttlingMs, env.nowMs() - agoMs);
  queue.restore(progress.open ?? []);
  return queue;
}

export function concernsOf({ stored, env }: SubscriptionRunnerOptions): Consumer['concerns'] {
  const { plan, linked } = stored;
  const isMet = compilePlan(plan);
  if (!linked) return isMet;
  const get = async (id: string) => (await env.store.get(id, env.world.clock.now()))?.entity();
  return (record) => isMet(record) && holdsLinked(linked, record.entity, get);
}

/** The dead letter of a notification that is given up. */
export function letterOf(
  { record, retry }: DueNotification,
  message: Message,
  { env, lastReason = '' }: Consumer,
): DeadLetter {
  const lastAt = env.world.clock.now();
  return {
    position: record.position,
    entity: record.id,
    reason: lastReason,
    attempts: retry.attempts,
    firstAt: retry.firstAt ?? lastAt,
    lastAt,
    wording: serializedOf(message),
  };
}
