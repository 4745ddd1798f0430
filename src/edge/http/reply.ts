/** What is going to be sent: an HTTP answer as a value, and the only place that writes one to a connection. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json } from '../../core/model/json.ts';
import type { EventSink } from '../../core/operation/operation.ts';
import { createSink } from './sink.ts';

export type Headers = Readonly<Record<string, string>>;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** Absent: an answer without content. */
  readonly body?: string | Buffer;
  /** Goes on with the content after the headers, instead of a body. */
  readonly follow?: (sink: EventSink) => void;
}

/** A request and the answer under way to it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A reply with JSON content. */
export const jsonReply = (status: number, json: Json, headers: Headers = {}): Reply => ({
  status,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: JSON.stringify(json),
});

/** Sends a reply, unless the client has gone. `common` are headers of every answer. Node leaves the content away from HEAD. */
export function send({ request, response }: Exchange, reply: Reply, common: Headers): void {
  const { status, headers, body = '', follow } = reply;
  if (response.headersSent || response.destroyed) return;
  if (follow && request.method !== 'HEAD') {
    response.writeHead(status, { ...common, ...headers });
    response.flushHeaders();
    follow(createSink(response));
    return;
  }
  const length = status === 204 ? undefined : { 'Content-Length': Buffer.byteLength(body) };
  const end = isAwaitingContinue(request) ? { Connection: 'close' } : undefined;
  response.writeHead(status, { ...common, ...headers, ...length, ...end });
  response.end(body);
}

/** True when a client has announced its body by `Expect: 100-continue` and has never been told to send it. */
const isAwaitingContinue = ({ headers, readableFlowing }: IncomingMessage): boolean =>
  headers.expect !== undefined && readableFlowing === null;
