/** What the core asks of the components that send notifications to receivers, such as the HTTP messenger. */

/** One notification that is ready to be sent. */
export interface Message {
  /** The endpoint's URI. */
  readonly uri: string;
  /** The media type of the body. */
  readonly contentType: string;
  /** All other headers, with the names as they are sent. Bindings without headers send them as metadata. */
  readonly headers: Readonly<Record<string, string>>;
  /** `notifierInfo` of the endpoint: settings for the messenger itself. */
  readonly notifierInfo: Readonly<Record<string, string>>;
  readonly body: string;
  /** The HTTP method. Absent: POST. */
  readonly method?: string;
  /** True: a binding without headers sends the body alone, and not the headers as metadata. */
  readonly isBodyAlone?: boolean;
  /** Longest time until the receiver must have answered. Absent: the default of the messenger. */
  readonly timeoutMs?: number;
}

/** The result of an attempt to deliver. */
export type Delivery =
  /** The receiver accepted the notification. */
  | ({ readonly kind: 'taken' } & Answered)
  /** The receiver rejects this notification, and would reject it later too. */
  | ({ readonly kind: 'refused'; readonly reason: string } & Answered)
  /** The receiver failed at this notification. It may accept it later. */
  | ({ readonly kind: 'failed'; readonly reason: string } & Answered)
  /** The attempt was given up before an answer came, because another broker delivers the notification now. The receiver may have got it. */
  | { readonly kind: 'abandoned'; readonly reason: string }
  /** The receiver is unreachable, or accepts nothing now. When it named a time, nothing is sent before `retryAfterMs`. */
  | ({ readonly kind: 'unreached'; readonly reason: string; readonly retryAfterMs?: number } & Answered);

interface Answered {
  /** The status of the receiver's answer. Absent: there was no answer, or the binding has no statuses. */
  readonly status?: number;
}

/** A running attempt. */
export interface Attempt {
  /** Never rejects. */
  readonly done: Promise<Delivery>;
  /** Gives up the attempt. `done` then resolves soon, with any result. */
  abandon(): void;
}

/** Sends notifications to endpoints of certain URI schemes. */
export interface Messenger {
  /** Schemes of endpoint URIs, such as `http`. */
  readonly schemes: readonly string[];
  /** Why a message with this URI and these settings can never be delivered, as a sentence. Undefined: it may be delivered. */
  objection(uri: string, notifierInfo?: Message['notifierInfo']): string | undefined;
  /** Starts one attempt. Its failure is a `Delivery`, not an exception. */
  send(message: Message): Attempt;
  /** Closes all connections. Running attempts are given up. */
  close(): Promise<void>;
}
