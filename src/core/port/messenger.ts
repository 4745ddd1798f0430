/** What the core asks of whoever carries notifications to their receivers. HTTP is one such messenger; others can stand beside it. */

/** One notification on its way. */
export interface Message {
  /** The endpoint's URI. */
  readonly uri: string;
  /** The media type of the body. */
  readonly contentType: string;
  /** Headers besides that, by the names in which they are to be sent; in bindings without headers: metadata. */
  readonly headers: Readonly<Record<string, string>>;
  /** `notifierInfo` of the endpoint: what the messenger itself is told. */
  readonly notifierInfo: Readonly<Record<string, string>>;
  readonly body: string;
  /** Longest time in which the receiver must have answered; absent: the messenger's own. */
  readonly timeoutMs?: number;
}

/** What became of an attempt to deliver. */
export type Delivery =
  /** The receiver has it. */
  | { readonly kind: 'taken' }
  /** The receiver does not want this message, and would not want it later. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The receiver failed at this message; it may take it later. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** It was given up before there was an answer, because it is another broker's to make by now: the receiver may have it. */
  | { readonly kind: 'abandoned'; readonly reason: string }
  /** The receiver cannot be reached, or says that it takes nothing now; not before `retryAfterMs`, when it says so. */
  | { readonly kind: 'unreached'; readonly reason: string; readonly retryAfterMs?: number };

/** An attempt under way. */
export interface Attempt {
  /** Never rejects. */
  readonly done: Promise<Delivery>;
  /** Gives the attempt up: it is soon done, with any result. */
  abandon(): void;
}

export interface Messenger {
  /** Schemes of endpoint URIs, such as `http`. */
  readonly schemes: readonly string[];
  /** Why a message to this URI, with these settings, can never be delivered, as a sentence; undefined when it may be. */
  objection(uri: string, notifierInfo?: Message['notifierInfo']): string | undefined;
  /** Begins one attempt. */
  send(message: Message): Attempt;
  /** Releases what is kept open. Attempts under way are abandoned. */
  close(): Promise<void>;
}
