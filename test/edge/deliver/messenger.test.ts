/** Tests the HTTP messenger alone: how it interprets answers, and which addresses it refuses. */
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Delivery, Message, Messenger } from '../../../src/core/port/messenger.ts';
import { createHttpMessenger } from '../../../src/edge/deliver/http-messenger.ts';
import { lookupPublic } from '../../../src/edge/document/lookup.ts';
import { type Manner, startReceiver, stopReceivers } from './receiver.ts';

const open: Messenger[] = [];
const messenger = (options: Partial<Parameters<typeof createHttpMessenger>[0]> = {}): Messenger => {
  const made = createHttpMessenger({ timeoutMs: 5000, ...options });
  open.push(made);
  return made;
};
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await stopReceivers();
});

const message = (uri: string, more: Partial<Message> = {}): Message => ({
  uri,
  contentType: 'application/json',
  headers: {},
  notifierInfo: {},
  body: '{"id":"urn:n:1","data":[]}',
  ...more,
});
const deliver = (to: string, one = messenger()): Promise<Delivery> => one.send(message(to)).done;

describe('an answer', () => {
  test.each<[Manner, Delivery['kind']]>([
    [200, 'taken'],
    [201, 'taken'],
    [204, 'taken'],
    [301, 'refused'],
    [400, 'refused'],
    [404, 'refused'],
    [408, 'unreached'],
    [429, 'unreached'],
    [500, 'failed'],
    [501, 'failed'],
    [502, 'unreached'],
    [503, 'unreached'],
    ['reset', 'unreached'],
  ])('%s means %s', async (manner, kind) => {
    const receiver = await startReceiver(manner);
    expect(await deliver(receiver.url)).toMatchObject({ kind });
    expect(receiver.received.length).toBe(1);
  });

  test('that comes late counts as none', async () => {
    const receiver = await startReceiver('hang');
    expect(await deliver(receiver.url, messenger({ timeoutMs: 20 }))).toEqual({
      kind: 'unreached',
      reason: 'there was no answer within 20 ms',
    });
  });

  test('that never ends, or is no HTTP, does no harm', async () => {
    const greeting = ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'SSH-2.0-OpenSSH\r\n'];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(greeting.shift() ?? '');
      const timer = setInterval(() => socket.write(`1000\r\n${'x'.repeat(4096)}\r\n`), 1);
      socket.on('close', () => clearInterval(timer));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await deliver(uri)).toEqual({ kind: 'taken', status: 200 });
    expect(await deliver(uri)).toMatchObject({ kind: 'unreached' });
    server.close();
  });

  test('may say when to come again', async () => {
    const server = createServer((socket) =>
      socket.end('HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n'),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const delivery = await deliver(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect(delivery).toMatchObject({ kind: 'unreached', retryAfterMs: 7000 });
    server.close();
  });
});

test('a receiver that is gone is unreached', async () => {
  const receiver = await startReceiver();
  await receiver.down();
  expect(await deliver(receiver.url)).toMatchObject({
    kind: 'unreached',
    reason: expect.stringContaining('ECONNREFUSED'),
  });
});

test('a kept connection that the receiver has closed meanwhile is replaced', async () => {
  const [receiver, one] = [await startReceiver(), messenger()];
  expect(await deliver(receiver.url, one)).toEqual({ kind: 'taken', status: 200 });
  await receiver.down();
  await receiver.up();
  expect(await deliver(receiver.url, one)).toEqual({ kind: 'taken', status: 200 });
  expect(receiver.received.length).toBe(2);
});

test('a kept connection that breaks under a notification is replaced, a new one is not', async () => {
  let requests = 0;
  const server = createHttpServer((request, response) => {
    requests += 1;
    request.resume().on('end', () => {
      if (requests % 2 === 0) request.socket.resetAndDestroy();
      else response.writeHead(204).end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const one = messenger();
  expect([await deliver(uri, one), requests]).toEqual([{ kind: 'taken', status: 204 }, 1]);
  // The connection is free only when the answer has been dealt with.
  await setImmediate();
  expect([await deliver(uri, one), requests]).toEqual([{ kind: 'taken', status: 204 }, 3]);
  expect([(await deliver(uri)).kind, requests]).toEqual(['unreached', 4]);
  server.close();
});

test('headers are told apart by their names in any case, and the user of a URI is told to its receiver', async () => {
  const receiver = await startReceiver();
  const uri = receiver.url.replace('http://', 'http://mlaka:s%20e@');
  const headers = { 'user-agent': 'mine', 'content-type': 'text/plain', 'X-Place': 'Čirče' };
  expect(await messenger().send(message(uri, { headers })).done).toEqual({ kind: 'taken', status: 200 });
  expect(receiver.received[0]?.headers).toMatchObject({
    'user-agent': 'mine',
    'content-type': 'application/json',
    'x-place': Buffer.from('Čirče').toString('latin1'),
    authorization: `Basic ${Buffer.from('mlaka:s e').toString('base64')}`,
  });
});

test('an attempt can be given up', async () => {
  const [receiver, one] = [await startReceiver('hang'), messenger()];
  const attempt = one.send(message(receiver.url));
  await receiver.until(({ length }) => length === 1);
  attempt.abandon();
  expect(await attempt.done).toMatchObject({ kind: 'unreached' });
});

describe('without permission', () => {
  const guarded = (): Messenger => messenger({ lookupPublic });

  test.each([
    'http://127.0.0.1/',
    'http://localhost/',
    'http://a.localhost/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://0x7f000001/',
    'http://192.168.1.1:8080/n',
  ])('nothing goes to %s', async (uri) => {
    expect(guarded().objection(uri)).toMatch(/is no public address/);
    expect(await deliver(uri, guarded())).toMatchObject({ kind: 'refused' });
  });

  test('nothing goes where a name leads into the house', async () => {
    const receiver = await startReceiver();
    const uri = receiver.url.replace('127.0.0.1', 'localhost.');
    expect(guarded().objection(uri)).toBeUndefined();
    expect(await deliver(uri, guarded())).toMatchObject({
      kind: 'unreached',
      reason: expect.stringMatching(/public address|ENOTFOUND|EAI_AGAIN/),
    });
    expect(receiver.received).toEqual([]);
  });

  test('public addresses and names are fine', () => {
    expect(['http://93.184.216.34/', 'https://receiver.example/n'].map((uri) => guarded().objection(uri))).toEqual([
      undefined,
      undefined,
    ]);
  });
});

test('the time counts from the beginning: a name that is never found, and so no connection, ends with it', async () => {
  const one = messenger({ timeoutMs: 60_000, lookupPublic: () => undefined });
  const { done } = one.send(message('http://receiver.example/', { timeoutMs: 20 }));
  expect(await done).toEqual({ kind: 'unreached', reason: 'there was no answer within 20 ms' });
  const given = one.send(message('http://receiver.example/'));
  given.abandon();
  expect(await given.done).toEqual({ kind: 'unreached', reason: 'it was given up' });
});
