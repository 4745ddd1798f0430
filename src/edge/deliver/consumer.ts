/** Carries out a subscription that is told of changes (clause 5.8.6): one state machine, from the change log to the receiver. */
import type { Delivery, Message } from '../../core/port/messenger.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { attempted, ended } from '../../core/subscription/account.ts';
import { backoffMs } from '../../core/subscription/backoff.ts';
import { timerMs } from '../../core/subscription/bounds.ts';
import type { Due, Fate } from '../../core/subscription/queue.ts';
import { readLog } from '../../core/subscription/read-log.ts';
import { judge } from '../../core/subscription/verdict.ts';
import { bury, lose as tellLost } from './bury.ts';
import { pageSize } from './follower.ts';
import type { Job } from './receivers.ts';
import type { Runner, RunnerOptions } from './runner.ts';
import { type Cause, type Consumer, type State, transitions } from './standing.ts';
import { concernsOf, hasExpired, letterOf, outlookOf, progressOf, queueOf, seenTo } from './standing.ts';
import { writeChange } from './write-message.ts';

/** Notifications of one subscription that are held in memory at most. */
const heldMost = 100;
/** How long to wait before a log is read again that could not be. */
const retryMs = 1000;

export function createConsumer(options: RunnerOptions): Runner {
  const { id, stored, progress, around } = options;
  let ending: Promise<void> | undefined;
  const runner: Runner = {
    id,
    start: () => readOn(consumer),
    progress: () => progressOf(consumer),
    outlook: (position) => outlookOf(consumer, position),
    end: () => (ending ??= end(consumer)),
  };
  const consumer: Consumer = {
    ...options,
    queue: queueOf(options),
    source: { uri: stored.endpoint.uri, next: () => nextJob(consumer), paused: () => pause(consumer) },
    listener: {
      plan: stored.plan,
      offer: (record) => offer(consumer, record),
      lose: (position) => lose(consumer, position),
    },
    concerns: concernsOf(options),
    mark: () => around.ledger.mark(runner),
    state: { mode: 'reading' },
    seen: progress.seen ?? progress.position,
    reader: undefined,
    account: progress.account,
    told: progress.told,
    lastReason: progress.lastReason,
    notBeforeMs: 0,
    timer: undefined,
    idle: () => undefined,
  };
  return runner;
}

/** The only one that changes the state. Nothing happens where the cause means nothing in the present mode. */
function transition(consumer: Consumer, cause: Cause): void {
  const before = consumer.state.mode;
  const mode = transitions[before][cause];
  if (mode === undefined) return;
  if (before === 'live') {
    consumer.seen = seenTo(consumer);
    consumer.around.follower.leave(consumer.listener);
  }
  consumer.state = { mode };
  if (mode === 'ended') {
    clearTimeout(consumer.timer);
    consumer.queue.letGo();
    consumer.around.receivers.remove(consumer.source);
  }
  // Whoever has left the follower comes no further with the others: that is to be known after a crash.
  consumer.mark();
}

/** True when the subscription has ended, or ends now because it has expired: what waits is then told to nobody. */
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

/** The follower hands over a record that may concern the subscription. It is taken in, or left in the log for later. */
function offer(consumer: Consumer, record: LogRecord): void {
  const { around, source, stored, queue } = consumer;
  // The consumer may be ahead of the follower that it has joined.
  if (consumer.state.mode !== 'live' || record.position <= consumer.seen || isOver(consumer)) return;
  const isClosed = around.receivers.closedUntilMs(source.uri) !== undefined;
  if (isClosed || stored.linked || queue.size() >= heldMost) {
    transition(consumer, isClosed ? 'closed' : 'behind');
    consumer.seen = record.position - 1;
    // The receiver is to call when it may be tried again.
    if (isClosed) around.receivers.wake(source);
    readOn(consumer);
    return;
  }
  queue.add(record);
  consumer.seen = record.position;
  consumer.mark();
  wake(consumer);
}

