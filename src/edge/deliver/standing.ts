/** What a consumer of the change log is made of, and what can be said of it without changing it. */
import { microsOfInstant } from '../../core/model/instant.ts';
import type { SubscriptionAccount } from '../../core/model/subscription.ts';
import type { DeadLetter } from '../../core/port/dead-letters.ts';
import type { Message } from '../../core/port/messenger.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { createLanes } from '../../core/subscription/lanes.ts';
import { holdsLinked } from '../../core/subscription/linked.ts';
import { compilePlan } from '../../core/subscription/match.ts';
import { wordingOf } from '../../core/subscription/message.ts';
import type { Due, Queue } from '../../core/subscription/queue.ts';
import { createThrottled } from '../../core/subscription/throttled.ts';
import type { Listener } from './follower.ts';
import type { Progress } from './ledger.ts';
import type { Source } from './receivers.ts';
import type { Outlook, RunnerOptions } from './runner.ts';

/**
 * `live`: the follower hands over what comes. `reading`: the consumer reads the log by itself, from `seen` on. `paused`: the
 * receiver is out of reach; nothing is read, and of what waits only the places are held. `ended`: nothing begins any more.
 */
export type Mode = 'live' | 'reading' | 'paused' | 'ended';

/**
 * What may happen to a consumer. `joined`: it has come as far as the follower. `behind`: it cannot take a change in now. `closed`,
 * `reopened`: the receiver is left alone, and is tried again. `over`: it has expired, or somebody has ended it.
 */
export type Cause = 'joined' | 'behind' | 'closed' | 'reopened' | 'over';

/** The mode that follows. A cause that is not listed means nothing in that mode. */
export const transitions: Readonly<Record<Mode, Readonly<Partial<Record<Cause, Mode>>>>> = {
  live: { behind: 'reading', closed: 'paused', over: 'ended' },
  reading: { joined: 'live', closed: 'paused', over: 'ended' },
  paused: { reopened: 'reading', over: 'ended' },
  ended: {},
};

/** A stay in a mode. Whoever waited for something meanwhile knows by it whether the consumer is still where it was. */
export interface State {
  readonly mode: Mode;
}

export interface Consumer extends RunnerOptions {
  readonly queue: Queue;
  readonly source: Source;
  readonly listener: Listener;
  /** Whether a record concerns the subscription. Undefined: only entities that it leads to can tell. */
  readonly concerns: (record: LogRecord) => boolean | Promise<boolean>;
  /** There is progress to be written down. */
  readonly mark: () => void;
  /** Changed by `transition` only. */
  state: State;
  /** The log was looked through up to here; while live, the follower may have come further. */
  seen: Position;
  /** The stay for which the log is being read. */
  reader: State | undefined;
  account: SubscriptionAccount;
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
export const seenTo = ({ state, seen, around }: Consumer): Position =>
  state.mode === 'live' ? Math.max(seen, around.follower.matchedTo()) : seen;

export const hasExpired = ({ stored, around }: Consumer): boolean =>
  stored.expiry !== Infinity && microsOfInstant(around.world.clock.now()) >= stored.expiry;

export function progressOf(consumer: Consumer): Progress {
  const { state, queue, account, told, lastReason, madeAt } = consumer;
  const first = queue.first();
  const seen = seenTo(consumer);
  return {
    position: first === undefined ? seen : Math.min(seen, first - 1),
    isCaughtUp: state.mode === 'live' && first === undefined,
    account,
    madeAt,
    ...(state.mode === 'ended' && first !== undefined ? { seen, open: queue.open() } : undefined),
    ...(told === undefined ? undefined : { told }),
    ...(lastReason === undefined ? undefined : { lastReason }),
  };
}

export function outlookOf(consumer: Consumer, position: Position): Outlook {
  const { queue, notBeforeMs } = consumer;
  const seen = seenTo(consumer);
  const tries = queue.triesAt(position);
  return {
    seen,
    waiting: queue.size(),
    isOpen: position > seen || tries !== undefined,
    tries: tries ?? 0,
    notBeforeMs,
  };
}

/** With what was left open before. Throttling goes on from the last notification that was taken, also after a restart. */
export function queueOf({ stored, progress, around }: RunnerOptions): Queue {
  const { throttlingMs } = stored;
  const { lastSuccess } = progress.account;
  const agoMs =
    lastSuccess === undefined
      ? Infinity
      : // None is in the future, whatever the clock was when it was stored.
        Math.max(0, microsOfInstant(around.world.clock.now()) - microsOfInstant(lastSuccess)) / 1000;
  const queue = throttlingMs === undefined ? createLanes() : createThrottled(throttlingMs, around.nowMs() - agoMs);
  queue.restore(progress.open ?? []);
  return queue;
}

export function concernsOf({ stored, around }: RunnerOptions): Consumer['concerns'] {
  const { plan, linked } = stored;
  const isMet = compilePlan(plan);
  if (!linked) return isMet;
  const get = async (id: string) => (await around.store.get(id, around.world.clock.now()))?.entity();
  return (record) => isMet(record) && holdsLinked(linked, record.entity, get);
}

/** The dead letter of a notification that is given up. */
export function letterOf({ record, fate }: Due, message: Message, { around, lastReason = '' }: Consumer): DeadLetter {
  const lastAt = around.world.clock.now();
  return {
    position: record.position,
    entity: record.id,
    reason: lastReason,
    attempts: fate.tries,
    firstAt: fate.firstAt ?? lastAt,
    lastAt,
    wording: wordingOf(message),
  };
}
