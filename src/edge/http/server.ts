/** Creates and closes the HTTP server, with timeouts and limits against slow or broken clients. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server as SecureServer } from 'node:tls';
import type { Authenticate } from '../../core/access/identity.ts';
import type { CompatibilityRoute } from '../../core/operation/compatibility-route.ts';
import type { Operation, Services } from '../../core/operation/operation.ts';
import { noProxies, type TrustedProxies } from '../trusted-proxies.ts';
import { type BodyLimits, ClientGone } from './body.ts';
import { answerBrokenRequest, answerForeignUpgrade } from './broken-request.ts';
import { type Certificate, keepCertificate } from './certificate.ts';
import { type Answerer, createAnswerer } from './dispatch.ts';
import { createExpressServer } from './express-server.ts';
import type { HostCheck } from './host-names.ts';
import type { DescribeFailure } from './open-data.ts';
import { createPages, type PageOptions } from './pages.ts';
import type { Exchange } from './reply.ts';
import { waitForTurn } from './turns.ts';

interface HttpLimits extends BodyLimits {
  /** Time in milliseconds within which the head of a request must arrive. */
  readonly headersTimeoutMs: number;
  /** Time in milliseconds within which a whole request must arrive. */
  readonly requestTimeoutMs: number;
  /** Time in milliseconds within which a client must take a piece of a response. */
  readonly writeTimeoutMs: number;
}

export interface HttpOptions extends PageOptions {
  readonly services: Services;
  /** Absent: everybody is anonymous. */
  readonly authenticate?: Authenticate;
  /** Operations under `/ngsi-ld/v1`. */
  readonly operations: readonly Operation[];
  /** Operations of NGSI v2, at `/v2`, and of the history APIs beside it. */
  readonly v2Operations?: readonly Operation[];
  /** Operations outside `/ngsi-ld/v1` that answer with documents: the catalogue and its files. */
  readonly openDataOperations?: readonly Operation[];
  /** Writes errors of those that have a form of their own for it. */
  readonly describeFailure?: DescribeFailure;
  /** Where the paths of the server begin in that of clients, such as `/ql`. Absent: at the root. */
  readonly mount?: string;
  /** Routes outside `/ngsi-ld/v1`. */
  readonly compatibilityRoutes?: readonly CompatibilityRoute[];
  readonly limits: HttpLimits;
  /** The origin of web pages that may use the API, or `*`. Empty: no origin. */
  readonly corsOrigin: string;
  /** How long browsers must use TLS, in seconds (`createSecurityHeaders`). Absent: nothing is said about it. */
  readonly hstsSeconds?: number;
  /** Checks whether a Host header names this broker. */
  readonly isOwnHost: HostCheck;
  /** The proxies whose word about clients counts. Absent: none. */
  readonly proxies?: TrustedProxies;
  /** With it, the server speaks HTTPS only, and renews the certificate when its files change. */
  readonly certificate?: Certificate;
  /**
   * Sees each request first. True, at once or later: it answers the request itself. False: the server does. Never throws, and is never
   * rejected.
   */
  readonly divert?: (exchange: Exchange) => boolean | Promise<boolean>;
  /** Handles connections that request a protocol upgrade. */
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** Maximum size of a request head in bytes. It is large because a query may list many ids. */
const headBytesMax = 32 * 1024;

/** Creates a server that is ready to listen. */
export function createHttpServer(options: HttpOptions): Server {
  const { services, limits, onUpgrade, isOwnHost, certificate, proxies = noProxies } = options;
  const { writeTimeoutMs } = limits;
  const isClosing = (): boolean => !server.listening;
  const all = createAnswerer({ ...options, proxies, pages: createPages(options), isClosing, writeTimeoutMs });
  const answer = options.divert ? diverted(all, options.divert) : all;
  const timing = {
    maxHeaderSize: headBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs, 5000),
  };
  const server = createExpressServer(answer, timing, certificate);
  if (certificate && server instanceof SecureServer) keepCertificate(server, certificate, services.observe);
  server.on('clientError', (error, socket) => answerBrokenRequest(error, socket, services.observe));
  if (onUpgrade) {
    server.on('upgrade', (request, socket, head) => {
      const host = proxies.host(request);
      if (isOwnHost(host)) onUpgrade(request, socket, head);
      else answerForeignUpgrade(host, socket, services.observe);
    });
  }
  return server;
}

function diverted(answer: Answerer, divert: Required<HttpOptions>['divert']): Answerer {
  return async (exchange) => {
    if (exchange.response.socket === null && !(await hasTurn(exchange))) return;
    const isDiverted = divert(exchange);
    if (typeof isDiverted === 'boolean' ? isDiverted : await isDiverted) return;
    await answer(exchange);
  };
}

/** False when the connection closes before the turn of the request. */
async function hasTurn(exchange: Exchange): Promise<boolean> {
  try {
    await waitForTurn(exchange);
    return true;
  } catch (error) {
    if (error instanceof ClientGone) return false;
    throw error;
  }
}

/** How often a closing server looks for idle connections, in milliseconds. */
const idleCheckMs = 50;

/**
 * Stops accepting connections, closes idle ones, lets requests in progress finish, and closes the rest after `graceMs`. It waits
 * for WebSocket connections, which their owner must close.
 */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
  const grace = setTimeout(() => server.closeAllConnections(), graceMs);
  try {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  } finally {
    clearInterval(idle);
    clearTimeout(grace);
  }
}