/** Records up to here were pruned before they were read, those that were let go among them. */
function lose(consumer: Consumer, position: Position): void {
  const { queue } = consumer;
  const isGone = (at: Position | undefined): at is Position => at !== undefined && at <= position;
  if (position <= consumer.seen && !isGone(queue.missing())) return;
  tellLost('changes were pruned from the log before they were delivered', consumer);
  for (let at = queue.missing(); isGone(at); at = queue.missing()) queue.forget(at);
  consumer.seen = Math.max(consumer.seen, position);
  consumer.mark();
}

/** The receiver is out of reach: what waits for it is let go, for it is in the log. What is under way is waited for. */
function pause(consumer: Consumer): void {
  const { queue, state } = consumer;
  queue.letGo();
  if (state.mode === 'reading' || queue.size() > 0) transition(consumer, 'closed');
}

/** Has the receiver call when it may. Of what is throttled the newest is to go, which is known when all is read. */
function wake({ queue, stored, state, around, source }: Consumer): void {
  const isKnown = stored.throttlingMs === undefined || state.mode === 'live';
  if (queue.size() > 0 && isKnown && state.mode !== 'ended') around.receivers.wake(source);
}

/** Reads on, if there is something to be read and room for it, and nobody does so already. */
function readOn(consumer: Consumer): void {
  if (!mayRead(consumer) || consumer.reader === consumer.state) return;
  consumer.reader = consumer.state;
  void read(consumer, consumer.state);
}

const mayRead = ({ state, queue }: Consumer): boolean =>
  state.mode === 'reading' && (queue.missing() !== undefined || queue.size() <= heldMost / 2);

/** Never rejects. */
async function read(consumer: Consumer, reading: State): Promise<void> {
  let isLater = false;
  try {
    while (!isLater && consumer.state === reading && mayRead(consumer) && !isOver(consumer))
      isLater = !(await readPage(consumer, reading));
  } catch (cause) {
    consumer.around.world.observe({ kind: 'failed', where: 'subscriptions', cause });
    isLater = true;
  }
  const leave = (): void => {
    if (consumer.reader === reading) consumer.reader = undefined;
  };
  if (isLater) {
    // Until then nobody reads, whoever calls: a log that cannot be read is left alone for a while.
    const again = (): void => {
      leave();
      readOn(consumer);
    };
    setTimeout(again, retryMs).unref();
  } else leave();
  wake(consumer);
}

/**
 * First what was let go, then what is new, until the follower has nothing more to hand over. False when there was nothing,
 * though the follower is ahead: a store that has just changed its primary may know of records before it can read them.
 */
async function readPage(consumer: Consumer, reading: State): Promise<boolean> {
  const { around, queue, seen, listener } = consumer;
  const missing = queue.missing();
  if (missing === undefined && around.follower.join(listener, seen)) {
    transition(consumer, 'joined');
    return true;
  }
  const page = await readLog(around.log, missing === undefined ? seen : missing - 1, pageSize);
  if (consumer.state !== reading) return true;
  if (page.gapTo !== undefined) lose(consumer, page.gapTo);
  else await takeIn(consumer, reading, page);
  if (consumer.state === reading) {
    consumer.mark();
    // Not before the new is known, of which some may go where what was let go always fails.
    if (missing === undefined) wake(consumer);
  }
  return page.gapTo !== undefined || page.records.length > 0;
}

/** Looks at the records one by one, as long as the consumer stays where it is and has room. */
async function takeIn(
  consumer: Consumer,
  reading: State,
  { records = [] }: { readonly records?: readonly LogRecord[] },
): Promise<void> {
  const { queue, around } = consumer;
  const isRefill = queue.missing() !== undefined;
  for (const record of isRefill ? records.filter(({ position }) => queue.isMissing(position)) : records) {
    const pause = around.world.breathe();
    if (pause) await pause;
    const isConcerned = await consumer.concerns(record);
    if (consumer.state !== reading) return;
    if (isRefill) {
      if (isConcerned) queue.fill(record);
      else queue.forget(record.position);
      continue;
    }
    if (isConcerned) queue.add(record);
    consumer.seen = record.position;
    if (queue.size() >= heldMost) return;
  }
}

