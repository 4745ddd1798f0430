/** Shares the broker's attention among receivers: each has a few messages under way, and one that cannot be reached is left alone for a while. */
import type { Attempt, Delivery, Message, Messenger } from '../../core/port/messenger.ts';
import { backoffMs } from '../../core/subscription/backoff.ts';
import type { Observe } from '../../core/port/observe.ts';

/** One attempt to be made. */
export interface DeliveryJob {
  /** The message, written when its turn comes. */
  write(): Message | Promise<Message>;
  /** Whether it is still this broker's to make: asked before it is sent, and when tenures have ended. */
  isOurs(): boolean;
  /** `isReachable`: the receiver has taken something since it was last out of reach. */
  settle(delivery: Delivery, isReachable: boolean): void;
}

/** Whoever has messages for a receiver. */
export interface MessageSource {
  /** The URI that the messages go to. */
  readonly uri: string;
  /** The next attempt that may be made now; undefined: none. */
  next(): DeliveryJob | undefined;
  /** The receiver cannot be reached; it is called on again when it may be tried anew. */
  paused(): void;
}

export interface EndpointScheduler {
  /** The source has, or may have, something to send. */
  wake(source: MessageSource): void;
  /** The source has nothing more to send, ever. */
  remove(source: MessageSource): void;
  /** The receiver at a URI is left alone until then; undefined: it is not. */
  closedUntilMs(uri: string): number | undefined;
  /** Gives up the attempts that are not this broker's any more. */
  abandonForeign(): void;
  /** Begins nothing more, and waits until all attempts under way have ended. */
  stop(): Promise<void>;
}

export interface EndpointSchedulerOptions {
  readonly messenger: Messenger;
  /** Messages under way to all receivers together. */
  readonly concurrency: number;
  readonly observe: Observe;
  readonly nowMs: () => number;
  readonly chance: () => number;
}

/** Messages under way to one receiver at most. */
const windowMost = 16;

interface Receiver {
  readonly uri: string;
  /** Sources that may have something, in the order of their turns. */
  readonly ring: Set<MessageSource>;
  /** All that have ever woken it and are still there. */
  readonly sources: Set<MessageSource>;
  underWay: number;
  /** How many may be under way: it begins with one, grows with success and shrinks to one with failure. */
  window: number;
  failures: number;
  hasTaken: boolean;
  closedUntilMs: number;
  timer: NodeJS.Timeout | undefined;
}

interface SchedulerState extends EndpointSchedulerOptions {
  readonly scheduler: Map<string, Receiver>;
  /** Receivers that wait for the broker to have room. */
  readonly waiting: Set<Receiver>;
  readonly underWay: Set<Promise<void>>;
  /** Attempts under way, by their jobs. */
  readonly sent: Map<DeliveryJob, Attempt>;
  /** Messages under way. */
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
      receiver.ring.add(source);
      serve(scheduler, receiver);
    },
    remove(source) {
      const receiver = scheduler.scheduler.get(source.uri);
      receiver?.ring.delete(source);
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
    ring: new Set(),
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

/** A receiver that nobody has anything for is forgotten, with its failures. */
function forgetIfIdle({ scheduler, waiting }: SchedulerState, receiver: Receiver): void {
  if (receiver.sources.size > 0 || receiver.underWay > 0) return;
  clearTimeout(receiver.timer);
  waiting.delete(receiver);
  scheduler.delete(receiver.uri);
}

/** Begins as many attempts as may be. */
function serve(scheduler: SchedulerState, receiver: Receiver): void {
  while (receiver.ring.size > 0 && receiver.underWay < receiver.window && !isClosed(scheduler, receiver)) {
    if (!hasRoom(scheduler, receiver)) {
      scheduler.waiting.add(receiver);
      return;
    }
    const [source] = receiver.ring;
    if (!source) return;
    // Taken out and put behind the others as long as it has something.
    receiver.ring.delete(source);
    const job = source.next();
    if (!job) continue;
    receiver.ring.add(source);
    begin(scheduler, receiver, job);
  }
}

const isClosed = ({ isStopped, nowMs }: SchedulerState, { closedUntilMs }: Receiver): boolean =>
  isStopped || nowMs() < closedUntilMs;

type ReceiverHealth = 'sound' | 'doubtful';

/** Whether a receiver has taken the last message. */
const standingOf = ({ failures, hasTaken }: Receiver): ReceiverHealth =>
  failures === 0 && hasTaken ? 'sound' : 'doubtful';

/** The doubtful ones have a room of their own, so that they never stand in the way of the others. */
const hasRoom = ({ load, concurrency }: SchedulerState, receiver: Receiver): boolean =>
  load[standingOf(receiver)] < concurrency / 2;

function begin(scheduler: SchedulerState, receiver: Receiver, job: DeliveryJob): void {
  const standing = standingOf(receiver);
  receiver.underWay += 1;
  scheduler.load[standing] += 1;
  const done = attempt(scheduler, job).then((delivery) => {
    receiver.underWay -= 1;
    scheduler.load[standing] -= 1;
    scheduler.underWay.delete(done);
    const isReachable = receiver.hasTaken;
    learn(scheduler, receiver, delivery);
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

/** What took long to be written may be another broker's by then, and so may what an answer takes long to come to. */
async function send({ messenger, sent }: SchedulerState, job: DeliveryJob): Promise<Delivery> {
  const message = await job.write();
  if (!job.isOurs()) return abandoned;
  const attempt = messenger.send(message);
  sent.set(job, attempt);
  const delivery = await attempt.done.finally(() => sent.delete(job));
  return delivery.kind === 'unreached' && !job.isOurs() ? abandoned : delivery;
}

function learn(scheduler: SchedulerState, receiver: Receiver, delivery: Delivery): void {
  if (delivery.kind === 'abandoned') return;
  if (delivery.kind !== 'unreached') {
    receiver.failures = 0;
    receiver.hasTaken ||= delivery.kind === 'taken';
    receiver.window = Math.min(windowMost, receiver.window + 1);
    return;
  }
  const { nowMs, chance } = scheduler;
  // Several attempts that began before the first of them failed count as one failure.
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
    if (!hasRoom(scheduler, other)) continue;
    scheduler.waiting.delete(other);
    serve(scheduler, other);
  }
}

/** Lets go of what waits for a receiver out of reach, and calls on everybody when it may be tried again. */
function close(scheduler: SchedulerState, receiver: Receiver): void {
  receiver.ring.clear();
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

/** A timer may go off a little early. */
function reopen(scheduler: SchedulerState, receiver: Receiver): void {
  if (scheduler.isStopped) return;
  if (isClosed(scheduler, receiver)) {
    setReopening(scheduler, receiver);
    return;
  }
  for (const source of receiver.sources) receiver.ring.add(source);
  serve(scheduler, receiver);
}
