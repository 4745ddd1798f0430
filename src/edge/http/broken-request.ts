/** Answers malformed HTTP requests and requests that time out, and closes their connections. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { describeProblem } from '../../core/operation/describe-problem.ts';
import type { JsonObject } from '../../core/model/json.ts';
import type { Observe } from '../../core/port/observe.ts';
import { foreignHost } from './host-names.ts';
import { describeRefusal, Refusal } from './refusal.ts';

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Handles the event `clientError` of a server. There is no response object, so the response is written to the socket directly. */
export function answerBrokenRequest(error: Error, socket: Duplex, observe: Observe): void {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = statuses[code] ?? 400;
  const detail = `The request cannot be read as HTTP: ${error.message}.`;
  hangUp(socket, { ...describeProblem({ type: 'InvalidRequest', detail }), status });
  observe({ kind: 'answered', binding: 'http', operation: 'unknown', status, tookMs: 0 });
}

/** Refuses an upgrade request to another host than the broker (`host-names.ts`). */
export function answerForeignUpgrade(host: string | undefined, socket: Duplex, observe: Observe): void {
  const refusal = new Refusal(421, foreignHost(host));
  hangUp(socket, describeRefusal(refusal));
  observe({ kind: 'answered', binding: 'http', operation: 'unknown', status: refusal.status, tookMs: 0 });
}

/** Writes a problem as an HTTP response and closes the connection. */
function hangUp(socket: Duplex, problem: JsonObject & { readonly status: number }): void {
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