/** The next attempt that may be made now. When there is none, the consumer calls by itself as soon as there is. */
function nextJob(consumer: Consumer): Job | undefined {
  const { queue, around, stored } = consumer;
  // Once it is ours again, or another's, another runner takes its place.
  if (isOver(consumer) || !consumer.isOurs()) return undefined;
  transition(consumer, 'reopened');
  readOn(consumer);
  // Until all is read, what is throttled waits.
  if (stored.throttlingMs !== undefined && consumer.state.mode !== 'live') return undefined;
  const nowMs = around.nowMs();
  const due = nowMs < consumer.notBeforeMs ? undefined : queue.take(nowMs);
  if (!due) {
    callLater(consumer, nowMs);
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
    isOurs: consumer.isOurs,
    settle: (delivery, isReachable) => settle(consumer, due, { delivery, isReachable, message }),
  };
}

function callLater(consumer: Consumer, nowMs: number): void {
  const next = consumer.queue.nextMs();
  if (next === undefined) return;
  clearTimeout(consumer.timer);
  consumer.timer = setTimeout(() => wake(consumer), timerMs(Math.max(next, consumer.notBeforeMs) - nowMs));
}

interface End {
  readonly delivery: Delivery;
  readonly isReachable: boolean;
  /** What was sent; undefined when it could not be written. */
  readonly message: Message | undefined;
}

/** Strikes are not counted where the receiver may be to blame. */
function settle(consumer: Consumer, due: Due, { delivery, isReachable, message }: End): void {
  const { around, stored } = consumer;
  if (delivery.kind === 'abandoned') {
    giveBack(consumer, due, false);
    return;
  }
  consumer.account = ended(consumer.account, delivery.kind === 'taken', around.world.clock.now());
  if (delivery.kind === 'taken') consumer.told = due.position;
  else {
    consumer.lastReason = delivery.reason;
    consumer.notBeforeMs = around.nowMs() + (stored.endpoint.cooldownMs ?? 0);
  }
  const strikes = due.fate.strikes + (delivery.kind === 'failed' || isReachable ? 1 : 0);
  const fate: Fate = { ...due.fate, tries: due.fate.tries + 1, strikes };
  const verdict = judge(delivery, { strikes, strikesMax: around.attemptsMax });
  if (verdict === 'done') finish(consumer, due);
  else if (verdict === 'lost') giveUp(consumer, { ...due, fate }, message);
  else giveBack(consumer, { ...due, fate }, verdict === 'again');
}

function finish(consumer: Consumer, due: Due): void {
  consumer.queue.finish(due);
  goOn(consumer);
}

function giveBack(consumer: Consumer, due: Due, isToWait: boolean): void {
  const { queue, around } = consumer;
  const waitMs = isToWait ? backoffMs(due.fate.strikes, around.chance()) : 0;
  queue.giveBack({ ...due, notBeforeMs: around.nowMs() + waitMs });
  goOn(consumer);
}

/** It counts as done with when it is durable that it was given up: not before, so that no crash can lose it. */
function giveUp(consumer: Consumer, due: Due, message: Message | undefined): void {
  if (!message) {
    tellLost(consumer.lastReason ?? '', consumer);
    finish(consumer, due);
    return;
  }
  bury(letterOf(due, message, consumer), consumer).then(
    () => finish(consumer, due),
    (cause: unknown) => {
      consumer.around.world.observe({ kind: 'failed', where: 'dead letters', cause });
      giveBack(consumer, due, true);
    },
  );
}

function goOn(consumer: Consumer): void {
  const { queue, state } = consumer;
  consumer.mark();
  if (queue.underWay() === 0) consumer.idle();
  if (state.mode === 'ended' || state.mode === 'paused') queue.letGo();
  readOn(consumer);
  wake(consumer);
}
