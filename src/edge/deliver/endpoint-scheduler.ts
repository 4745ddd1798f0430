/**
 * Schedules attempts over all receivers. Each receiver has a window of messages in flight and a circuit breaker for when it is unreachable.
 */
import type { Attempt, Delivery, Message, Messenger } from '../../core/port/messenger.ts';
import { backoffMs } from '../../core/subscription/backoff.ts';
import type { Observe } from '../../core/port/observe.ts';

/** One attempt to make. */
export interface DeliveryJob {
  /** Writes the message just before it is sent. */
  write(): Message | Promise<Message>;
  /** Whether this broker still holds the lease for it. Asked before the message is sent, and when leases have ended. */
  isOurs(): boolean;
  /** `isReachable`: the receiver has accepted something since it was last unreachable. */
  settle(delivery: Delivery, isReachable: boolean): void;
}

/** A sender of messages to one receiver. */
export interface MessageSource {
  /** The URI of the receiver. */
  readonly uri: string;
  /** The next attempt that may start now. Undefined: none. */
  next(): DeliveryJob | undefined;
  /** The receiver is unreachable. The scheduler calls `next` again when it may be retried. */
  paused(): void;
}

export interface EndpointScheduler {
  /** The source may have something to send. */
  wake(source: MessageSource): void;
  /** The source will never send again. */
  remove(source: MessageSource): void;
  /** Nothing is sent to the receiver before this time. Undefined: sending is allowed. */
  closedUntilMs(uri: string): number | undefined;
  /** Gives up the attempts for which this broker no longer holds the lease. */
  abandonForeign(): void;
  /** Starts nothing more, and waits until all running attempts have ended. */
  stop(): Promise<void>;
}

export interface EndpointSchedulerOptions {
  readonly messenger: Messenger;
  /** Most messages in flight to all receivers together. */
  readonly concurrency: number;
  readonly observe: Observe;
  readonly nowMs: () => number;
  readonly chance: () => number;
}

/** Most messages in flight to one receiver. */
const windowMost = 16;

interface Receiver {
  readonly uri: string;
  /** Sources that may have something to send, in round-robin order. */
  readonly ready: Set<MessageSource>;
  /** All sources that have called `wake` and were not removed. */
  readonly sources: Set<MessageSource>;
  underWay: number;
  /** Most messages in flight now. It starts at one, grows by one with each response and drops to one when the receiver is unreachable. */
  window: number;
  failures: number;
  hasTaken: boolean;
  closedUntilMs: number;
  timer: NodeJS.Timeout | undefined;
}

interface SchedulerState extends EndpointSchedulerOptions {
  readonly scheduler: Map<string, Receiver>;
  /** Receivers that wait for capacity of the broker. */
  readonly waiting: Set<Receiver>;
  readonly underWay: Set<Promise<void>>;
  /** Running attempts by job. */
  readonly sent: Map<DeliveryJob, Attempt>;
  /** Messages in flight, by health of the receiver. */
  readonly load: Record<ReceiverHealth, number>;
  isStopped: boolean;
}

export function createEndpointScheduler(options: EndpointSchedulerOptions): EndpointScheduler {
  const scheduler: SchedulerState = {
    ...options,
    scheduler: new Map(),
    waiting: new Set(),
    underWay: new Set(),
    sent: new Map(),
    load: { sound: 0, doubtful: 0 },
    isStopped: false,
  };
  return {
    wake(source) {
      const receiver = receiverOf(scheduler, source);
      receiver.sources.add(source);
      receiver.ready.add(source);
      serve(scheduler, receiver);
    },
    remove(source) {
      const receiver = scheduler.scheduler.get(source.uri);
      receiver?.ready.delete(source);
      receiver?.sources.delete(source);
      if (receiver) forgetIfIdle(scheduler, receiver);
    },
    closedUntilMs(uri) {
      const receiver = scheduler.scheduler.get(uri);
      return receiver && isClosed(scheduler, receiver) ? receiver.closedUntilMs : undefined;
    },
    abandonForeign() {
      for (const [job, sent] of scheduler.sent) if (!job.isOurs()) sent.abandon();
    },
    async stop() {
      scheduler.isStopped = true;
      for (const { timer } of scheduler.scheduler.values()) clearTimeout(timer);
      await Promise.all(scheduler.underWay);
    },
  };
}

function receiverOf({ scheduler }: SchedulerState, { uri }: MessageSource): Receiver {
  const known = scheduler.get(uri);
  if (known) return known;
  const made: Receiver = {
    uri,
    ready: new Set(),
    sources: new Set(),
    underWay: 0,
    window: 1,
    failures: 0,
    hasTaken: false,
    closedUntilMs: 0,
    timer: undefined,
  };
  scheduler.set(uri, made);
  return made;
}

/** Forgets a receiver without sources, and its failures. */
function forgetIfIdle({ scheduler, waiting }: SchedulerState, receiver: Receiver): void {
  if (receiver.sources.size > 0 || receiver.underWay > 0) return;
  clearTimeout(receiver.timer);
  waiting.delete(receiver);
  scheduler.delete(receiver.uri);
}

