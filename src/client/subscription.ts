/** One subscription of a client: it begins anew with every connection where it stood, and hands on what comes. */
import { StreamProblem, SubscriptionEnded } from './errors.ts';
import type { Entity, Frame, Json, JsonObject } from './frame.ts';
import { Queue } from './queue.ts';

/** What happened. */
export type StreamEvent =
  /**
   * An entity was changed, or is part of a snapshot, to which belongs what is changed or deleted while it is taken. `position`
   * is where to go on from; it is missing in a snapshot, and where more changes of the same notification follow.
   */
  | { readonly kind: 'change'; readonly entity: Entity; readonly isDeleted: boolean; readonly position?: string }
  /** A snapshot begins, or begins anew because it was cut off: what came of it before counts no more. */
  | { readonly kind: 'snapshotBegin' }
  /** The snapshot is complete. */
  | { readonly kind: 'snapshotEnd'; readonly position: string }
  /** Changes before this position are lost: the broker does not keep them that long. With `snapshot`, a new one follows. */
  | { readonly kind: 'gap'; readonly position: string };

/** Where a subscription begins: with the next change, unless one of the first three says otherwise. */
export interface Beginning {
  /** Behind a position. */
  readonly after?: string;
  /** With the entities that match now; and again after a gap. */
  readonly snapshot?: boolean;
  /** So many changes back. */
  readonly tail?: number;
  /** What the broker does when this client is too slow for it: it ends the connection, or leaves out what is not the latest of an entity. */
  readonly overflow?: 'disconnect' | 'latest';
  /** Events that may wait to be iterated over. When there are more, the rest is left in the broker's log until they have been. */
  readonly queueMax?: number;
  readonly signal?: AbortSignal;
}

/** The events of a subscription, for one `for await`. Leaving the loop ends the subscription. */
export interface Subscription extends AsyncIterable<StreamEvent> {
  /** The newest position that was handed out: to go on from, in another session. */
  readonly position: string | undefined;
  /**
   * For a stored subscription: everything up to a position has been dealt with, for good. Said to the broker as soon as the
   * subscription is open; what the broker did not hear comes again.
   */
  ack(position: string): void;
  close(): void;
}

export interface LiveSubscriptionOptions {
  readonly name: string;
  /** A subscription, or the id of one that is stored. */
  readonly subscription: JsonObject | string;
  readonly context: Json | undefined;
  readonly beginning: Beginning;
  /** Sends a frame; false when there is no connection. */
  readonly send: (frame: object) => boolean;
  readonly onEnd: () => void;
}

/** A subscription on its way: the iteration that the user has, and what the client tells it of the connection. */
export class Course implements Subscription {
  readonly #options: LiveSubscriptionOptions;
  readonly #queue: Queue<StreamEvent>;
  readonly #queueMax: number;
  /** Where the newest event in the queue is. */
  #reached: string | undefined;
  #handedOut: string | undefined;
  #attempts = 0;
  /** The broker knows the subscription by its present id. */
  #isOpen = false;
  #acked: string | undefined;
  /** Too much waits to be iterated over: the subscription rests until it has been. */
  #isResting = false;

  constructor(options: LiveSubscriptionOptions) {
    const { after, queueMax = 10_000, signal } = options.beginning;
    this.#options = options;
    this.#queueMax = queueMax;
    this.#reached = after;
    this.#queue = new Queue({ onEmpty: () => this.#resume(), onLeft: () => this.close() });
    signal?.addEventListener('abort', () => this.close(), { once: true });
    if (signal?.aborted === true) this.close();
  }

  get position(): string | undefined {
    return this.#handedOut;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamEvent> {
    for await (const event of this.#queue) {
      if ('position' in event) this.#handedOut = event.position;
      yield event;
    }
  }

