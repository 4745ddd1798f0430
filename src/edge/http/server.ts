/** The HTTP server: one answerer, and the limits that keep slow or broken clients from holding it. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { CompatibilityRoute } from '../../core/operation/compatibility-route.ts';
import type { Operation, World } from '../../core/operation/operation.ts';
import type { BodyLimits } from './body.ts';
import { answerBrokenRequest, answerForeignUpgrade } from './broken-request.ts';
import { createAnswerer } from './dispatch.ts';
import { createExpressServer } from './express-server.ts';
import type { HostCheck } from './host-names.ts';
import { createPages, type PageOptions } from './pages.ts';

interface HttpLimits extends BodyLimits {
  /** Time for the head of a request to arrive. */
  readonly headersTimeoutMs: number;
  /** Time for a whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** Time in which a client must have taken a piece of an answer. */
  readonly takingTimeoutMs: number;
}

export interface HttpOptions extends PageOptions {
  readonly world: World;
  /** What can be asked for under `/ngsi-ld/v1`. */
  readonly operations: readonly Operation[];
  /** What else can be asked for, beside it. */
  readonly compatibilityRoutes?: readonly CompatibilityRoute[];
  readonly limits: HttpLimits;
  /** The origin of web pages that may use the API, or `*`; empty: none. */
  readonly corsOrigin: string;
  /** Which Host headers name this broker. */
  readonly isOwnHost: HostCheck;
  /** Takes connections that ask for another protocol. */
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** Longest head of a request in bytes: a query may name many ids. */
const headBytesMax = 32 * 1024;

/** A server that is ready to listen. */
export function createHttpServer(options: HttpOptions): Server {
  const { world, limits, onUpgrade, isOwnHost } = options;
  const { takingTimeoutMs } = limits;
  const isClosing = (): boolean => !server.listening;
  const answer = createAnswerer({ ...options, pages: createPages(options), isClosing, takingTimeoutMs });
  const server = createExpressServer(answer, {
    maxHeaderSize: headBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs, 5000),
  });
  server.on('clientError', (error, socket) => answerBrokenRequest(error, socket, world.observe));
  if (onUpgrade) {
    server.on('upgrade', (request, socket, head) => {
      if (isOwnHost(request.headers.host)) onUpgrade(request, socket, head);
      else answerForeignUpgrade(request, socket, world.observe);
    });
  }
  return server;
}

/** How often connections that have become idle are looked for while a server closes. */
const idleCheckMs = 50;

/**
 * Takes no more connections, ends those that are idle, lets requests under way end, and after `graceMs` ends what is left.
 * Connections that have become WebSockets are waited for: whoever took them ends them.
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
