/** Implements one subscription of a client. After each reconnect it resumes at its position and passes events on. */
import { StreamProblem, SubscriptionEnded } from './errors.ts';
import type { Entity, Frame, Json, JsonObject } from './frame.ts';
import { Queue } from './queue.ts';

/** An event of a subscription. */
export type StreamEvent =
  /**
   * A changed entity, or an entity of a snapshot. Changes and deletions that happen during a snapshot are part of it. `position` is the
   * point from which to resume. It is absent in a snapshot, and when more changes of the same notification follow.
   */
  | { readonly kind: 'change'; readonly entity: Entity; readonly isDeleted: boolean; readonly position?: string }
  /** A snapshot starts, or restarts after an interruption. Ignore the earlier events of an interrupted snapshot. */
  | { readonly kind: 'snapshotBegin' }
  /** The snapshot is complete. */
  | { readonly kind: 'snapshotEnd'; readonly position: string }
  /** Changes before this position are lost, because the broker no longer retains them. With `snapshot`, a new snapshot follows. */
  | { readonly kind: 'gap'; readonly position: string };

/** The start of a subscription: the next change, unless one of the first three members is set. */
export interface Beginning {
  /** Starts after a position. */
  readonly after?: string;
  /** Starts with a snapshot of the matching entities, and takes a new one after a gap. */
  readonly snapshot?: boolean;
  /** Starts this number of changes back. */
  readonly tail?: number;
  /**
   * What the broker does when this client is too slow: `disconnect` ends the connection, `latest` drops all but the latest change of an
   * entity.
   */
  readonly overflow?: 'disconnect' | 'latest';
  /** The maximum number of queued events. Further events stay in the log of the broker until the queue is empty. */
  readonly queueMax?: number;
  readonly signal?: AbortSignal;
}

/** The events of a subscription, for a single `for await`. Leaving the loop ends the subscription. */
export interface Subscription extends AsyncIterable<StreamEvent> {
  /** The position of the newest delivered event, from which another session can resume. */
  readonly position: string | undefined;
  /**
   * For a stored subscription: confirms that everything up to a position is processed. The client sends it as soon as the subscription is
   * open. The broker sends unconfirmed events again.
   */
  ack(position: string): void;
  close(): void;
}

export interface LiveSubscriptionOptions {
  readonly name: string;
  /** A subscription, or the id of a stored one. */
  readonly subscription: JsonObject | string;
  readonly context: Json | undefined;
  readonly beginning: Beginning;
  /** Sends a frame; returns false without a connection. */
  readonly send: (frame: object) => boolean;
  readonly onEnd: () => void;
}

/** An active subscription: the iteration for the user, and the state that follows the connection. */
export class LiveSubscription implements Subscription {
  readonly #options: LiveSubscriptionOptions;
  readonly #queue: Queue<StreamEvent>;
  readonly #queueMax: number;
  /** The position of the newest event in the queue. */
  #reached: string | undefined;
  #handedOut: string | undefined;
  #attempts = 0;
  /** True when the broker has accepted the subscription under its present id. */
  #isOpen = false;
  #acked: string | undefined;
  /** True while the subscription is paused because the queue is too long. */
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

  /** Subscribes on a new connection, from the start or from the last position. */
  begin(): void {
    if (this.#isResting || this.#queue.isEnded) return;
    const { beginning, send } = this.#options;
    this.#nextAttempt();
    const start = this.#reached === undefined ? startOf(beginning) : { after: this.#reached };
    if ('snapshot' in start) this.#queue.push({ kind: 'snapshotBegin' });
    send({ op: 'subscribe', id: this.#id(), ...subjectOf(this.#options), ...start, ...overflowOf(beginning) });
  }

  /** Handles a frame, unless it belongs to an earlier attempt. */
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

  /** Ends the subscription; no event follows. */
  end(error?: Error): void {
    this.#queue.end(error);
    this.#options.onEnd();
  }

  /** Each attempt has a new id, so that late frames of an earlier attempt are ignored. */
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

  /** A stored subscription that was changed resumes at its position in its new form. Any other reason ends it. */
  #endedByBroker(reason = 'no reason given'): void {
    if (reason === 'changed') this.begin();
    else this.end(new SubscriptionEnded(reason));
  }

  /** When the subscription is open, the refused frame was an acknowledgement, so the broker still has the subscription. */
  #refused(problem: StreamProblem): void {
    if (this.#isOpen) this.#leave();
    this.end(problem);
  }

  /** The broker may have a new log, in which earlier positions are invalid. */
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

/** The events of a frame. Only the last change of a notification has its position, because then all changes up to it are delivered. */
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
