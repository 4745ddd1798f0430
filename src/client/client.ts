/**
 * Implements a client of the stream: live changes and every operation of the API over one connection, with reconnects. It runs in browsers
 * and in Node 22 or newer, without dependencies. docs/streaming.md describes the protocol.
 */
import { ConnectionLost, StreamProblem, SubscriptionEnded } from './errors.ts';
import type { Entity, Frame, Json, JsonObject } from './frame.ts';
import { Link, type Socket } from './link.ts';
import { LiveReplica, type Replica } from './replica.ts';
import { type Beginning, LiveSubscription, type StreamEvent, type Subscription } from './subscription.ts';

export type { Beginning, Entity, Json, JsonObject, Replica, StreamEvent, Subscription };
export { ConnectionLost, StreamProblem, SubscriptionEnded };

export interface ConnectOptions {
  /** The tenant; absent: the default tenant. */
  readonly tenant?: string;
  /** The @context for names in requests and answers that name no other. */
  readonly context?: Json;
  /** Returns a ticket for the next connection. A ticket opens one connection. */
  readonly ticket?: () => Promise<string>;
  /** A WebSocket class from a library, for environments without one or to replace it. */
  readonly WebSocket?: new (
    url: string,
    protocol: string,
  ) => Socket;
  /** The first and the longest wait before a reconnect in milliseconds; default 250 and 30,000. */
  readonly retryLeastMs?: number;
  readonly retryMostMs?: number;
  /** Closes the client. */
  readonly signal?: AbortSignal;
  /** Called when the connection opens and when it is lost. */
  readonly onState?: (state: 'open' | 'lost', lost?: ConnectionLost) => void;
}

/** The answer of the broker to a request: status and members as in docs/streaming.md. */
export type Answer = Omit<Frame, 'op' | 'id'>;

export interface Client {
  /**
   * Yields live changes without gaps or duplicates, also after reconnects. Pass a Subscription without endpoint (CIM 009 clause 5.2.12), or
   * the id of a stored one. The iteration throws a StreamProblem when the broker refuses the subscription, a SubscriptionEnded when the
   * broker ends it, and a ConnectionLost when the broker forbids a reconnect.
   */
  subscribe(subscription: JsonObject | string, beginning?: Beginning): Subscription;
  /** Maintains a map of the matching entities. */
  replica(subscription: JsonObject, options?: Pick<Beginning, 'signal' | 'queueMax'>): Replica;
  /**
   * Calls an operation by its `operationId` in openapi.yaml. Waits for a connection. Throws a StreamProblem when the operation failed, and
   * a ConnectionLost when its result is unknown.
   */
  request(operation: string, params?: JsonObject, body?: Json): Promise<Answer>;
  /** Ends all subscriptions and closes the connection. */
  close(): void;
}

