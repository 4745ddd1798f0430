/** Carries notifications over HTTP and HTTPS (clause 6.3.9): one POST each, over connections that are kept open. */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
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
  const underWay = new Set<AbortController>();
  return {
    schemes: ['http', 'https'],
    objection: (uri) => objectionTo(uri, lookupPublic === undefined),
    send(message): Attempt {
      const stop = new AbortController();
      underWay.add(stop);
      const done = deliver(message, {
        agents,
        stop,
        timeoutMs: message.timeoutMs ?? timeoutMs,
        isAnyAllowed: lookupPublic === undefined,
      });
      return {
        done: done.finally(() => underWay.delete(stop)),
        abandon: () => stop.abort(new Error('it was given up')),
      };
    },
    close() {
      for (const stop of underWay) stop.abort(new Error('the broker stops'));
      agents.http.destroy();
      agents.https.destroy();
      return Promise.resolve();
    },
  };
}

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

interface Way {
  readonly agents: Agents;
  readonly stop: AbortController;
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

async function deliver(message: Message, way: Way): Promise<Delivery> {
  const reason = objectionTo(message.uri, way.isAnyAllowed);
  if (reason !== undefined) return { kind: 'refused', reason };
  const { stop, timeoutMs } = way;
  const timer = setTimeout(() => stop.abort(new Error(`there was no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return deliveryOf(await post(message, way));
  } catch (cause) {
    const told: unknown = stop.signal.aborted ? stop.signal.reason : cause;
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
async function post(message: Message, way: Way): Promise<Result> {
  for (;;) {
    const sent = { isReused: false, isAnswered: false };
    try {
      return await postOnce(message, way, sent);
    } catch (cause) {
      if (!sent.isReused || sent.isAnswered || way.stop.signal.aborted) throw cause;
    }
  }
}

function postOnce(
  { uri, contentType, headers, body }: Message,
  { agents, stop }: Way,
  sent: { isReused: boolean; isAnswered: boolean },
): Promise<Result> {
  const url = new URL(uri);
  // Bytes, for a text would be joined with the headers, and these then be encoded like it.
  const bytes = Buffer.from(body);
  const isTls = url.protocol === 'https:';
  const request = (isTls ? requestHttps : requestHttp)(url, {
    method: 'POST',
    agent: isTls ? agents.https : agents.http,
    signal: stop.signal,
    headers: {
      'User-Agent': 'mlaka',
      ...headersOf(headers),
      'Content-Type': contentType,
      'Content-Length': bytes.length,
    },
  });
  return new Promise((resolve, reject) => {
    request
      .on('response', (response) => {
        sent.isAnswered = true;
        const result = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
        // The status says all, even when the rest of the answer is lost.
        discard(response).then(
          () => resolve(result),
          () => resolve(result),
        );
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
async function discard(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of response) {
    bytes += Buffer.isBuffer(chunk) ? chunk.length : 0;
    if (bytes > answerMax) break;
  }
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
