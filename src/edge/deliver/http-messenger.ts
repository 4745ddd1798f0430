/** Sends notifications over HTTP and HTTPS (clause 6.3.9): one POST each, over keep-alive connections. */
import type { LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { objectionToUrl } from '../address.ts';
import type { Attempt, Delivery, Message, Messenger } from '../../core/port/messenger.ts';

export interface HttpMessengerOptions {
  /** Longest time until a receiver must have answered, unless the message sets its own. */
  readonly timeoutMs: number;
  /** A DNS lookup that returns only public addresses. Absent: any address is allowed. */
  readonly lookupPublic?: LookupFunction;
}

/** How long an idle connection is kept, and how long a connection may take to open. A timer of its own ends each attempt. */
const times = { keepAliveTimeout: 60_000, headersTimeout: 0, bodyTimeout: 0 } as const;
const connectMs = 30_000;

export function createHttpMessenger({ timeoutMs, lookupPublic }: HttpMessengerOptions): Messenger {
  const connections = createHttpConnections(lookupPublic);
  const underWay = new Set<InFlightRequest>();
  return {
    schemes: ['http', 'https'],
    objection: (uri) => objectionToUrl(uri, lookupPublic === undefined),
    send(message): Attempt {
      const inFlight = createInFlightRequest(connections);
      underWay.add(inFlight);
      const done = deliver(message, inFlight, {
        timeoutMs: message.timeoutMs ?? timeoutMs,
        isAnyAllowed: lookupPublic === undefined,
      });
      return {
        done: done.finally(() => underWay.delete(inFlight)),
        abandon: () => end(inFlight, 'it was given up'),
      };
    },
    async close() {
      for (const inFlight of underWay) end(inFlight, 'the broker stops');
      await connections.agent.destroy();
    },
  };
}

/** The connection pool for all receivers. */
interface HttpConnections {
  readonly agent: Agent;
  /** True when the failed connection had received data before, so that it may be a stale keep-alive connection. */
  wasKept(failure: unknown): boolean;
}

function createHttpConnections(lookup: LookupFunction | undefined): HttpConnections {
  const failuresOfKept = new WeakSet<object>();
  const connect = buildConnector({ timeout: connectMs, ...(lookup ? { lookup } : {}) });
  const agent = new Agent({
    ...times,
    connect: (options, callback) =>
      connect(options, (...[failure, socket]) => {
        if (failure) return callback(failure, null);
        socket.on('error', (error: Error) => socket.bytesRead > 0 && failuresOfKept.add(error));
        callback(null, socket);
      }),
  });
  return {
    agent,
    wasKept: (failure) => typeof failure === 'object' && failure !== null && failuresOfKept.has(failure),
  };
}

/** A running attempt. */
interface InFlightRequest {
  readonly connections: HttpConnections;
  controller: Dispatcher.DispatchController | undefined;
  /** Why the attempt was ended before the receiver answered. */
  end: Error | undefined;
  /** Rejects when the attempt is ended, even before a connection exists. */
  readonly ended: Promise<never>;
  readonly reject: (reason: Error) => void;
}

function createInFlightRequest(connections: HttpConnections): InFlightRequest {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  // Prevents an unhandled rejection when nothing waits for it.
  ended.catch(() => undefined);
  return { connections, controller: undefined, end: undefined, ended, reject };
}

function end(inFlight: InFlightRequest, reason: string): void {
  inFlight.end ??= new Error(reason);
  inFlight.controller?.abort(inFlight.end);
  inFlight.reject(inFlight.end);
}

interface SendLimits {
  readonly timeoutMs: number;
  readonly isAnyAllowed: boolean;
}

/** Sends a message. The timeout starts here: it includes the DNS lookup and the time to connect. */
async function deliver(
  message: Message,
  inFlight: InFlightRequest,
  { timeoutMs, isAnyAllowed }: SendLimits,
): Promise<Delivery> {
  const reason = objectionToUrl(message.uri, isAnyAllowed);
  if (reason !== undefined) return { kind: 'refused', reason };
  const timer = setTimeout(() => end(inFlight, `there was no answer within ${timeoutMs} ms`), timeoutMs);
  try {
    return deliveryOf(await Promise.race([post(requestOf(message), inFlight), inFlight.ended]));
  } catch (cause) {
    return { kind: 'unreached', reason: reasonOf(inFlight.end ?? cause) };
  } finally {
    clearTimeout(timer);
  }
}

/** When several addresses of a name failed, the error has no text of its own. */
function reasonOf(failure: unknown): string {
  if (failure instanceof AggregateError && failure.message === '') return failure.errors.map(reasonOf).join(', ');
  return failure instanceof Error ? failure.message : String(failure);
}

function requestOf({ uri, contentType, headers, body, method = 'POST' }: Message): Dispatcher.DispatchOptions {
  const { origin, pathname, search, username, password } = new URL(uri);
  return {
    method,
    origin,
    path: `${pathname}${search}`,
    headers: headersOf({
      'User-Agent': 'mlaka',
      ...(username === '' && password === '' ? {} : { Authorization: basic(username, password) }),
      ...headers,
      'Content-Type': contentType,
    }),
    // A Buffer: undici would join a string with the headers, and encode the headers like the body.
    body: Buffer.from(body),
  };
}

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;

interface Result {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** Most connections for one attempt. Several keep-alive connections may have been closed by the receiver. */
const connectionsMax = 4;

/** The status of the receiver's answer. A stale keep-alive connection is replaced by another. */
async function post(request: Dispatcher.DispatchOptions, inFlight: InFlightRequest): Promise<Result> {
  for (let used = 1; ; used += 1) {
    try {
      return await postOnce(request, inFlight);
    } catch (cause) {
      if (inFlight.end || used === connectionsMax || !inFlight.connections.wasKept(cause)) throw cause;
    }
  }
}

/** Most bytes of an answer that are read so that its connection can be reused. */
const answerMax = 65_536;

/** Resolves with the status even when the rest of the answer is lost. */
function postOnce(request: Dispatcher.DispatchOptions, inFlight: InFlightRequest): Promise<Result> {
  return new Promise((resolve, reject) => {
    let result: Result | undefined;
    let bytes = 0;
    inFlight.connections.agent.dispatch(request, {
      onRequestStart(controller) {
        inFlight.controller = controller;
        if (inFlight.end) controller.abort(inFlight.end);
      },
      onResponseStart(_, status, headers) {
        result = { status, retryAfter: [headers['retry-after']].flat()[0] };
      },
      onResponseData(controller, chunk) {
        bytes += chunk.length;
        if (bytes > answerMax) controller.abort(new Error('the answer is long'));
      },
      onResponseEnd: () => result && resolve(result),
      onResponseError: (_, error) => (result ? resolve(result) : reject(error)),
    });
  });
}

/** Of headers that differ only in case, the last one is sent. A header has one byte per character: other characters are sent as UTF-8. */
function headersOf(headers: Readonly<Record<string, string>>): string[] {
  const byName = new Map(Object.entries(headers).map((header) => [header[0].toLowerCase(), header]));
  return [...byName.values()].flatMap(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
}

/** Statuses by which a receiver or its proxy reports that it accepts nothing now. */
const unavailable = new Set([408, 425, 429, 502, 503, 504]);

/** Any 2xx is a success. Redirects are not followed. */
function deliveryOf({ status, retryAfter }: Result): Delivery {
  if (status >= 200 && status < 300) return { kind: 'taken', status };
  const reason = `the answer has status ${status}`;
  if (unavailable.has(status)) return { kind: 'unreached', reason, status, ...waitOf(retryAfter) };
  return { kind: status >= 500 ? 'failed' : 'refused', reason, status };
}

/** The longest Retry-After that is respected. */
const waitMaxMs = 600_000;

function waitOf(retryAfter: string | undefined): { readonly retryAfterMs?: number } {
  if (retryAfter === undefined) return {};
  const waitMs = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return waitMs > 0 ? { retryAfterMs: Math.min(waitMs, waitMaxMs) } : {};
}