interface Pending {
  readonly frame: object;
  isSent: boolean;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

interface Session {
  readonly options: ConnectOptions;
  readonly subscriptions: Map<string, LiveSubscription>;
  readonly pending: Map<string, Pending>;
  link: Link | undefined;
  /** Removes the listener for the signal of the options, which may outlive the client. */
  ignoreSignal: () => void;
  isOpen: boolean;
  names: number;
  /** The reason why the client does not reconnect. */
  end: ConnectionLost | undefined;
}

const subprotocol = 'ngsi-ld-ws.v1';

/**
 * Connects to a broker: `connect('http://localhost:1026')`. It reconnects until it is closed. Throws a TypeError when the URL is invalid.
 */
export function connect(url: string, options: ConnectOptions = {}): Client {
  const base = readUrl(url);
  const session: Session = {
    options,
    subscriptions: new Map(),
    pending: new Map(),
    link: undefined,
    ignoreSignal: () => undefined,
    isOpen: false,
    names: 0,
    end: undefined,
  };
  const Opener = options.WebSocket ?? WebSocket;
  session.link = new Link({
    open: async () => new Opener(await streamUrl(base, options), subprotocol),
    retryLeastMs: options.retryLeastMs ?? 250,
    retryMostMs: options.retryMostMs ?? 30_000,
    onReady: () => ready(session),
    onFrame: (frame) => take(session, frame),
    onLost: (lost) => lose(session, lost),
    onEnd: (lost) => finish(session, lost),
  });
  const close = (): void => {
    session.link?.close();
    finish(session, new ConnectionLost(1000, 'the client was closed'));
  };
  options.signal?.addEventListener('abort', close, { once: true });
  session.ignoreSignal = () => options.signal?.removeEventListener('abort', close);
  if (options.signal?.aborted === true) close();
  const subscribeTo: Client['subscribe'] = (subscription, beginning = {}) =>
    subscribe(session, subscription, beginning);
  return {
    subscribe: subscribeTo,
    replica: (subscription, rest = {}) =>
      new LiveReplica(subscribeTo(everyChangeOf(subscription), { ...rest, snapshot: true })),
    request: (operation, params, body) => request(session, { operation, params, body }),
    close,
  };
}

/** The URL of the stream, from that URL or from the URL of the broker. An invalid URL throws at once. */
function readUrl(text: string): string {
  const url = new URL(text);
  if (!/^(http|ws)s?:$/.test(url.protocol)) throw new TypeError(`${text} is no URL of http, https, ws or wss.`);
  url.protocol = url.protocol.replace('http', 'ws');
  if (url.pathname === '/') url.pathname = '/ngsi-ld/v1/stream';
  return url.href;
}

/** The URL of the next connection. */
async function streamUrl(base: string, { tenant, ticket }: ConnectOptions): Promise<string> {
  const url = new URL(base);
  if (tenant !== undefined) url.searchParams.set('tenant', tenant);
  if (ticket) url.searchParams.set('ticket', await ticket());
  return url.href;
}

/** Subscribes to all changes, including deletions. */
const everyChangeOf = (subscription: JsonObject): JsonObject => ({
  notificationTrigger: ['entityCreated', 'entityUpdated', 'entityDeleted'],
  ...subscription,
});

const send = (session: Session, frame: object): boolean => session.link?.send(frame) === true;

function ready(session: Session): void {
  session.isOpen = true;
  session.options.onState?.('open');
  for (const subscription of session.subscriptions.values()) subscription.begin();
  for (const pending of session.pending.values()) pending.isSent = send(session, pending.frame);
}

function take(session: Session, frame: Frame): void {
  const { id } = frame;
  if (id === undefined) return;
  const pending = session.pending.get(id);
  if (pending) {
    session.pending.delete(id);
    const { op: _op, id: _id, problem, ...answer } = frame;
    if (problem) pending.reject(new StreamProblem(problem));
    else pending.resolve(answer);
    return;
  }
  session.subscriptions.get(id.slice(0, id.lastIndexOf('.')))?.take(frame);
}

/** The result of requests that were sent is unknown. They are rejected and not sent again, because they could run twice. */
function lose(session: Session, lost: ConnectionLost): void {
  if (session.isOpen) session.options.onState?.('lost', lost);
  session.isOpen = false;
  for (const [name, pending] of session.pending) {
    if (!pending.isSent) continue;
    session.pending.delete(name);
    pending.reject(lost);
  }
}

function finish(session: Session, lost: ConnectionLost): void {
  if (session.end) return;
  session.end = lost;
  session.isOpen = false;
  session.ignoreSignal();
  if (lost.code !== 1000) session.options.onState?.('lost', lost);
  for (const subscription of session.subscriptions.values()) subscription.end(lost.code === 1000 ? undefined : lost);
  for (const pending of session.pending.values()) pending.reject(lost);
  session.subscriptions.clear();
  session.pending.clear();
}

function subscribe(session: Session, subscription: JsonObject | string, beginning: Beginning): Subscription {
  session.names += 1;
  const name = `s${session.names}`;
  const live = new LiveSubscription({
    name,
    subscription,
    context: session.options.context,
    beginning,
    send: (frame) => send(session, frame),
    onEnd: () => void session.subscriptions.delete(name),
  });
  session.subscriptions.set(name, live);
  if (session.end) live.end(session.end);
  else if (beginning.signal?.aborted === true) live.close();
  else if (session.isOpen) live.begin();
  return live;
}

interface Request {
  readonly operation: string;
  readonly params: JsonObject | undefined;
  readonly body: Json | undefined;
}

function request(session: Session, { operation, params = {}, body }: Request): Promise<Answer> {
  if (session.end) return Promise.reject(session.end);
  session.names += 1;
  const id = `r${session.names}`;
  const { context } = session.options;
  const frame = {
    op: 'request',
    id,
    operation,
    params,
    ...(body === undefined ? undefined : { body }),
    ...(context === undefined || holdsContext(body) ? undefined : { '@context': context }),
  };
  return new Promise((resolve, reject) => {
    session.pending.set(id, { frame, isSent: send(session, frame), resolve, reject });
  });
}

const holdsContext = (body: Json | undefined): boolean =>
  typeof body === 'object' && body !== null && '@context' in body;
