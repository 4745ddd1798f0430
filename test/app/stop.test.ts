/** Tests what clients see when a broker stops: pending requests are answered, and streams receive the reason. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { killProcesses, type Process, startProcess } from '../edge/deliver/process.ts';
import { eventually } from '../edge/deliver/test-broker.ts';

const folder = mkdtempSync(join(tmpdir(), 'mlaka-stop-'));
let broker: Process;
beforeEach(async () => {
  broker = await startProcess(folder);
});
afterEach(async () => {
  await killProcesses();
  rmSync(folder, { recursive: true, force: true });
});

interface Connection {
  readonly socket: Socket;
  /** Everything that came, once it has what is waited for. */
  until(part: string): Promise<string>;
  /** Everything that came, when the broker has hung up. */
  readonly closed: Promise<string>;
}

/** A connection of HTTP/1.1, which is kept until the broker ends it. */
function open(text: string): Connection {
  const { hostname, port } = new URL(broker.url);
  const socket = connect(Number(port), hostname);
  let seen = '';
  socket.setEncoding('utf8').on('data', (more: string) => (seen += more));
  socket.write(text);
  const closed = once(socket, 'close').then(() => seen);
  const until = async (part: string): Promise<string> => {
    while (!seen.includes(part)) await once(socket, 'data');
    return seen;
  };
  return { socket, until, closed };
}

/** Connects to the broker, and closes the connection. Returns the error as text when that fails. */
async function connectOnce(): Promise<string> {
  const socket = connect(Number(new URL(broker.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect');
    return 'connected';
  } catch (error) {
    return String(error);
  } finally {
    socket.destroy();
  }
}

const body = JSON.stringify({ id: 'urn:ngsi-ld:Boat:1', type: 'Boat' });
const head = (method: string, path: string, more = ''): string =>
  `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
const announced = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n`;
const creation = head('POST', '/ngsi-ld/v1/entities', announced);
const handshake = head(
  'GET',
  '/ngsi-ld/v1/stream',
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ngsi-ld-ws.v1\r\n',
);

test('a request under way is answered as the last of its connection, and idle connections are closed', async () => {
  const idle = open(head('GET', '/version'));
  expect(await idle.until('uptime')).not.toMatch(/^connection: close/im);
  const busy = open(creation);
  await busy.until('100 Continue');
  const ended = broker.stop();
  await idle.closed;
  // The connection closes a moment before the port does: until then the system still takes a connection, and resets it.
  const outcome = await eventually(connectOnce, (one) => one !== 'connected');
  expect(outcome).toContain('ECONNREFUSED');
  busy.socket.write(body);
  const answer = await busy.closed;
  expect(answer).toMatch(/HTTP\/1\.1 201 Created/);
  expect(answer).toMatch(/^connection: close\r$/im);
  expect(await ended).toBe(0);
});

test('streams are told why they end', async () => {
  const events = open(head('GET', '/ngsi-ld/v1/stream?type=Boat'));
  await events.until('retry:');
  const socket = new WebSocket(`${broker.url.replace('http', 'ws')}/ngsi-ld/v1/stream`, 'ngsi-ld-ws.v1');
  await once(socket, 'message');
  const closed = once(socket, 'close');
  const ended = broker.stop();
  const [code, reason] = (await closed) as [number, Buffer];
  expect([code, reason.toString()]).toEqual([4000, 'The broker stops. Come back.']);
  expect(await events.closed).toContain('event: end\ndata: {"reason":"stopping"}\n\n');
  expect(await ended).toBe(0);
});

test('clients that do nothing keep nobody from stopping', async () => {
  const silent = open(handshake);
  await silent.until('"op":"hello"');
  const half = open(creation);
  await half.until('100 Continue');
  half.socket.write(body.slice(0, 5));
  const hanging = open(head('GET', '/ngsi-ld/v1/stream?type=Boat'));
  await hanging.until('retry:');
  hanging.socket.pause();
  expect(await broker.stop()).toBe(0);
}, 30_000);
