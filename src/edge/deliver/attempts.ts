/** The attempts of a subscription that is told of changes: what goes next, and what follows from how it went. */
import type { DeadLetter } from '../../core/port/dead-letters.ts';
import type { Delivery, Message } from '../../core/port/messenger.ts';
import { attempted, ended } from '../../core/subscription/account.ts';
import { backoffMs } from '../../core/subscription/backoff.ts';
import { wordingOf } from '../../core/subscription/message.ts';
import type { Due, Fate } from '../../core/subscription/queue.ts';
import { judge } from '../../core/subscription/verdict.ts';
import { bury, lose } from './bury.ts';
import { readOn } from './reading.ts';
import type { Job } from './receivers.ts';
import { type Consumer, endsByExpiry } from './standing.ts';
import { writeChange } from './write-message.ts';

/** The next attempt that may be made now. When there is none, the subscription calls by itself as soon as there is. */
export function nextJob(consumer: Consumer): Job | undefined {
  const { queue, around } = consumer;
  consumer.isPaused = false;
  if (endsByExpiry(consumer)) return undefined;
  const nowMs = around.nowMs();
  const due = nowMs < consumer.notBeforeMs ? undefined : queue.take(nowMs);
  if (!due) {
    callLater(consumer, nowMs);
    readOn(consumer);
    return undefined;
  }
  const now = around.world.clock.now();
  consumer.account = attempted(consumer.account, now);
  consumer.mark();
  return jobOf(consumer, { ...due, fate: { ...due.fate, firstAt: due.fate.firstAt ?? now } });
}

function jobOf(consumer: Consumer, due: Due): Job {
  let message: Message | undefined;
  return {
    async write() {
      message = await writeChange(due.record, consumer);
      return message;
    },
    settle: (delivery, isReachable) => settle(consumer, due, { delivery, isReachable, message }),
  };
}

function callLater(consumer: Consumer, nowMs: number): void {
  const { queue, around, source } = consumer;
  const next = queue.nextMs();
  if (next === undefined) return;
  clearTimeout(consumer.timer);
  consumer.timer = setTimeout(
    () => around.receivers.wake(source),
    Math.max(1, next - nowMs, consumer.notBeforeMs - nowMs),
  );
}

interface End {
  readonly delivery: Delivery;
  readonly isReachable: boolean;
  /** What was sent; undefined when it could not be written. */
  readonly message: Message | undefined;
}

/** Strikes are not counted where the receiver may be to blame. */
function settle(consumer: Consumer, due: Due, end: End): void {
  const { around, stored } = consumer;
  const { delivery, isReachable } = end;
  consumer.account = ended(consumer.account, delivery.kind === 'taken', around.world.clock.now());
  const { cooldownMs = 0 } = stored.endpoint;
  if (delivery.kind === 'taken') consumer.told = due.record.position;
  else {
    consumer.lastReason = delivery.reason;
    consumer.notBeforeMs = around.nowMs() + cooldownMs;
  }
  const strikes = due.fate.strikes + (delivery.kind === 'failed' || isReachable ? 1 : 0);
  const fate: Fate = { ...due.fate, tries: due.fate.tries + 1, strikes };
  const verdict = judge(delivery, { strikes, strikesMax: around.attemptsMax });
  if (verdict === 'done') finish(consumer, due);
  else if (verdict === 'lost') giveUp(consumer, { ...due, fate }, end);
  else giveBack(consumer, { ...due, fate }, verdict === 'again');
}

function finish(consumer: Consumer, due: Due): void {
  consumer.fates.delete(due.record.position);
  consumer.queue.finish(due);
  goOn(consumer);
}

function giveBack(consumer: Consumer, due: Due, isToWait: boolean): void {
  const { queue, fates, around } = consumer;
  fates.set(due.record.position, due.fate);
  const waitMs = isToWait ? backoffMs(due.fate.strikes, around.chance()) : 0;
  queue.giveBack({ ...due, notBeforeMs: around.nowMs() + waitMs });
  goOn(consumer);
}

/** It counts as done with when it is durable that it was given up: not before, so that no crash can lose it. */
function giveUp(consumer: Consumer, due: Due, { delivery, message }: End): void {
  const { world } = consumer.around;
  const reason = delivery.kind === 'taken' ? '' : delivery.reason;
  if (!message) {
    lose(reason, consumer);
    finish(consumer, due);
    return;
  }
  const { record, fate } = due;
  const lastAt = world.clock.now();
  const letter: DeadLetter = {
    position: record.position,
    entity: record.id,
    reason,
    attempts: fate.tries,
    firstAt: fate.firstAt ?? lastAt,
    lastAt,
    wording: wordingOf(message),
  };
  bury(letter, consumer).then(
    () => finish(consumer, due),
    (cause: unknown) => {
      world.observe({ kind: 'failed', where: 'dead letters', cause });
      giveBack(consumer, due, true);
    },
  );
}

function goOn(consumer: Consumer): void {
  const { queue, around, source } = consumer;
  consumer.mark();
  if (queue.underWay() === 0) consumer.idle();
  readOn(consumer);
  if (queue.size() > 0) around.receivers.wake(source);
}
