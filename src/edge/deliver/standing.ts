/** Where a subscription that is told of changes stands: what it has seen of the log, and what waits for its receiver. */
import { microsOfInstant } from '../../core/model/instant.ts';
import type { SubscriptionAccount } from '../../core/model/subscription.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import type { Fate, Queue } from '../../core/subscription/queue.ts';
import type { Listener } from './follower.ts';
import type { Progress } from './ledger.ts';
import type { Source } from './receivers.ts';
import type { Outlook, RunnerOptions } from './runner.ts';

export interface Consumer extends RunnerOptions {
  readonly queue: Queue;
  /** How notifications have fared that were tried and are not delivered. */
  readonly fates: Map<Position, Fate>;
  readonly source: Source;
  readonly listener: Listener;
  /** Whether a record concerns the subscription. Undefined: only entities that it leads to can tell. */
  readonly concerns: (record: LogRecord) => boolean | Promise<boolean>;
  /** There is progress to be written down. */
  readonly mark: () => void;
  /** `live`: the follower hands it what comes. `reading`: it reads the log by itself, from `seen` on. */
  mode: 'live' | 'reading' | 'ended';
  seen: Position;
  account: SubscriptionAccount;
  /** The change that was told last. */
  told: Position | undefined;
  /** Why the last attempt failed that did. */
  lastReason: string | undefined;
  isReading: boolean;
  /** True while the receiver is left alone: then nothing is held. */
  isPaused: boolean;
  /** Nothing is sent before: after a failure, for the endpoint's cooldown. */
  notBeforeMs: number;
  timer: NodeJS.Timeout | undefined;
  /** Called when nothing is under way any more. */
  idle: () => void;
}

/** The log was looked through for the subscription up to here. */
const seenTo = ({ mode, seen, around }: Consumer): Position => (mode === 'live' ? around.follower.matchedTo() : seen);

export function progressOf(consumer: Consumer): Progress {
  const { mode, queue, account, told, lastReason } = consumer;
  const first = queue.first();
  const seen = seenTo(consumer);
  return {
    position: first === undefined ? seen : Math.min(seen, first - 1),
    isCaughtUp: mode === 'live' && first === undefined,
    account,
    ...(told === undefined ? undefined : { told }),
    ...(lastReason === undefined ? undefined : { lastReason }),
  };
}

export function outlookOf(consumer: Consumer, position: Position): Outlook {
  const { queue, fates, notBeforeMs } = consumer;
  const seen = seenTo(consumer);
  return {
    seen,
    waiting: queue.size(),
    isOpen: position > seen || queue.has(position),
    tries: fates.get(position)?.tries ?? 0,
    notBeforeMs,
  };
}

/** Takes the subscription off the follower; it has seen the log up to here. */
export function leave(consumer: Consumer, mode: 'reading' | 'ended', seen: Position = seenTo(consumer)): void {
  if (consumer.mode === 'live') consumer.around.follower.leave(consumer.listener);
  consumer.mode = mode;
  consumer.seen = seen;
}

/** True when the subscription has expired: it is then over. */
export function endsByExpiry(consumer: Consumer): boolean {
  const { stored, around } = consumer;
  if (consumer.mode === 'ended') return true;
  if (stored.expiry === Infinity || microsOfInstant(around.world.clock.now()) < stored.expiry) return false;
  leave(consumer, 'ended');
  consumer.queue.clear();
  around.receivers.remove(consumer.source);
  return true;
}
