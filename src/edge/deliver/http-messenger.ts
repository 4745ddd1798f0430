/** Carries notifications over HTTP and HTTPS (clause 6.3.9): one POST each, over connections that are kept open. */
import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from '../../core/model/address.ts';
import type { Attempt, Delivery, Message, Messenger } from '../../core/port/messenger.ts';

export interface HttpMessengerOptions {
  /** Longest time in which a receiver must have answered, unless the message says otherwise. */
  readonly timeoutMs: number;
  /** Looks names up and lets only addresses through that may be reached; absent: any address may be reached. */
  readonly lookupPublic?: LookupFunction;
}

/** Unused connections that are kept to one receiver, and how long. */
const spare = { maxFreeSockets: 64, timeout: 60_000 } as const;

export function createHttpMessenger({ timeoutMs, lookupPublic }: HttpMessengerOptions): Messenger {
  const guard = lookupPublic ? { lookup: lookupPublic } : {};
  const agents: Agents = {
    http: new HttpAgent({ keepAlive: true, ...spare, ...guard }),
    https: new HttpsAgent({ keepAlive: true, ...spare, ...guard }),
  };
  const underWay = new Set<Course>();
  return {
    schemes: ['http', 'https'],
    objection: (uri) => objectionTo(uri, lookupPublic === undefined),
    send(message): Attempt {
      const course: Course = { agents, request: undefined, end: undefined };
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
    close() {
      for (const course of underWay) end(course, 'the broker stops');
      agents.http.destroy();
      agents.https.destroy();
      return Promise.resolve();
    },
  };
}

/** An attempt under way. */
interface Course {
  readonly agents: Agents;
  request: ClientRequest | undefined;
  /** Why it was ended before the receiver had answered. */
  end: Error | undefined;
}

function end(course: Course, reason: string): void {
  course.end = new Error(reason);
  course.request?.destroy(course.end);
}

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

interface Terms {
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

async function deliver(message: Message, course: Course, { timeoutMs, isAnyAllowed }: Terms): Promise<Delivery> {
  const reason = objectionTo(message.uri, isAnyAllowed);
  if (reason !== undefined) return { kind: 'refused', reason };
  const timer = setTimeout(() => end(course, `there was no answer within ${timeoutMs} ms`), timeoutMs);
  try {
    return deliveryOf(await post(message, course));
  } catch (cause) {
    const told: unknown = course.end ?? cause;
    return { kind: 'unreached', reason: told instanceof Error ? told.message : String(told) };
  } finally {
    clearTimeout(timer);
  }
}

interface Result {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** The receiver's answer, whose content is of no interest. A connection that the receiver had closed meanwhile is replaced. */
async function post(message: Message, course: Course): Promise<Result> {
  for (;;) {
    const sent = { isReused: false, isAnswered: false };
    try {
      return await postOnce(message, course, sent);
    } catch (cause) {
      if (!sent.isReused || sent.isAnswered || course.end) throw cause;
    }
  }
}

function postOnce(
  { uri, contentType, headers, body }: Message,
  course: Course,
  sent: { isReused: boolean; isAnswered: boolean },
): Promise<Result> {
  const url = new URL(uri);
  // Bytes, for a text would be joined with the headers, and these then be encoded like it.
  const bytes = Buffer.from(body);
  const isTls = url.protocol === 'https:';
  const request = (isTls ? requestHttps : requestHttp)(url, {
    method: 'POST',
    agent: isTls ? course.agents.https : course.agents.http,
    headers: {
      'User-Agent': 'mlaka',
      ...headersOf(headers),
      'Content-Type': contentType,
      'Content-Length': bytes.length,
    },
  });
  course.request = request;
  return new Promise((resolve, reject) => {
    request
      .on('response', (response) => {
        sent.isAnswered = true;
        // The status says all, even when the rest of the answer is lost.
        const result = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
        response.on('close', () => resolve(result));
        discard(response);
      })
      .on('error', (error) => {
        sent.isReused = request.reusedSocket;
        reject(error);
      })
      .end(bytes);
  });
}

/** A header holds one character per byte: what is beyond is sent as UTF-8. */
const headersOf = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString('latin1')]));

/** Most bytes of an answer that are read so that its connection can be used again. */
const answerMax = 65_536;

/** Reads the content of an answer to its end, unless it is long: then the connection is given up. */
function discard(response: IncomingMessage): void {
  let bytes = 0;
  response
    .on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > answerMax) response.destroy();
    })
    .on('error', () => undefined);
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
