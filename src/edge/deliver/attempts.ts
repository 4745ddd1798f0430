/** The attempts of a subscription that is told of changes: what goes next, and what follows from how it went. */
import type { Delivery } from '../../core/port/messenger.ts';
import { attempted, ended } from '../../core/subscription/account.ts';
import { backoffMs } from '../../core/subscription/backoff.ts';
import type { Due, Fate } from '../../core/subscription/queue.ts';
import { judge } from '../../core/subscription/verdict.ts';
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
  consumer.account = attempted(consumer.account, around.world.clock.now());
  consumer.mark();
  return {
    write: () => writeChange(due.record, consumer),
    settle: (delivery, isReachable) => settle(consumer, due, { delivery, isReachable }),
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
}

function settle(consumer: Consumer, due: Due, { delivery, isReachable }: End): void {
  const { queue, around, stored, source } = consumer;
  const isWell = delivery.kind === 'taken';
  consumer.account = ended(consumer.account, isWell, around.world.clock.now());
  const { cooldownMs = 0 } = stored.endpoint;
  if (!isWell) consumer.notBeforeMs = around.nowMs() + cooldownMs;
  decide(consumer, due, { delivery, isReachable });
  consumer.mark();
  if (queue.underWay() === 0) consumer.idle();
  readOn(consumer);
  if (queue.size() > 0) around.receivers.wake(source);
}

/** Strikes are not counted where the receiver may be to blame. */
function decide(consumer: Consumer, due: Due, { delivery, isReachable }: End): void {
  const { queue, fates, around, id } = consumer;
  const { position } = due.record;
  const strikes = due.fate.strikes + (delivery.kind === 'failed' || isReachable ? 1 : 0);
  const verdict = judge(delivery, { strikes, strikesMax: around.attemptsMax });
  if (verdict === 'done' || verdict === 'lost') {
    fates.delete(position);
    queue.finish(due);
  } else {
    const fate: Fate = { tries: due.fate.tries + 1, strikes };
    fates.set(position, fate);
    const waitMs = verdict === 'again' ? backoffMs(strikes, around.chance()) : 0;
    queue.giveBack({ ...due, fate, notBeforeMs: around.nowMs() + waitMs });
  }
  if (verdict === 'lost' && 'reason' in delivery)
    around.world.observe({
      kind: 'notificationLost',
      tenant: around.tenant,
      subscription: id,
      reason: delivery.reason,
    });
}
