/** Defines an HTTP reply as a value and sends it. No other module writes responses. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json } from '../../core/model/json.ts';
import type { LongContent } from '../../core/operation/long-text.ts';
import type { EventSink } from '../../core/operation/operation.ts';
import type { BodyReservation } from './body-budget.ts';
import { openResponseWriter, type ResponseWriterContext, pieceBytes, watchDrainTimeout } from './response-writer.ts';
import { createSink } from './sink.ts';

export type Headers = Readonly<Record<string, string>>;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** Absent: a response without content. */
  readonly body?: string | Buffer | LongContent;
  /** Returns what writes content continuously after the headers, instead of a body. Throws a Problem when there is no place for it. */
  readonly follow?: () => (sink: EventSink) => void;
}

/** A request and its response. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The body of the request, set when reading begins. */
  bodyReservation?: BodyReservation;
  /** True when the correlator among the headers of the request is one that the broker gave it. */
  isCorrelatorOwn?: boolean;
}

/** A reply with JSON content. */
export const jsonReply = (status: number, json: Json, headers: Headers = {}): Reply => ({
  status,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: JSON.stringify(json),
});

export interface SendContext extends ResponseWriterContext {
  /** Headers of every response. */
  readonly common: Headers;
}

/**
 * Sends a reply, unless the client has disconnected. Node omits the content for HEAD. Throws MemoryBudgetExceeded for long
 * content, and what `follow` throws, before anything is sent.
 */
export function send(exchange: Exchange, reply: Reply, context: SendContext): void {
  const { request, response } = exchange;
  const { status, headers, body = '', follow } = reply;
  if (response.headersSent || response.destroyed) return;
  if (follow && request.method !== 'HEAD') {
    const write = follow();
    response.writeHead(status, { ...context.common, ...headers });
    response.flushHeaders();
    write(createSink(response));
    return;
  }
  sendContent(exchange, { status, headers, ...contentOf(body) }, context);
}

/** Content with its length. A long string is encoded to bytes once. */
interface Content {
  readonly content: Exclude<Reply['body'], undefined>;
  /** Absent: not known in advance. */
  readonly length?: number | undefined;
}

function contentOf(body: Exclude<Reply['body'], undefined>): Content {
  if (typeof body === 'object' && !(body instanceof Buffer)) return { content: body };
  if (typeof body === 'string' && body.length > pieceBytes) return contentOf(Buffer.from(body));
  const length = Buffer.byteLength(body);
  return { content: length > pieceBytes && typeof body === 'string' ? Buffer.from(body) : body, length };
}

/** True when a client announced its body with `Expect: 100-continue` and did not get 100 Continue. */
const isAwaitingContinue = ({ headers, readableFlowing }: IncomingMessage): boolean =>
  headers.expect !== undefined && readableFlowing === null;

function sendContent(
  { request, response }: Exchange,
  { status, headers, content, length }: Pick<Reply, 'status' | 'headers'> & Content,
  context: SendContext,
): void {
  const outflow = isLong(content) && request.method !== 'HEAD' ? openResponseWriter(content, context) : undefined;
  const measure = length === undefined || status === 204 ? undefined : { 'Content-Length': length };
  const end = isAwaitingContinue(request) ? { Connection: 'close' } : undefined;
  response.writeHead(status, { ...context.common, ...headers, ...measure, ...end });
  if (outflow) void outflow.writeAll(response);
  else endAtOnce(response, { content, length }, context);
}

/** Sends short content at once. Also handles HEAD, for which Node omits the content. */
function endAtOnce(response: ServerResponse, { content, length = 0 }: Content, context: SendContext): void {
  response.end(typeof content === 'string' || content instanceof Buffer ? content : undefined);
  if (response.socket && response.socket.writableLength > 0) watchDrainTimeout(response, length, context);
}

const isLong = (content: Content['content']): content is Buffer | LongContent =>
  typeof content === 'object' && (!(content instanceof Buffer) || content.length > pieceBytes);
