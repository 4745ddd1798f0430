/** Sends requests to context sources over HTTP and HTTPS (clause 6.3.18), within bounds of time, size and number. */
import type { LookupFunction } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { isDeeper } from '../../core/model/json-depth.ts';
import { type Json, parseGiven } from '../../core/model/json.ts';
import type { Memory } from '../../core/port/memory.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { SourceAnswer, SourceRequest, Sources } from '../../core/port/sources.ts';
import { objectionToUrl } from '../address.ts';
import { createAnswerCache } from './answer-cache.ts';
import { createHealthBook, isGood } from './peer-health.ts';
import { createRests } from './rests.ts';
import { createSharedBounds, type SharedBounds } from './shared-bounds.ts';

export interface HttpSourcesOptions {
  /** Longest time until the whole answer of a source must have arrived, unless the registration sets its own. */
  readonly timeoutMs: number;
  /** A DNS lookup that returns only public addresses. Absent: any address is allowed. */
  readonly lookupPublic?: LookupFunction;
  readonly depthMax: number;
  readonly memory: Memory;
  readonly observe: Observe;
}

/** Most bytes of an answer. */
const bodyBytesMax = 16 * 2 ** 20;
/** Most requests under way to one host, and to all. A request beyond them is not sent. */
const atOnceToHost = 64;
const atOnce = 512;

const keepAliveMs = 30_000;
/** A client waits for the answers: neither a registration nor many pages can make it wait longer. */
const timeoutMaxMs = 60_000;
/** Most bytes of all answers that one request of a client leads to. What is read from them is in memory together. */
const groupBytesMax = 64 * 2 ** 20;

export function createHttpSources(options: HttpSourcesOptions): Sources {
  const { lookupPublic: lookup } = options;
  const connect = buildConnector({ timeout: 10_000, ...(lookup ? { lookup } : {}) });
  const agent = new Agent({ keepAliveTimeout: keepAliveMs, headersTimeout: 0, bodyTimeout: 0, connect });
  const rests = createRests(() => performance.now());
  const book = createHealthBook(() => new Date());
  const load = createLoad();
  const boundsOf = sharedBoundsWithin(options.memory);
  const cache = createAnswerCache(() => performance.now());
  const objection = (endpoint: string): string | undefined => objectionToUrl(endpoint, lookup === undefined);
  const sendAndNote = async (request: SourceRequest, host: string): Promise<SourceAnswer> => {
    const began = performance.now();
    const answer = await send(request, { ...options, agent, bounds: boundsOf(request) });
    const tookMs = performance.now() - began;
    rests.note({ host, registration: request.registration, cooldownMs: request.cooldownMs }, answer);
    book.note(host, answer, tookMs);
    options.observe({ kind: 'sourceAsked', host, result: resultOf(answer), tookMs });
    cache.put(request, answer);
    return answer;
  };
  return {
    objection,
    health(host) {
      const known = book.of(host);
      return known && { ...known, isResting: rests.isResting(host), underWay: load.of(host) };
    },
    async ask(request) {
      const kept = cache.get(request);
      if (kept) return kept;
      const host = hostOf(request.url);
      const refusal = objection(request.url);
      if (refusal !== undefined) return { kind: 'unanswered', isLate: false, reason: refusal };
      const isOver = boundsOf(request).leftMs() === 0;
      const reason = isOver ? over : (rests.reason(host, request.registration) ?? load.objection(host));
      if (reason !== undefined) return { kind: 'unanswered', isLate: true, reason };
      return load.during(host, () => sendAndNote(request, host));
    },
    close: () => agent.destroy(),
  };
}

const sharedBoundsWithin = (memory: Memory): ((request: SourceRequest) => SharedBounds) =>
  createSharedBounds({
    nowMs: () => performance.now(),
    timeMs: timeoutMaxMs,
    bytesMax: Math.min(groupBytesMax, memory.share('bodies')),
  });

function resultOf(answer: SourceAnswer): 'answered' | 'failed' | 'unanswered' {
  if (answer.kind === 'unanswered') return 'unanswered';
  return isGood(answer) ? 'answered' : 'failed';
}