/** Starts as many attempts as the limits allow. */
function serve(scheduler: SchedulerState, receiver: Receiver): void {
  while (receiver.ready.size > 0 && receiver.underWay < receiver.window && !isClosed(scheduler, receiver)) {
    if (!hasCapacity(scheduler, receiver)) {
      scheduler.waiting.add(receiver);
      return;
    }
    const [source] = receiver.ready;
    if (!source) return;
    // Moves the source behind the others as long as it has something to send.
    receiver.ready.delete(source);
    const job = source.next();
    if (!job) continue;
    receiver.ready.add(source);
    begin(scheduler, receiver, job);
  }
}

const isClosed = ({ isStopped, nowMs }: SchedulerState, { closedUntilMs }: Receiver): boolean =>
  isStopped || nowMs() < closedUntilMs;

type ReceiverHealth = 'sound' | 'doubtful';

/** `sound`: the receiver has accepted a message since it was last unreachable. */
const healthOf = ({ failures, hasTaken }: Receiver): ReceiverHealth =>
  failures === 0 && hasTaken ? 'sound' : 'doubtful';

/** Each health has half of the capacity, so that doubtful receivers never block sound ones. */
const hasCapacity = ({ load, concurrency }: SchedulerState, receiver: Receiver): boolean =>
  load[healthOf(receiver)] < concurrency / 2;

function begin(scheduler: SchedulerState, receiver: Receiver, job: DeliveryJob): void {
  const standing = healthOf(receiver);
  receiver.underWay += 1;
  scheduler.load[standing] += 1;
  const done = attempt(scheduler, job).then((delivery) => {
    receiver.underWay -= 1;
    scheduler.load[standing] -= 1;
    scheduler.underWay.delete(done);
    const isReachable = receiver.hasTaken;
    recordResult(scheduler, receiver, delivery);
    job.settle(delivery, isReachable);
    goOn(scheduler, receiver);
  });
  scheduler.underWay.add(done);
}

/** Never rejects. */
async function attempt(scheduler: SchedulerState, job: DeliveryJob): Promise<Delivery> {
  const { observe, nowMs } = scheduler;
  const beganMs = nowMs();
  let delivery: Delivery;
  try {
    delivery = await send(scheduler, job);
  } catch (cause) {
    observe({ kind: 'failed', where: 'notification', cause });
    delivery = { kind: 'failed', reason: 'the notification could not be written' };
  }
  observe({ kind: 'delivered', result: delivery.kind, tookMs: nowMs() - beganMs });
  return delivery;
}

const abandoned: Delivery = { kind: 'abandoned', reason: 'it is another broker that delivers it' };

/** Checks the lease after writing and after a failure, because both can take long enough for another broker to take over. */
async function send({ messenger, sent }: SchedulerState, job: DeliveryJob): Promise<Delivery> {
  const message = await job.write();
  if (!job.isOurs()) return abandoned;
  const attempt = messenger.send(message);
  sent.set(job, attempt);
  const delivery = await attempt.done.finally(() => sent.delete(job));
  return delivery.kind === 'unreached' && !job.isOurs() ? abandoned : delivery;
}

function recordResult(scheduler: SchedulerState, receiver: Receiver, delivery: Delivery): void {
  if (delivery.kind === 'abandoned') return;
  if (delivery.kind !== 'unreached') {
    receiver.failures = 0;
    receiver.hasTaken ||= delivery.kind === 'taken';
    receiver.window = Math.min(windowMost, receiver.window + 1);
    return;
  }
  const { nowMs, chance } = scheduler;
  // Attempts that started before the first failure count as one failure.
  if (!isClosed(scheduler, receiver)) {
    receiver.failures += 1;
    receiver.closedUntilMs = nowMs() + Math.max(backoffMs(receiver.failures, chance()), delivery.retryAfterMs ?? 0);
  }
  receiver.window = 1;
  receiver.hasTaken = false;
}

function goOn(scheduler: SchedulerState, receiver: Receiver): void {
  if (scheduler.isStopped) return;
  if (isClosed(scheduler, receiver)) close(scheduler, receiver);
  else serve(scheduler, receiver);
  forgetIfIdle(scheduler, receiver);
  for (const other of [...scheduler.waiting]) {
    if (!hasCapacity(scheduler, other)) continue;
    scheduler.waiting.delete(other);
    serve(scheduler, other);
  }
}

/** Pauses the sources of an unreachable receiver, and sets the time of the next attempt. */
function close(scheduler: SchedulerState, receiver: Receiver): void {
  receiver.ready.clear();
  for (const source of [...receiver.sources]) source.paused();
  setReopening(scheduler, receiver);
}

function setReopening(scheduler: SchedulerState, receiver: Receiver): void {
  clearTimeout(receiver.timer);
  receiver.timer = setTimeout(
    () => reopen(scheduler, receiver),
    Math.max(1, receiver.closedUntilMs - scheduler.nowMs()),
  );
}

/** A timer may fire slightly early. In that case it is set again. */
function reopen(scheduler: SchedulerState, receiver: Receiver): void {
  if (scheduler.isStopped) return;
  if (isClosed(scheduler, receiver)) {
    setReopening(scheduler, receiver);
    return;
  }
  for (const source of receiver.sources) receiver.ready.add(source);
  serve(scheduler, receiver);
}
