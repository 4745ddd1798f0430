/** Carries notifications over HTTP and HTTPS (clause 6.3.9): one POST each, over connections that are kept open. */
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { isPublicAddress } from '../address.ts';
import type { Attempt, Delivery, Message, Messenger } from '../../core/port/messenger.ts';

export interface HttpMessengerOptions {
  /** Longest time in which a receiver must have answered, unless the message says otherwise. */
  readonly timeoutMs: number;
  /** Looks names up and lets only addresses through that may be reached; absent: any address may be reached. */
  readonly lookupPublic?: LookupFunction;
}

/** How long an unused connection is kept, and one may take to be made. An attempt itself is ended by a timer of its own. */
const times = { keepAliveTimeout: 60_000, headersTimeout: 0, bodyTimeout: 0 } as const;
const connectMs = 30_000;

export function createHttpMessenger({ timeoutMs, lookupPublic }: HttpMessengerOptions): Messenger {
  const line = createHttpConnections(lookupPublic);
  const underWay = new Set<InFlightRequest>();
  return {
    schemes: ['http', 'https'],
    objection: (uri) => objectionTo(uri, lookupPublic === undefined),
    send(message): Attempt {
      const course = createInFlightRequest(line);
      underWay.add(course);
      const done = deliver(message, course, {
        timeoutMs: message.timeoutMs ?? timeoutMs,
        isAnyAllowed: lookupPublic === undefined,
      });
      return {
        done: done.finally(() => underWay.delete(course)),
        abandon: () => end(course, 'it was given up'),
      };
    },
    async close() {
      for (const course of underWay) end(course, 'the broker stops');
      await line.agent.destroy();
    },
  };
}

/** The connections to all receivers. */
interface HttpConnections {
  readonly agent: Agent;
  /** True of a failure of a connection over which something had come, so that it may be an old one. */
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

/** An attempt under way. */
interface InFlightRequest {
  readonly connections: HttpConnections;
  controller: Dispatcher.DispatchController | undefined;
  /** Why it was ended before the receiver had answered. */
  end: Error | undefined;
  /** Rejects when it is ended, be it before there is a connection. */
  readonly ended: Promise<never>;
  readonly reject: (reason: Error) => void;
}

function createInFlightRequest(line: HttpConnections): InFlightRequest {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  // Nobody may be waiting for it.
  ended.catch(() => undefined);
  return { connections: line, controller: undefined, end: undefined, ended, reject };
}

function end(course: InFlightRequest, reason: string): void {
  course.end ??= new Error(reason);
  course.controller?.abort(course.end);
  course.reject(course.end);
}

interface SendLimits {
  readonly timeoutMs: number;
  readonly isAnyAllowed: boolean;
}

/** An address that is no name is never looked up, and `localhost` is known to be private. */
function objectionTo(uri: string, isAnyAllowed: boolean): string | undefined {
  const url = URL.parse(uri);
  if (url === null || url.hostname === '') return 'it is no URL with a host';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isPrivate = host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && !isPublicAddress(host));
  return isPrivate && !isAnyAllowed
    ? `${host} is no public address, and the broker runs without --notify-allow-private`
    : undefined;
}

/** The time counts from here: what a name takes to be looked up and a connection to be made is part of it. */
async function deliver(
  message: Message,
  course: InFlightRequest,
  { timeoutMs, isAnyAllowed }: SendLimits,
): Promise<Delivery> {
  const reason = objectionTo(message.uri, isAnyAllowed);
  if (reason !== undefined) return { kind: 'refused', reason };
  const timer = setTimeout(() => end(course, `there was no answer within ${timeoutMs} ms`), timeoutMs);
  try {
    return deliveryOf(await Promise.race([post(requestOf(message), course), course.ended]));
  } catch (cause) {
    return { kind: 'unreached', reason: reasonOf(course.end ?? cause) };
  } finally {
    clearTimeout(timer);
  }
}

/** Where several addresses of a name were tried, the failure has no text of its own. */
function reasonOf(failure: unknown): string {
  if (failure instanceof AggregateError && failure.message === '') return failure.errors.map(reasonOf).join(', ');
  return failure instanceof Error ? failure.message : String(failure);
}

function requestOf({ uri, contentType, headers, body }: Message): Dispatcher.DispatchOptions {
  const { origin, pathname, search, username, password } = new URL(uri);
  return {
    method: 'POST',
    origin,
    path: `${pathname}${search}`,
    headers: headersOf({
      'User-Agent': 'mlaka',
      ...(username === '' && password === '' ? {} : { Authorization: basic(username, password) }),
      ...headers,
      'Content-Type': contentType,
    }),
    // Bytes, for a text would be joined with the headers, and these then be encoded like it.
    body: Buffer.from(body),
  };
}

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;

interface Result {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** How many connections an attempt takes at most: kept ones may be closed on the other side already. */
const connectionsMax = 4;

/** The receiver's answer, whose content is of no interest. A connection that the receiver had closed meanwhile is replaced. */
async function post(request: Dispatcher.DispatchOptions, course: InFlightRequest): Promise<Result> {
  for (let used = 1; ; used += 1) {
    try {
      return await postOnce(request, course);
    } catch (cause) {
      if (course.end || used === connectionsMax || !course.connections.wasKept(cause)) throw cause;
    }
  }
}

/** Most bytes of an answer that are read so that its connection can be used again. */
const answerMax = 65_536;

/** The status says all, even when the rest of the answer is lost. */
function postOnce(request: Dispatcher.DispatchOptions, course: InFlightRequest): Promise<Result> {
  return new Promise((resolve, reject) => {
    let result: Result | undefined;
    let bytes = 0;
    course.connections.agent.dispatch(request, {
      onRequestStart(controller) {
        course.controller = controller;
        if (course.end) controller.abort(course.end);
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

/**
 * Of headers that differ in case only, the last. A header holds one character per byte: what is beyond is sent as UTF-8.
 */
function headersOf(headers: Readonly<Record<string, string>>): string[] {
  const byName = new Map(Object.entries(headers).map((header) => [header[0].toLowerCase(), header]));
  return [...byName.values()].flatMap(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
}

/** Statuses by which a receiver, or what stands before it, says that it takes nothing now. */
const unavailable = new Set([408, 425, 429, 502, 503, 504]);

/** Any 2xx is a success (conflict 29). Redirects are not followed. */
function deliveryOf({ status, retryAfter }: Result): Delivery {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const reason = `the answer has status ${status}`;
  if (unavailable.has(status)) return { kind: 'unreached', reason, ...waitOf(retryAfter) };
  return { kind: status >= 500 ? 'failed' : 'refused', reason };
}

/** Longest wait that a receiver may ask for. */
const waitMostMs = 600_000;

function waitOf(retryAfter: string | undefined): { readonly retryAfterMs?: number } {
  if (retryAfter === undefined) return {};
  const waitMs = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return waitMs > 0 ? { retryAfterMs: Math.min(waitMs, waitMostMs) } : {};
}
