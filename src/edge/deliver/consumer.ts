/** Runs a subscription that notifies changes (clause 5.8.6). A state machine takes it from the change log to the receiver. */
import type { Delivery, Message } from '../../core/port/messenger.ts';
import type { DeliveryStatistics } from '../../core/model/subscription.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { attempted, ended } from '../../core/subscription/delivery-statistics.ts';
import { backoffMs } from '../../core/subscription/backoff.ts';
import { timerMs } from '../../core/subscription/bounds.ts';
import type { DueNotification, RetryState } from '../../core/subscription/queue.ts';
import { readLog } from '../../core/subscription/read-log.ts';
import { decideRetry } from '../../core/subscription/retry-decision.ts';
import { keepDeadLetter, reportLost } from './dead-letters.ts';
import { pageSize } from './log-tailer.ts';
import type { DeliveryJob } from './endpoint-scheduler.ts';
import type { SubscriptionRunner, SubscriptionRunnerOptions } from './runner.ts';
import { type TransitionCause, type Consumer, type ConsumerState, transitions } from './consumer-state.ts';
import { concernsOf, hasExpired, letterOf, pendingStatusOf, progressOf, queueOf, seenTo } from './consumer-state.ts';
import { recordDelivery, writeChange, type Written } from './write-message.ts';

/** Most notifications of one subscription in memory. */
const queuedMax = 100;
/** The delay before a failed read of the log is retried. */
const retryMs = 1000;

export function createConsumer(options: SubscriptionRunnerOptions): SubscriptionRunner {
  const { id, stored, progress, env, owner } = options;
  let ending: Promise<void> | undefined;
  const runner: SubscriptionRunner = {
    id,
    start: () => readOn(consumer),
    progress: () => progressOf(consumer),
    pendingStatus: (position) => pendingStatusOf(consumer, position),
    end: () => (ending ??= end(consumer)),
  };
  const consumer: Consumer = {
    ...options,
    queue: queueOf(options),
    source: { uri: stored.endpoint.uri, next: () => nextJob(consumer), paused: () => pause(consumer) },
    listener: {
      plan: owner.widened(stored.plan),
      offer: (record) => offer(consumer, record),
      skipPruned: (position) => skipPruned(consumer, position),
    },
    concerns: concernsOf(options),
    mark: () => env.progressStore.mark(runner),
    state: { mode: 'reading' },
    seen: progress.seen ?? progress.position,
    reader: undefined,
    statistics: progress.statistics,
    lastDelivered: progress.lastDelivered,
    lastReason: progress.lastReason,
    notBeforeMs: 0,
    timer: undefined,
    idle: () => undefined,
  };
  return runner;
}

/** The only function that changes the state. It ignores events that mean nothing in the current mode. */
function transition(consumer: Consumer, cause: TransitionCause): void {
  const before = consumer.state.mode;
  const mode = transitions[before][cause];
  if (mode === undefined) return;
  if (before === 'live') {
    consumer.seen = seenTo(consumer);
    consumer.env.tailer.leave(consumer.listener);
  }
  consumer.state = { mode };
  if (mode === 'ended') {
    clearTimeout(consumer.timer);
    consumer.queue.evictRecords();
    consumer.env.scheduler.remove(consumer.source);
  }
  // A consumer that left the tailer no longer advances with the common position. Progress must be stored for use after a crash.
  consumer.mark();
}

/** True when the subscription has ended, or ends now because it has expired. Waiting notifications are then dropped. */
function isOver(consumer: Consumer): boolean {
  if (consumer.state.mode === 'ended') return true;
  if (!hasExpired(consumer)) return false;
  consumer.queue.clear();
  transition(consumer, 'over');
  return true;
}

async function end(consumer: Consumer): Promise<void> {
  transition(consumer, 'over');
  if (consumer.queue.underWay() === 0) return;
  await new Promise<void>((resolve) => {
    consumer.idle = resolve;
  });
}

/** The tailer offers a record that may concern the subscription. The consumer queues it, or leaves it in the log to read it later. */
function offer(consumer: Consumer, record: LogRecord): void {
  const { env, source, queue } = consumer;
  // The consumer may be ahead of the tailer that it has joined.
  if (consumer.state.mode !== 'live' || record.position <= consumer.seen || isOver(consumer)) return;
  const isBlocked = env.scheduler.blockedUntilMs(source.uri) !== undefined;
  if (isBlocked || isTestedWhileRead(consumer) || queue.size() >= queuedMax) {
    transition(consumer, isBlocked ? 'blocked' : 'behind');
    consumer.seen = record.position - 1;
    // The scheduler must call back when the receiver can be tried again.
    if (isBlocked) env.scheduler.wake(source);
    readOn(consumer);
    return;
  }
  queue.add(record);
  consumer.seen = record.position;
  consumer.mark();
  wake(consumer);
}

/** Whether the plan alone cannot tell which records concern the subscription. */
const isTestedWhileRead = ({ stored, owner }: Consumer): boolean =>
  stored.linked !== undefined || stored.registrations !== undefined || !owner.isWhole();

