/**
 * Schedules attempts over all receivers, fairly: the subscriptions of a receiver take turns, and receivers that may be unreachable use at
 * most half of the capacity. The circuit breaker of a receiver limits its messages in flight.
 */
import type { Delivery } from '../../core/port/messenger.ts';
import { type AttemptOptions, type Attempts, type AttemptsOptions, createAttempts } from './attempts.ts';
import { type CircuitBreaker, type CircuitBreakerOptions, createCircuitBreaker } from './circuit-breaker.ts';

/** One attempt to make, and where its result goes. */
export interface DeliveryJob extends AttemptOptions {
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
  blockedUntilMs(uri: string): number | undefined;
  /** Gives up the attempts for which this broker no longer holds the lease. */
  abandonForeign(): void;
  /** Starts nothing more, and waits until all running attempts have ended. */
  stop(): Promise<void>;
}

export interface EndpointSchedulerOptions extends AttemptsOptions, CircuitBreakerOptions {
  /** Most messages in flight to all receivers together. */
  readonly concurrency: number;
}

interface Receiver {
  readonly uri: string;
  readonly breaker: CircuitBreaker;
  /** Sources that may have something to send, in round-robin order. */
  readonly ready: Set<MessageSource>;
  /** All sources that have called `wake` and were not removed. */
  readonly sources: Set<MessageSource>;
  /** The number of messages in flight. */
  inFlight: number;
  /** Set while the breaker is open: tries the receiver again. */
  timer: NodeJS.Timeout | undefined;
}

interface SchedulerState extends EndpointSchedulerOptions {
  readonly attempts: Attempts;
  /** By URI. */
  readonly receivers: Map<string, Receiver>;
  /** Receivers that wait for capacity of the broker. */
  readonly waiting: Set<Receiver>;
  readonly running: Set<Promise<void>>;
  /** Messages in flight, by health of the receiver. */
  readonly inFlight: Record<ReceiverHealth, number>;
  isStopped: boolean;
}

export function createEndpointScheduler(options: EndpointSchedulerOptions): EndpointScheduler {
  const state: SchedulerState = {
    ...options,
    attempts: createAttempts(options),
    receivers: new Map(),
    waiting: new Set(),
    running: new Set(),
    inFlight: { sound: 0, doubtful: 0 },
    isStopped: false,
  };
  const { receivers, attempts } = state;
  return {
    wake(source) {
      const receiver = receiverOf(state, source);
      receiver.sources.add(source);
      receiver.ready.add(source);
      serve(state, receiver);
    },
    remove(source) {
      const receiver = receivers.get(source.uri);
      receiver?.ready.delete(source);
      receiver?.sources.delete(source);
      if (receiver) forgetIfIdle(state, receiver);
    },
    blockedUntilMs(uri) {
      const receiver = receivers.get(uri);
      return receiver && isBlocked(state, receiver) ? receiver.breaker.openUntilMs() : undefined;
    },
    abandonForeign: () => attempts.abandonForeign(),
    async stop() {
      state.isStopped = true;
      for (const { timer } of receivers.values()) clearTimeout(timer);
      await Promise.all(state.running);
    },
  };
}

function receiverOf(state: SchedulerState, { uri }: MessageSource): Receiver {
  const known = state.receivers.get(uri);
  if (known) return known;
  const breaker = createCircuitBreaker(state);
  const made: Receiver = { uri, breaker, ready: new Set(), sources: new Set(), inFlight: 0, timer: undefined };
  state.receivers.set(uri, made);
  return made;
}

/** Forgets a receiver without sources, and its failures. */
function forgetIfIdle({ receivers, waiting }: SchedulerState, receiver: Receiver): void {
  if (receiver.sources.size > 0 || receiver.inFlight > 0) return;
  clearTimeout(receiver.timer);
  waiting.delete(receiver);
  receivers.delete(receiver.uri);
}

/** Starts as many attempts as the limits allow. */
function serve(state: SchedulerState, receiver: Receiver): void {
  const { ready, breaker } = receiver;
  while (ready.size > 0 && receiver.inFlight < breaker.inFlightMax() && !isBlocked(state, receiver)) {
    if (!hasCapacity(state, receiver)) {
      state.waiting.add(receiver);
      return;
    }
    const [source] = ready;
    if (!source) return;
    // Moves the source behind the others as long as it has something to send.
    ready.delete(source);
    const job = source.next();
    if (!job) continue;
    ready.add(source);
    begin(state, receiver, job);
  }
}

const isBlocked = ({ isStopped }: SchedulerState, { breaker }: Receiver): boolean => isStopped || breaker.isOpen();

type ReceiverHealth = 'sound' | 'doubtful';

/** `sound`: the receiver has accepted a message since it was last unreachable. */
const healthOf = ({ breaker }: Receiver): ReceiverHealth => (breaker.hasAccepted() ? 'sound' : 'doubtful');

/** Each health has half of the capacity, so that doubtful receivers never block sound ones. */
const hasCapacity = ({ inFlight, concurrency }: SchedulerState, receiver: Receiver): boolean =>
  inFlight[healthOf(receiver)] < concurrency / 2;

function begin(state: SchedulerState, receiver: Receiver, job: DeliveryJob): void {
  const { inFlight, running } = state;
  const health = healthOf(receiver);
  receiver.inFlight += 1;
  inFlight[health] += 1;
  const done = state.attempts.make(job).then((delivery) => {
    receiver.inFlight -= 1;
    inFlight[health] -= 1;
    running.delete(done);
    const isReachable = receiver.breaker.hasAccepted();
    receiver.breaker.record(delivery);
    job.settle(delivery, isReachable);
    serveAfter(state, receiver);
  });
  running.add(done);
}

/** Continues after an attempt: with its receiver, and with those that wait for capacity. */
function serveAfter(state: SchedulerState, receiver: Receiver): void {
  if (state.isStopped) return;
  if (receiver.breaker.isOpen()) pause(state, receiver);
  else serve(state, receiver);
  forgetIfIdle(state, receiver);
  for (const other of [...state.waiting]) {
    if (!hasCapacity(state, other)) continue;
    state.waiting.delete(other);
    serve(state, other);
  }
}

/** Pauses the sources of an unreachable receiver, and sets the time of the next attempt. */
function pause(state: SchedulerState, receiver: Receiver): void {
  receiver.ready.clear();
  for (const source of [...receiver.sources]) source.paused();
  resumeLater(state, receiver);
}

function resumeLater(state: SchedulerState, receiver: Receiver): void {
  clearTimeout(receiver.timer);
  const waitMs = Math.max(1, receiver.breaker.openUntilMs() - state.nowMs());
  receiver.timer = setTimeout(() => resume(state, receiver), waitMs);
}

/** A timer may fire slightly early. In that case it is set again. */
function resume(state: SchedulerState, receiver: Receiver): void {
  if (state.isStopped) return;
  if (receiver.breaker.isOpen()) {
    resumeLater(state, receiver);
    return;
  }
  for (const source of receiver.sources) receiver.ready.add(source);
  serve(state, receiver);
}
