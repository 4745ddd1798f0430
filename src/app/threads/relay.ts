/** Hands requests of an HTTP thread on to the main thread, by HTTP over a Unix domain socket, and the answers back. */
import { Agent, type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { Problem } from '../../core/model/problem.ts';
import type { Observe } from '../../core/port/observe.ts';
import { failureReply } from '../../edge/http/fail.ts';
import type { Exchange } from '../../edge/http/reply.ts';
import type { TrustedProxies } from '../../edge/trusted-proxies.ts';
import { relayedHeader, relayedText } from './relayed-client.ts';

export interface Relay {
  /** Answers a request with what the main thread answers. */
  readonly relay: (exchange: Exchange) => void;
  /** Joins a connection that asks for another protocol to one of the main thread. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Ends the connections to the main thread that are idle. */
  readonly close: () => void;
}

interface RelayOptions {
  /** Where the main thread listens. */
  readonly socketPath: string;
  readonly proxies: TrustedProxies;
  readonly observe: Observe;
}

/** Headers of one connection only. */
const ofConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'upgrade', relayedHeader]);

/** Node.js sets the coding of an answer anew: a client of HTTP/1.0 does not know it. */
const ofAnswer = new Set([...ofConnection, 'transfer-encoding']);

export function createRelay(options: RelayOptions): Relay {
  const { socketPath, proxies } = options;
  const agent = new Agent({ keepAlive: true });
  return {
    relay(exchange) {
      const { request, response } = exchange;
      const { method, url } = request;
      const upstream = startRequest({ socketPath, agent, method, path: url, setHost: false });
      for (const [name, value] of pairsOf(request.rawHeaders))
        if (!ofConnection.has(name.toLowerCase())) upstream.appendHeader(name, value);
      upstream.setHeader(relayedHeader, relayedText(request, proxies));
      answerFrom(upstream, exchange, options.observe);
      response.once('close', () => upstream.destroy());
      if (hasBody(request)) sendBody(request, upstream);
      else endWithoutBody(upstream);
    },
    upgrade(request, socket, head) {
      const upstream = connect(socketPath);
      upstream.write(headText(request, relayedText(request, proxies)), 'latin1');
      upstream.write(head);
      join(socket, upstream);
    },
    close: () => agent.destroy(),
  };
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;

/** A client that sends `Expect: 100-continue` waits for an answer to the head. */
function sendBody(request: IncomingMessage, upstream: ClientRequest): void {
  upstream.flushHeaders();
  request.pipe(upstream);
}

/** Without these removals, Node announces a body of length 0 where the client announced none. */
function endWithoutBody(upstream: ClientRequest): void {
  for (const name of ['Content-Length', 'Transfer-Encoding']) upstream.removeHeader(name);
  upstream.end();
}

function answerFrom(upstream: ClientRequest, { request, response }: Exchange, observe: Observe): void {
  upstream.on('continue', () => response.writeContinue());
  upstream.on('response', (answer) => {
    const { statusCode = 500, statusMessage, headers } = answer;
    const isLast = headers.connection === 'close';
    const kept = pairsOf(answer.rawHeaders).filter(([name]) => !ofAnswer.has(name.toLowerCase()));
    response.writeHead(statusCode, statusMessage, [...kept, ...(isLast ? [['Connection', 'close']] : [])].flat());
    response.flushHeaders();
    answer.on('error', () => response.destroy());
    answer.pipe(response);
  });
  upstream.on('error', () => {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const problem = new Problem('Unavailable', 'The broker stops, or starts anew; try again later.');
    const { status, headers, body } = failureReply(problem, { where: 'relay', observe, hasCredentials: false });
    request.unpipe();
    response.writeHead(status, { ...headers, Connection: 'close' });
    response.end(body);
  });
}

function headText({ method = 'GET', url = '/', rawHeaders }: IncomingMessage, relayed: string): string {
  const lines = pairsOf(rawHeaders).filter(([name]) => name.toLowerCase() !== relayedHeader);
  const all = [...lines, [relayedHeader, relayed] as const].map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${url} HTTP/1.1\r\n${all.join('')}\r\n`;
}

function join(one: Duplex, other: Duplex): void {
  const end = (): void => {
    one.destroy();
    other.destroy();
  };
  for (const socket of [one, other]) socket.on('error', end).on('close', end);
  one.pipe(other).pipe(one);
}

/** Names and values follow each other in a list of raw headers. */
const pairsOf = (raw: readonly string[]): readonly (readonly [string, string])[] =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
