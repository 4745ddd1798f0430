/** Tests that every kind of dead peer is detected, and that frames are compressed when both sides support it. */
import { describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { apply, boat, createClient, createStarter, everything, put, until } from './harness.ts';
import { startProxy } from './proxy.ts';

const start = createStarter();
const large = (n: number) => put(boat(n, n, { text: { type: 'Property', value: 'x'.repeat(2 ** 20) } }));

describe('a peer', () => {
  test('that stops reading is ended, though much waits for it', async () => {
    const { connect, stream, store, services, observed } = await start({
      limits: { pingIntervalMs: 100, bufferBytes: 2 ** 18 },
    });
    const [deaf, alive] = [await connect(), await connect()];
    deaf.send({ op: 'subscribe', id: 'all', subscription: everything, overflow: 'latest' });
    await deaf.next({ op: 'subscribed' });
    deaf.socket.pause();
    for (let n = 0; n < 12; n += 1) await apply(store, services, large(n));
    await until(() => stream.connections() === 1);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
    expect(observed.filter(({ kind }) => kind === 'streamClosed')).toMatchObject([{ code: 1006 }]);
  });

  test('that vanishes is ended, with all it had', async () => {
    const { stream, store, services, port } = await start({ limits: { pingIntervalMs: 100 } });
    const proxy = await startProxy(port);
    try {
      const client = createClient(new WebSocket(`ws://127.0.0.1:${proxy.port}/ngsi-ld/v1/stream`, 'ngsi-ld-ws.v1'));
      await client.opened;
      client.send({ op: 'subscribe', id: 'all', subscription: everything });
      await client.next({ op: 'subscribed' });
      proxy.vanish();
      await apply(store, services, put(boat(1, 1)));
      await until(() => stream.connections() === 0);
      expect(client.socket.readyState).toBe(WebSocket.OPEN);
    } finally {
      proxy.stop();
    }
  });
});

describe('compression', () => {
  /** Bytes that came over the socket. */
  const received = (socket: WebSocket): number =>
    (socket as unknown as { readonly _socket: { readonly bytesRead: number } })._socket.bytesRead;

  test.each([
    [true, {}, 'permessage-deflate'],
    [true, { perMessageDeflate: false }, ''],
    [false, {}, ''],
  ])('wanted by the broker: %s; by the client: %j', async (isDeflated, offer, extensions) => {
    const { connect, store, services } = await start({ isDeflated });
    const client = await connect(offer);
    client.send({ op: 'subscribe', id: 'all', subscription: everything });
    await client.next({ op: 'subscribed' });
    await apply(store, services, large(1));
    const { notification } = await client.next({ op: 'notification' });
    expect(JSON.stringify(notification).length).toBeGreaterThan(2 ** 20);
    expect(client.socket.extensions.split(';')[0]).toBe(extensions);
    expect(received(client.socket) > 2 ** 20).toBe(extensions === '');
  });

  test('what becomes too large when it is unpacked ends the connection', async () => {
    const { connect } = await start({ isDeflated: true, limits: { frameBytesMax: 65_536 } });
    const client = await connect();
    client.send({ op: 'ping', id: 'x'.repeat(10_000_000) });
    expect(await client.closed).toBe(1009);
  });
});
