/** Answers what is no HTTP request, or none that arrives in time, and hangs up. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { describeProblem } from '../../core/operation/describe-problem.ts';
import type { Observe } from '../../core/port/observe.ts';

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** For the event `clientError` of a server: the connection is all there is, so the answer is written to it by hand. */
export function answerBrokenRequest(error: Error, socket: Duplex, observe: Observe): void {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = statuses[code] ?? 400;
  const detail = `The request cannot be read as HTTP: ${error.message}.`;
  const body = JSON.stringify({ ...describeProblem({ type: 'InvalidRequest', detail }), status });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  observe({ kind: 'answered', binding: 'http', operation: 'unknown', status, tookMs: 0 });
}
