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
  #queuedTo: string | undefined;
  #deliveredTo: string | undefined;
  #attempts = 0;
  /** True when the broker has accepted the subscription under its present id. */
  #isOpen = false;
  #acked: string | undefined;
  /** True while the subscription is paused because the queue is too long. */
  #isPaused = false;
  readonly #onAbort = (): void => this.close();

  constructor(options: LiveSubscriptionOptions) {
    const { after, queueMax = 10_000, signal } = options.beginning;
    this.#options = options;
    this.#queueMax = queueMax;
    this.#queuedTo = after;
    this.#queue = new Queue({ onEmpty: () => this.#resume(), onLeft: () => this.close() });
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get position(): string | undefined {
    return this.#deliveredTo;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamEvent> {
    for await (const event of this.#queue) {
      if ('position' in event) this.#deliveredTo = event.position;
      yield event;
    }
  }

  ack(position: string): void {
    this.#acked = position;
    if (this.#isOpen) this.#sendAck();
  }

  close(): void {
    if (!this.#queue.isEnded) this.#unsubscribe();
    this.end();
  }

  /** Subscribes on a new connection, from the start or from the last position. */
  begin(): void {
    if (this.#isPaused || this.#queue.isEnded) return;
    const { beginning, send } = this.#options;
    this.#beginAttempt();
    const start = this.#queuedTo === undefined ? startOf(beginning) : { after: this.#queuedTo };
    if ('snapshot' in start) this.#queue.push({ kind: 'snapshotBegin' });
    send({ op: 'subscribe', id: this.#attemptId(), ...subjectOf(this.#options), ...start, ...overflowOf(beginning) });
  }

  /** Handles a frame, unless it belongs to an earlier attempt. */
  take(frame: Frame): void {
    if (frame.id !== this.#attemptId()) return;
    for (const event of eventsOf(frame)) this.#queue.push(event);
    if (frame.op === 'unsubscribed') this.#onUnsubscribed(frame.reason);
    else if (frame.problem) this.#onProblem(new StreamProblem(frame.problem));
    else if (frame.op === 'gap') this.#onGap(frame);
    else if (frame.op !== 'acked') this.#queuedTo = frame.position ?? this.#queuedTo;
    if (frame.op === 'subscribed') this.#onSubscribed();
    this.#pauseIfFull();
  }

  /** Ends the subscription; no event follows. */
  end(error?: Error): void {
    this.#queue.end(error);
    this.#options.beginning.signal?.removeEventListener('abort', this.#onAbort);
    this.#options.onEnd();
  }

  /** Each attempt has a new id, so that late frames of an earlier attempt are ignored. */
  #attemptId(): string {
    return `${this.#options.name}.${this.#attempts}`;
  }

  #beginAttempt(): void {
    this.#attempts += 1;
    this.#isOpen = false;
  }

  #unsubscribe(): void {
    this.#options.send({ op: 'unsubscribe', id: this.#attemptId() });
    this.#beginAttempt();
  }

  #onSubscribed(): void {
    this.#isOpen = true;
    if (this.#acked !== undefined) this.#sendAck();
  }

  #sendAck(): void {
    this.#options.send({ op: 'ack', id: this.#attemptId(), position: this.#acked });
  }

  /** A stored subscription that was changed resumes at its position in its new form. Any other reason ends it. */
  #onUnsubscribed(reason = 'no reason given'): void {
    if (reason === 'changed') this.begin();
    else this.end(new SubscriptionEnded(reason));
  }

  /** When the subscription is open, the refused frame was an acknowledgement, so the broker still has the subscription. */
  #onProblem(problem: StreamProblem): void {
    if (this.#isOpen) this.#unsubscribe();
    this.end(problem);
  }

  /** The broker may have a new log, in which earlier positions are invalid. */
  #onGap({ position }: Frame): void {
    this.#acked = undefined;
    if (this.#options.beginning.snapshot === true) this.#restart();
    else this.#queuedTo = position;
  }

  #pauseIfFull(): void {
    if (this.#queue.size <= this.#queueMax || this.#queuedTo === undefined) return;
    this.#unsubscribe();
    this.#isPaused = true;
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.begin();
  }

  #restart(): void {
    this.#unsubscribe();
    this.#queuedTo = undefined;
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
