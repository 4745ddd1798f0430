/**
 * Tests the memory limits: bodies count from their first byte, answers until the client has read them, and clients that do not read are
 * disconnected.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type TestServer, testServerLimits, startTestServer } from './test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer({ limits: { ...testServerLimits, writeTimeoutMs: 200 } });
});
afterEach(() => server.stop());

const mebibyte = 2 ** 20;

/** Calls until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A client that has sent all of a body but its last byte. */
function sendUnfinished(bytes: number): Socket {
  const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
  socket.write(
    `POST /ngsi-ld/v1/entities HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`,
  );
  socket.write(Buffer.alloc(bytes - 1, ' '));
  return socket;
}

const create = (text: string): Promise<Response> =>
  fetch(`${server.url}/ngsi-ld/v1/entities`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: text,
  });

test('unfinished bodies count from their first byte: the newest is refused, small ones are taken, and all is given back', async () => {
  // Of 64 MiB bodies have 24, large ones 21.
  const others = [sendUnfinished(7.5 * mebibyte), sendUnfinished(7.5 * mebibyte)];
  await until(() => server.memory.held('bodies') > 14.9 * mebibyte);
  const newest = sendUnfinished(7.5 * mebibyte);
  const [answer] = (await once(newest, 'data')) as [Buffer];
  const text = answer.toString();
  expect(text).toMatch(/^HTTP\/1.1 503 /);
  expect(text).toMatch(/^Retry-After: \d+\r$/m);
  expect(text).toContain('https://uri.etsi.org/ngsi-ld/errors/MemoryBudgetExceeded');
  expect(text).toContain('--memory-budget');
  expect(server.observed).toContainEqual({ kind: 'memoryRefused', holder: 'bodies' });
  expect(server.memory.held('bodies')).toBeLessThan(16 * mebibyte);
  expect((await create('{"a":1}')).status).toBe(200);
  for (const socket of [...others, newest]) socket.destroy();
  await until(() => server.memory.held('bodies') === 0);
  expect((await create(`{"a":"${'x'.repeat(7 * mebibyte)}"}`)).status).toBe(200);
  await until(() => server.memory.held('bodies') === 0);
});

test('a body in pieces is counted until its request is answered', async () => {
  const socket = sendUnfinished(mebibyte);
  await until(() => server.memory.held('bodies') >= mebibyte - 1);
  socket.write(' ');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 400 /);
  await until(() => server.memory.held('bodies') === 0);
  socket.destroy();
});

/** A client that asks, sees the beginning of the answer, and reads no more. */
async function askSilently(path: string): Promise<{ readonly socket: Socket; readonly head: string }> {
  const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
  socket.write(`GET /ngsi-ld/v1${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const [data] = (await once(socket, 'data')) as [Buffer];
  socket.pause();
  return { socket, head: data.toString('latin1', 0, 200) };
}

test('answers that nobody takes count, the newest is refused, and their clients lose the connection', async () => {
  const readers = await Promise.all([askSilently('/large'), askSilently('/large')]);
  expect(readers.map(({ head }) => head.slice(9, 12)).sort()).toStrictEqual(['200', '503']);
  expect(server.observed).toContainEqual({ kind: 'memoryRefused', holder: 'answers' });
  await until(() => server.memory.held('answers') === 0);
  expect(server.observed.filter(({ kind }) => kind === 'readerDropped')).toHaveLength(1);
  const answer = await fetch(`${server.url}/ngsi-ld/v1/large`);
  expect(answer.headers.get('Content-Length')).toBe(String(2 ** 23 + 2));
  expect(await answer.text()).toHaveLength(2 ** 23 + 2);
  for (const { socket } of readers) socket.destroy();
});

test('what an answer keeps in memory until it is written counts too', async () => {
  const first = await askSilently('/longHeld');
  expect(server.memory.held('answers')).toBeGreaterThan(2 ** 24);
  const second = await askSilently('/longHeld');
  expect([first, second].map(({ head }) => head.slice(9, 12))).toStrictEqual(['200', '503']);
  await until(() => server.memory.held('answers') === 0);
  for (const { socket } of [first, second]) socket.destroy();
});

const get = (path: string): string => `GET /ngsi-ld/v1${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

test('requests of one connection take turns, and a client that sends too many at once loses it', async () => {
  const { port, gate } = server;
  const inTurn = connect(port, '127.0.0.1');
  let text = '';
  inTurn.on('data', (data) => (text += data.toString()));
  inTurn.write(get('/wait') + get('/entities') + get('/broken'));
  await gate.isEntered;
  await (await fetch(`${server.url}/ngsi-ld/v1/entities`)).text();
  // The request of another connection is answered, those behind the first one were not begun.
  expect(server.observed).not.toContainEqual(expect.objectContaining({ kind: 'failed' }));
  const many = connect(port, '127.0.0.1').on('error', () => undefined);
  many.write(get('/wait') + get('/entities').repeat(200));
  await once(many, 'close');
  gate.open();
  await until(() => text.includes('500 Internal'));
  expect(text.match(/HTTP\/1.1 (\d+)/g)).toStrictEqual(['HTTP/1.1 204', 'HTTP/1.1 200', 'HTTP/1.1 500']);
  inTurn.destroy();
});

test('HEAD of a large answer tells its length, and holds nothing', async () => {
  const answer = await fetch(`${server.url}/ngsi-ld/v1/large`, { method: 'HEAD' });
  expect(answer.headers.get('Content-Length')).toBe(String(2 ** 23 + 2));
  expect(server.memory.held('answers')).toBe(0);
});

test('a long text is sent as it is made', async () => {
  const answer = await fetch(`${server.url}/ngsi-ld/v1/long`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toStrictEqual(Array.from({ length: 1000 }, (_, n) => n + 1));
  expect(server.memory.held('answers')).toBe(0);
});

test('what fails within a long text breaks it off, so that nobody takes it for whole', async () => {
  const ask = async (): Promise<string> => (await fetch(`${server.url}/ngsi-ld/v1/longBroken`)).text();
  await expect(ask()).rejects.toThrow();
  expect(server.observed).toContainEqual(expect.objectContaining({ kind: 'failed', where: 'http' }));
  await until(() => server.memory.held('answers') === 0);
});
