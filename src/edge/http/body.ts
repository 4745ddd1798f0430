/** Reads the body of a request as JSON: checks its media type, limits its size and parses its text. */
import type { Json } from '../../core/model/json.ts';
import type { Operation, Services } from '../../core/operation/operation.ts';
import { Problem } from '../../core/model/problem.ts';
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import { parseBytesMax, readJsonText } from './json-text.ts';
import type { BodyBudget } from './body-budget.ts';
import { Refusal } from './refusal.ts';
import type { Exchange } from './reply.ts';

/** Media types of bodies (clause 6.3.4). */
type BodyMedia = 'json' | 'ld+json';

export interface BodyLimits {
  /** Maximum size of a body in bytes. */
  readonly bodyBytesMax: number;
  /** Maximum nesting depth of arrays and objects. */
  readonly depthMax: number;
  /** Maximum number of object members in a body, or in each element of a batch. */
  readonly membersMax: number;
}

/** A parsed body, and the media type that determines where its @context is. */
export interface Body {
  readonly json: Json;
  readonly media: BodyMedia;
}

export interface BodyContext {
  readonly limits: BodyLimits;
  readonly services: Pick<Services, 'yieldToEventLoop' | 'isTolerant'>;
  readonly bodyBudget: BodyBudget;
}

/** Thrown when the client closes the connection before its request is complete. No response is sent. */
export class ClientGone extends Error {}

/**
 * Reads the body that an operation needs. Throws Refusal 415 and 413, InvalidRequest when the body is empty or is not JSON,
 * MemoryBudgetExceeded, and ClientGone.
 */
export async function readBody(
  exchange: Exchange,
  operation: Operation,
  { limits, services, bodyBudget }: BodyContext,
): Promise<Body> {
  const { isTolerant } = services;
  if (!hasBody(exchange)) throw new Problem('InvalidRequest', 'The request needs a body, and has none.');
  // Without a media type, the body is examined: what is no JSON is an invalid request, whatever type it should have had.
  if (exchange.request.headers['content-type'] === undefined)
    await readJson(exchange, operation.body === 'array', { limits, services, bodyBudget });
  const media = readBodyMedia(exchange, isTolerant);
  return { media, json: await readJson(exchange, operation.body === 'array', { limits, services, bodyBudget }) };
}

/**
 * Reads the body as JSON, whatever its media type. `isPiecewise`: it is an array, and its elements are read one by one. Throws Refusal 413,
 * InvalidRequest, MemoryBudgetExceeded, and ClientGone.
 */
export async function readJson(
  exchange: Exchange,
  isPiecewise: boolean,
  { limits, services: { yieldToEventLoop }, bodyBudget }: BodyContext,
): Promise<Json> {
  const bytesMax = isPiecewise ? limits.bodyBytesMax : Math.min(limits.bodyBytesMax, parseBytesMax);
  const bytes = await joinPieces(await readPieces(exchange, bytesMax, bodyBudget), yieldToEventLoop);
  if (bytes.length === 0) throw new Problem('InvalidRequest', 'The body is empty.');
  return readJsonText(bytes, { ...limits, isPiecewise, yieldToEventLoop });
}

/** Reads the body as text, of any media type; empty when there is no body. Throws Refusal 413, MemoryBudgetExceeded, and ClientGone. */
export const readText = async (exchange: Exchange, bytesMax: number, bodyBudget: BodyBudget): Promise<string> =>
  hasBody(exchange) ? Buffer.concat(await readPieces(exchange, bytesMax, bodyBudget)).toString() : '';

/** True when the request says that it has a body. */
export const hasBody = ({ request: { headers } }: Exchange): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Reads the media type of a body. The method must accept it. Parameters are ignored. */
function readBodyMedia({ request: { method, headers } }: Exchange, isTolerant: boolean): BodyMedia {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  const coding = headers['content-encoding'] ?? 'identity';
  if (coding !== 'identity') {
    throw new Refusal(415, `The content coding ${coding} is not read.`, { 'Accept-Encoding': 'identity' });
  }
  const taken = isTolerant ? bodyTypes('PATCH') : bodyTypes(method);
  if (!taken.includes(type))
    throw new Refusal(415, `The media type ${type} is not read here.`, { Accept: taken.join(', ') });
  return type === 'application/ld+json' ? 'ld+json' : 'json';
}

/** The media types that a method accepts. A merge patch is parsed as JSON. */
export const bodyTypes = (method: string | undefined): readonly string[] => [
  'application/json',
  'application/ld+json',
  ...(method === 'PATCH' ? ['application/merge-patch+json'] : []),
];

/**
 * Reads the bytes of a body as they arrive. They are counted against the budget until the exchange ends. A body whose
 * Content-Length is too large is not read at all.
 */
async function readPieces(exchange: Exchange, bytesMax: number, bodyBudget: BodyBudget): Promise<Buffer[]> {
  const { request, response } = exchange;
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax);
  if (request.headers.expect !== undefined) response.writeContinue();
  const pieces: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      length = Infinity;
      pieces.length = 0;
      reject(error);
    };
    const reservation = (exchange.bodyReservation = bodyBudget.open(refuse));
    request.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length > bytesMax) {
        refuse(tooLarge(bytesMax));
        reservation.end();
        return;
      }
      pieces.push(piece);
      reservation.add(piece.length);
    });
    request.on('end', () => {
      reservation.complete();
      resolve(pieces);
    });
    request.on('error', () => reject(new ClientGone()));
    request.on('close', () => {
      if (!request.complete) reject(new ClientGone());
    });
  });
}

/** Joins pieces. It yields to the event loop between pieces, because copying takes about a millisecond per mebibyte. */
async function joinPieces(pieces: Buffer[], yieldToEventLoop: YieldToEventLoop): Promise<Buffer> {
  const [first] = pieces;
  if (first && pieces.length === 1) return first;
  const whole = Buffer.allocUnsafe(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces.splice(0)) {
    at += piece.copy(whole, at);
    const pause = yieldToEventLoop();
    if (pause) await pause;
  }
  return whole;
}

const tooLarge = (bytesMax: number): Refusal => new Refusal(413, `The body may hold at most ${bytesMax} bytes.`);