/** Records up to here were pruned before the consumer read them, including evicted ones. */
function skipPruned(consumer: Consumer, position: Position): void {
  const { queue } = consumer;
  const isGone = (at: Position | undefined): at is Position => at !== undefined && at <= position;
  if (position <= consumer.seen && !isGone(queue.firstEvicted())) return;
  reportLost('changes were pruned from the log before they were delivered', consumer);
  for (let at = queue.firstEvicted(); isGone(at); at = queue.firstEvicted()) queue.dropEvicted(at);
  consumer.seen = Math.max(consumer.seen, position);
  consumer.mark();
}

/** The receiver is unreachable. Waiting records are evicted, because they are in the log. Notifications in flight go on. */
function pause(consumer: Consumer): void {
  const { queue, state } = consumer;
  queue.evictRecords();
  if (state.mode === 'reading' || queue.size() > 0) transition(consumer, 'blocked');
}

/** Asks the scheduler for a call of `nextJob`. With throttling only the newest notification is sent, which is known after all is read. */
function wake({ queue, stored, state, env, source }: Consumer): void {
  const isKnown = stored.throttlingMs === undefined || state.mode === 'live';
  if (queue.size() > 0 && isKnown && state.mode !== 'ended') env.scheduler.wake(source);
}

/** Continues to read if there is something to read and room for it, and no read is running. */
function readOn(consumer: Consumer): void {
  if (!mayRead(consumer) || consumer.reader === consumer.state) return;
  consumer.reader = consumer.state;
  void read(consumer, consumer.state);
}

const mayRead = ({ state, queue }: Consumer): boolean =>
  state.mode === 'reading' && (queue.firstEvicted() !== undefined || queue.size() <= queuedMax / 2);

/** Never rejects. */
async function read(consumer: Consumer, reading: ConsumerState): Promise<void> {
  let isLater = false;
  try {
    while (!isLater && consumer.state === reading && mayRead(consumer) && !isOver(consumer))
      isLater = !(await readPage(consumer, reading));
  } catch (cause) {
    consumer.env.services.observe({ kind: 'failed', where: 'subscriptions', cause });
    isLater = true;
  }
  const leave = (): void => {
    if (consumer.reader === reading) consumer.reader = undefined;
  };
  if (isLater) {
    // A failed read is not retried earlier, whatever calls `readOn`.
    const again = (): void => {
      leave();
      readOn(consumer);
    };
    setTimeout(again, retryMs).unref();
  } else leave();
  wake(consumer);
}

/**
 * Refills evicted records first, then reads new ones until it can join the tailer. Returns false when there was nothing to read although
 * the tailer is ahead: after a failover, a store may announce records before it can read them.
 */
async function readPage(consumer: Consumer, reading: ConsumerState): Promise<boolean> {
  const { env, queue, seen, listener } = consumer;
  const missing = queue.firstEvicted();
  if (missing === undefined && env.tailer.join(listener, seen)) {
    transition(consumer, 'joined');
    return true;
  }
  const page = await readLog(env.log, missing === undefined ? seen : missing - 1, pageSize);
  if (consumer.state !== reading) return true;
  if (page.gapTo !== undefined) skipPruned(consumer, page.gapTo);
  else await enqueuePage(consumer, reading, page);
  if (consumer.state === reading) {
    consumer.mark();
    // Wakes only after new records are known. Some of them may be deliverable where the evicted ones always fail.
    if (missing === undefined) wake(consumer);
  }
  return page.gapTo !== undefined || page.records.length > 0;
}

/** Takes the records one by one, as long as the consumer stays in its state and has room. */
async function enqueuePage(
  consumer: Consumer,
  reading: ConsumerState,
  { records = [] }: { readonly records?: readonly LogRecord[] },
): Promise<void> {
  const { queue, env } = consumer;
  const isRefill = queue.firstEvicted() !== undefined;
  for (const record of isRefill ? records.filter(({ position }) => queue.isEvicted(position)) : records) {
    const pause = env.services.yieldToEventLoop();
    if (pause) await pause;
    const isConcerned = await consumer.concerns(record);
    if (consumer.state !== reading) return;
    if (isRefill) {
      if (isConcerned) queue.refill(record);
      else queue.dropEvicted(record.position);
      continue;
    }
    if (isConcerned) queue.add(record);
    consumer.seen = record.position;
    if (queue.size() >= queuedMax) return;
  }
}

/** The next attempt that may start now. When there is none, the consumer wakes the scheduler as soon as there is one. */
function nextJob(consumer: Consumer): DeliveryJob | undefined {
  const { env } = consumer;
  // When this broker, or another, gains the partition again, a new runner replaces this one.
  if (isOver(consumer) || !consumer.isOurs()) return undefined;
  transition(consumer, 'unblocked');
  readOn(consumer);
  if (mustWait(consumer)) return undefined;
  const nowMs = env.nowMs();
  const due = nowMs < consumer.notBeforeMs ? undefined : takeVisible(consumer, nowMs);
  if (!due) {
    scheduleWake(consumer, nowMs);
    return undefined;
  }
  const now = env.services.clock.now();
  consumer.statistics = attempted(consumer.statistics, now);
  consumer.mark();
  return jobOf(consumer, { ...due, retry: { ...due.retry, firstAt: due.retry.firstAt ?? now } });
}

