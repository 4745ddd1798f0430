/** Validates the handshake of a WebSocket, and refuses invalid ones. */
import { type IncomingHttpHeaders, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { readContextLink } from '../../../core/jsonld/link.ts';
import type { JsonObject } from '../../../core/model/json.ts';
import { Problem, type ProblemType, TooManyRequests } from '../../../core/model/problem.ts';
import { percentDecoded } from '../../../core/model/read/percent.ts';
import { describeProblem, statusOf } from '../../../core/operation/describe-problem.ts';
import { readTenantName, tenantIn } from '../../../core/access/tenant-name.ts';
import type { TrustedProxies } from '../../trusted-proxies.ts';

export const subprotocol = 'ngsi-ld-ws.v1';

/** A refused handshake. `status` is an HTTP status for which clause 5.5.2 has no error type. */
export class Refusal extends Error {
  readonly status: number;
  readonly type: ProblemType;

  constructor(status: number, type: ProblemType, detail: string) {
    super(detail);
    this.name = 'Refusal';
    this.status = status;
    this.type = type;
  }
}

export interface HandshakeRules {
  readonly path: string;
  /** Origins of web pages that may connect, besides the broker's own; `*` allows all. */
  readonly allowedOrigins: readonly string[];
  readonly proxies: TrustedProxies;
}

/** What a valid handshake says about the client. */
export interface Handshake {
  readonly tenant: string;
  /** The ticket that replaces tenant, credentials and @context. */
  readonly ticket: string | undefined;
  /** The URL of the default @context of frames. */
  readonly contextUrl: string | undefined;
  /** The IP address of the client. */
  readonly address: string;
}

/** Throws a Refusal; BadRequestData for an invalid Link header or tenant; InvalidRequest for an invalid query. */
export function readHandshake(request: IncomingMessage, { path, allowedOrigins, proxies }: HandshakeRules): Handshake {
  const { url = '', headers } = request;
  const [pathname = '', query = ''] = url.split(/\?(.*)/s);
  if (pathname !== path)
    throw new Refusal(404, 'ResourceNotFound', `There is no stream at ${pathname}; it is at ${path}.`);
  if (!isOurs(headers)) {
    throw new Refusal(
      426,
      'InvalidRequest',
      `The stream needs an upgrade to WebSocket with the subprotocol ${subprotocol}.`,
    );
  }
  const { origin } = headers;
  if (origin !== undefined && !isAllowed(origin, proxies.host(request), allowedOrigins)) {
    throw new Refusal(403, 'Forbidden', `Web pages from ${origin} may not connect.`);
  }
  return {
    ...readQuery(query, tenantIn(headers)),
    contextUrl: readContextLink(headers['link']?.toString()),
    address: proxies.clientAddress(request),
  };
}

/** Reads tenant and ticket. The tenant header takes precedence over the query. */
function readQuery(query: string, tenant: string | undefined): Pick<Handshake, 'tenant' | 'ticket'> {
  if (percentDecoded(query) === undefined)
    throw new Problem('InvalidRequest', 'The query has a percent sign that does not begin an encoded UTF-8 character.');
  const parameters = new URLSearchParams(query);
  const named = readOne(parameters, 'tenant');
  const inQuery = named === undefined ? '' : readTenantName(named);
  return { tenant: tenant ?? inQuery, ticket: readOne(parameters, 'ticket') };
}

function readOne(parameters: URLSearchParams, name: string): string | undefined {
  const [value, other] = parameters.getAll(name);
  if (other !== undefined) throw new Problem('InvalidRequest', `The parameter ${name} is given twice.`);
  return value;
}

function isOurs({ upgrade = '', 'sec-websocket-protocol': offered = '' }: IncomingHttpHeaders): boolean {
  const tokens = offered.split(',').map((token) => token.trim());
  return upgrade.toLowerCase() === 'websocket' && tokens.includes(subprotocol);
}

/** Checks the Origin header: browsers let any page connect to any host, and only report the origin of the page. */
function isAllowed(origin: string, host: string | undefined, allowed: readonly string[]): boolean {
  if (allowed.includes('*') || allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Sends the error response of a refused handshake and closes the connection. */
export function refuse(socket: Duplex, error: unknown): void {
  const { status, body } = describe(error);
  const text = JSON.stringify(body);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
    ...(error instanceof TooManyRequests ? [`Retry-After: ${error.retryAfterSeconds}`] : []),
    ...(status === 401 ? ['WWW-Authenticate: Bearer realm="mlaka"'] : []),
    ...(status === 426 ? ['Upgrade: websocket', `Sec-WebSocket-Protocol: ${subprotocol}`] : []),
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
}

function describe(error: unknown): { readonly status: number; readonly body: JsonObject } {
  if (error instanceof Refusal) {
    const { status, type, message } = error;
    return { status, body: { ...describeProblem({ type, detail: message }), status } };
  }
  const report =
    error instanceof Problem
      ? error.report
      : ({ type: 'InternalError', detail: 'What happened is in the log of the broker.' } as const);
  return { status: statusOf[report.type], body: describeProblem(report) };
}
