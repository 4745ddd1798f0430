/** Runs a TCP proxy in front of a broker. It can cut connections and refuse new ones. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Proxy {
  readonly url: string;
  /** Where connections go from now on. */
  to(url: string): void;
  /** Resets every connection. */
  cut(): void;
  /** Connections that were let through. */
  count(): number;
  stop(): Promise<void>;
}

/** A proxy to the broker at a URL. */
export async function startProxy(target: string): Promise<Proxy> {
  const open = new Set<Socket>();
  let [port, passed] = [Number(new URL(target).port), 0];
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    passed += 1;
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    to: (url) => void (port = Number(new URL(url).port)),
    cut: () => open.forEach((socket) => socket.resetAndDestroy()),
    count: () => passed,
    async stop() {
      server.close();
      open.forEach((socket) => socket.destroy());
      await once(server, 'close');
    },
  };
}