/** A throttled subscription sends nothing until the whole log is read, one that notifies once nothing while a notification is in flight. */
const mustWait = ({ stored, state, queue }: Consumer): boolean =>
  (stored.throttlingMs !== undefined && state.mode !== 'live') ||
  (stored.dialect?.isOneTime === true && queue.underWay() > 0);

/** Drops what the owner may not see any more. */
function takeVisible({ queue, owner }: Consumer, nowMs: number): DueNotification | undefined {
  for (;;) {
    const due = queue.take(nowMs);
    if (!due || owner.see(due.record)) return due;
    queue.finish(due);
  }
}

function jobOf(consumer: Consumer, due: DueNotification): DeliveryJob {
  let written: Written | undefined;
  return {
    async write() {
      written = await writeChange(due.record, consumer);
      return written.message;
    },
    isOurs: consumer.isOurs,
    settle: (delivery, isReachable) => {
      recordDelivery(written, delivery, consumer);
      settle(consumer, due, { delivery, isReachable, message: written?.message });
    },
  };
}

function scheduleWake(consumer: Consumer, nowMs: number): void {
  const next = consumer.queue.nextMs();
  if (next === undefined) return;
  clearTimeout(consumer.timer);
  consumer.timer = setTimeout(() => wake(consumer), timerMs(Math.max(next, consumer.notBeforeMs) - nowMs));
}

interface AttemptEnd {
  readonly delivery: Delivery;
  readonly isReachable: boolean;
  /** The message that was sent. Undefined when it could not be written. */
  readonly message: Message | undefined;
}

/** A failure counts against the notification only when the receiver was reachable. */
function settle(consumer: Consumer, due: DueNotification, { delivery, isReachable, message }: AttemptEnd): void {
  const { env, stored } = consumer;
  if (delivery.kind === 'abandoned') {
    giveBack(consumer, due, false);
    return;
  }
  consumer.statistics = statisticsAfter(consumer, delivery);
  if (delivery.kind === 'taken') consumer.lastDelivered = due.position;
  else {
    consumer.lastReason = delivery.reason;
    consumer.notBeforeMs = env.nowMs() + (stored.endpoint.cooldownMs ?? 0);
  }
  const failures = due.retry.failures + (delivery.kind === 'failed' || isReachable ? 1 : 0);
  const retry: RetryState = { ...due.retry, attempts: due.retry.attempts + 1, failures };
  const decision = decideRetry(delivery, { failures, failuresMax: env.attemptsMax });
  endItself(consumer, decision === 'done' || decision === 'lost');
  if (decision === 'done') finish(consumer, due);
  else if (decision === 'lost') giveUp(consumer, { ...due, retry }, message);
  else giveBack(consumer, { ...due, retry }, decision === 'again');
}

function statisticsAfter({ statistics, stored: { dialect }, env }: Consumer, delivery: Delivery): DeliveryStatistics {
  const now = env.services.clock.now();
  return dialect ? dialect.ended(statistics, delivery, now) : ended(statistics, delivery.kind === 'taken', now);
}

/** A subscription that has sent its only notification, or has failed too often, drops what waits and becomes inactive. */
function endItself(consumer: Consumer, isFinished: boolean): void {
  const { stored, statistics, queue } = consumer;
  if (stored.dialect?.isOver(statistics, isFinished) !== true || consumer.state.mode === 'ended') return;
  queue.clear();
  transition(consumer, 'over');
  consumer.deactivate();
}

function finish(consumer: Consumer, due: DueNotification): void {
  consumer.queue.finish(due);
  afterAttempt(consumer);
}

function giveBack(consumer: Consumer, due: DueNotification, isToWait: boolean): void {
  const { queue, env } = consumer;
  const waitMs = isToWait ? backoffMs(due.retry.failures, env.chance()) : 0;
  queue.giveBack({ ...due, notBeforeMs: env.nowMs() + waitMs });
  afterAttempt(consumer);
}

/** The notification is finished only after its dead letter is durable, so that a crash cannot lose it. */
function giveUp(consumer: Consumer, due: DueNotification, message: Message | undefined): void {
  if (!message) {
    reportLost(consumer.lastReason ?? '', consumer);
    finish(consumer, due);
    return;
  }
  keepDeadLetter(letterOf(due, message, consumer), consumer).then(
    () => finish(consumer, due),
    (cause: unknown) => {
      consumer.env.services.observe({ kind: 'failed', where: 'dead letters', cause });
      giveBack(consumer, due, true);
    },
  );
}

function afterAttempt(consumer: Consumer): void {
  const { queue, state } = consumer;
  consumer.mark();
  if (queue.underWay() === 0) consumer.idle();
  if (state.mode === 'ended' || state.mode === 'paused') queue.evictRecords();
  readOn(consumer);
  wake(consumer);
}
