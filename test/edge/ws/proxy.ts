/** Runs a TCP proxy that can cut a connection in the middle of a frame, or drop its peers silently. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Proxy {
  readonly port: number;
  /** The number of connections that were cut. */
  cuts(): number;
  /** Bytes after which the next connections are cut: asked once for each; undefined: never. */
  cutAfter: () => number | undefined;
  /** From now on nothing passes, in either direction, and nobody is told. */
  vanish(): void;
  stop(): void;
}

export async function startProxy(target: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const broker = connect(target, '127.0.0.1');
    let left = proxy.cutAfter() ?? Infinity;
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    client.on('data', (data) => broker.write(data)).on('close', () => broker.destroy());
    broker.on('close', () => client.destroy());
    broker.on('data', (data) => {
      if (data.length < left) {
        left -= data.length;
        // As fast as it is taken, so that what waits does so in the broker.
        if (!client.write(data)) broker.pause();
        return;
      }
      cuts += 1;
      client.write(data.subarray(0, left), () => client.destroy());
      broker.destroy();
    });
    client.on('drain', () => broker.resume());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const proxy: Proxy = {
    port: (server.address() as AddressInfo).port,
    cuts: () => cuts,
    cutAfter: () => undefined,
    vanish: () => {
      for (const socket of sockets) socket.removeAllListeners('data').removeAllListeners('drain').pause();
    },
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return proxy;
}