  ack(position: string): void {
    this.#acked = position;
    if (this.#isOpen) this.#sayAcked();
  }

  close(): void {
    if (!this.#queue.isEnded) this.#leave();
    this.end();
  }

  /** There is a connection: it begins, or goes on from where it was. */
  begin(): void {
    if (this.#isResting || this.#queue.isEnded) return;
    const { beginning, send } = this.#options;
    this.#nextAttempt();
    const start = this.#reached === undefined ? startOf(beginning) : { after: this.#reached };
    if ('snapshot' in start) this.#queue.push({ kind: 'snapshotBegin' });
    send({ op: 'subscribe', id: this.#id(), ...subjectOf(this.#options), ...start, ...overflowOf(beginning) });
  }

  /** Takes a frame, unless it was meant for an earlier attempt. */
  take(frame: Frame): void {
    if (frame.id !== this.#id()) return;
    for (const event of eventsOf(frame)) this.#queue.push(event);
    if (frame.op === 'unsubscribed') this.#endedByBroker(frame.reason);
    else if (frame.problem) this.#refused(new StreamProblem(frame.problem));
    else if (frame.op === 'gap') this.#lost(frame);
    else if (frame.op !== 'acked') this.#reached = frame.position ?? this.#reached;
    if (frame.op === 'subscribed') this.#opened();
    this.#restIfFull();
  }

  /** Nothing more comes. */
  end(error?: Error): void {
    this.#queue.end(error);
    this.#options.onEnd();
  }

  /** A new one each time, so that what is under way to an earlier attempt is not taken for this one's. */
  #id(): string {
    return `${this.#options.name}.${this.#attempts}`;
  }

  #nextAttempt(): void {
    this.#attempts += 1;
    this.#isOpen = false;
  }

  #leave(): void {
    this.#options.send({ op: 'unsubscribe', id: this.#id() });
    this.#nextAttempt();
  }

  #opened(): void {
    this.#isOpen = true;
    if (this.#acked !== undefined) this.#sayAcked();
  }

  #sayAcked(): void {
    this.#options.send({ op: 'ack', id: this.#id(), position: this.#acked });
  }

  /** A stored subscription that was changed goes on where it was, as it is now; any other end is one. */
  #endedByBroker(reason = 'no reason given'): void {
    if (reason === 'changed') this.begin();
    else this.end(new SubscriptionEnded(reason));
  }

  /** What is refused once it is open is an acknowledgement: the broker still has the subscription. */
  #refused(problem: StreamProblem): void {
    if (this.#isOpen) this.#leave();
    this.end(problem);
  }

  /** The log may be another one now, to which earlier positions say nothing. */
  #lost({ position }: Frame): void {
    this.#acked = undefined;
    if (this.#options.beginning.snapshot === true) this.#beginAnew();
    else this.#reached = position;
  }

  #restIfFull(): void {
    if (this.#queue.size <= this.#queueMax || this.#reached === undefined) return;
    this.#leave();
    this.#isResting = true;
  }

  #resume(): void {
    if (!this.#isResting) return;
    this.#isResting = false;
    this.begin();
  }

  #beginAnew(): void {
    this.#leave();
    this.#reached = undefined;
    this.begin();
  }
}

/** A frame as events. The last change of a notification has its position: up to there all is told. */
function eventsOf({ op, notification, position }: Frame): readonly StreamEvent[] {
  if (op === 'gap' && position !== undefined) return [{ kind: 'gap', position }];
  if (op === 'snapshot' && position !== undefined) return [{ kind: 'snapshotEnd', position }];
  if (op !== 'notification' || !notification) return [];
  const { data } = notification;
  return data.map((entity, n) => ({
    kind: 'change' as const,
    entity,
    isDeleted: 'deletedAt' in entity,
    ...(n === data.length - 1 && position !== undefined ? { position } : undefined),
  }));
}

const startOf = ({ snapshot, tail }: Beginning): object =>
  snapshot === true ? { snapshot } : tail === undefined ? {} : { tail };

const overflowOf = ({ overflow }: Beginning): object => (overflow === undefined ? {} : { overflow });

function subjectOf({ subscription, context }: LiveSubscriptionOptions): object {
  if (typeof subscription === 'string') return { subscriptionId: subscription };
  const whole = { type: 'Subscription', ...subscription };
  return context === undefined || '@context' in subscription
    ? { subscription: whole }
    : { subscription: whole, '@context': context };
}