/** Counts the requests under way. */
interface Load {
  of(host: string): number;
  /** Why no other request may be sent to the host. */
  objection(host: string): string | undefined;
  during<T>(host: string, work: () => Promise<T>): Promise<T>;
}

function createLoad(): Load {
  const underWay = new Map<string, number>();
  const of = (host: string): number => underWay.get(host) ?? 0;
  let total = 0;
  return {
    of,
    objection: (host) =>
      of(host) >= atOnceToHost || total >= atOnce ? 'too many requests to sources are under way' : undefined,
    async during(host, work) {
      underWay.set(host, of(host) + 1);
      total += 1;
      try {
        return await work();
      } finally {
        total -= 1;
        const others = of(host) - 1;
        if (others === 0) underWay.delete(host);
        else underWay.set(host, others);
      }
    },
  };
}

const over = `all sources together took longer than ${timeoutMaxMs} ms`;

const hostOf = (url: string): string => URL.parse(url)?.host ?? '';

interface Sending extends HttpSourcesOptions {
  readonly agent: Agent;
  readonly bounds: SharedBounds;
}

/** The timeout includes the DNS lookup, the time to connect, and the time of the body. */
async function send(request: SourceRequest, sending: Sending): Promise<SourceAnswer> {
  const timeoutMs = Math.min(request.timeoutMs ?? sending.timeoutMs, sending.bounds.leftMs());
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(new Error(`there was no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await receive(request, sending, ending.signal);
  } catch (cause) {
    const failure: unknown = ending.signal.aborted ? ending.signal.reason : cause;
    return { kind: 'unanswered', isLate: ending.signal.aborted, reason: reasonOf(failure) };
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(failure: unknown): string {
  if (failure instanceof AggregateError && failure.message === '') return failure.errors.map(reasonOf).join(', ');
  return failure instanceof Error ? failure.message : String(failure);
}

async function receive(
  request: SourceRequest,
  { agent, memory, depthMax, bounds }: Sending,
  signal: AbortSignal,
): Promise<SourceAnswer> {
  const { statusCode: status, headers, body } = await agent.request({ ...optionsOf(request), signal });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let isWhole = true;
  try {
    for await (const chunk of body) {
      if (!(chunk instanceof Uint8Array)) continue;
      bytes += chunk.length;
      memory.count('bodies', chunk.length);
      chunks.push(chunk);
      const isWithin = bounds.take(chunk.length) && bytes <= bodyBytesMax;
      isWhole = isWithin && memory.held('bodies') <= memory.share('bodies');
      // Leaving the loop closes the connection.
      if (!isWhole) break;
    }
    const json = isWhole ? jsonIn(Buffer.concat(chunks).toString(), depthMax) : undefined;
    return {
      kind: 'answered',
      status,
      headers: textsOf(headers),
      ...(json === undefined ? undefined : { body: json }),
    };
  } finally {
    memory.count('bodies', -bytes);
    memory.discard(bytes);
  }
}

function optionsOf({ method, url, headers, body }: SourceRequest): Parameters<Agent['request']>[0] {
  const { origin, pathname, search, username, password } = new URL(url);
  const login = username === '' && password === '' ? {} : { Authorization: basic(username, password) };
  return {
    method,
    origin,
    path: `${pathname}${search}`,
    headers: latin1({ 'User-Agent': 'mlaka', ...login, ...headers }),
    // A Buffer: undici would join a string with the headers, and encode the headers like the body.
    ...(body === undefined ? undefined : { body: Buffer.from(body) }),
  };
}

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;

/** Of headers that differ only in case, the last one is sent. A header has one byte per character: other characters are sent as UTF-8. */
function latin1(headers: Readonly<Record<string, string>>): string[] {
  const byName = new Map(Object.entries(headers).map((header) => [header[0].toLowerCase(), header]));
  return [...byName.values()].flatMap(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
}

function jsonIn(text: string, depthMax: number): Json | undefined {
  if (text === '' || isDeeper(text, depthMax)) return undefined;
  try {
    return parseGiven(text);
  } catch {
    return undefined;
  }
}

const textsOf = (headers: Dispatcher.ResponseData['headers']): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), [value].flat().join(', ')]],
    ),
  );
