/** Receives notifications at minimal cost. On each message it reports the values since the last message with their arrival times. */
import { createServer, type AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';

/** The value that the load put into a change, and when it came, in milliseconds of the machine's own clock. */
export type Arrival = readonly [value: number, atMs: number];

let arrivals: Arrival[] = [];

/** Takes whole requests off the front of what came over a connection. Answers the rest, and how many there were. */
function takeRequests(text: string): { readonly rest: string; readonly count: number } {
  let at = 0;
  let count = 0;
  for (;;) {
    const end = text.indexOf('\r\n\r\n', at);
    const length = end === -1 ? undefined : /content-length: (\d+)/i.exec(text.slice(at, end))?.[1];
    const next = length === undefined ? Number.NaN : end + 4 + Number(length);
    if (Number.isNaN(next) || next > text.length) return { rest: text.slice(at), count };
    const value = /"powerConsumption":\{[^}]*"value":(\d+)/.exec(text.slice(end, next))?.[1];
    arrivals.push([Number(value), Number(process.hrtime.bigint()) / 1e6]);
    at = next;
    count += 1;
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.on('data', (piece: string) => {
    const { rest, count } = takeRequests(text + piece);
    text = rest;
    if (count > 0) socket.write('HTTP/1.1 204 No Content\r\n\r\n'.repeat(count));
  });
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
parentPort?.on('message', () => {
  parentPort?.postMessage(arrivals);
  arrivals = [];
});
