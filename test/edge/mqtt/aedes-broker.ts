/** Runs an MQTT 3.1.1 broker in this process, on a real socket. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes, type AedesOptions } from 'aedes';

/** A message that somebody published. */
interface Published {
  readonly topic: string;
  readonly qos: number;
  readonly payload: string;
  readonly client: string;
}

export interface AedesBroker {
  readonly port: number;
  readonly published: readonly Published[];
  /** Clients that were ever let in. */
  readonly clients: readonly string[];
  /** Clients that are connected. */
  readonly present: ReadonlySet<string>;
  /** Resolves when it holds, which is looked at with all that happens. */
  until(holds: () => boolean): Promise<void>;
  /** Breaks all connections. Nobody listens any more, until it is up again on the same port. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export interface AedesBrokerOptions extends AedesOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
}

const open = new Set<() => Promise<void>>();

export async function startAedes({ tls, ...options }: AedesBrokerOptions = {}): Promise<AedesBroker> {
  const aedes = await Aedes.createBroker(options);
  const [published, clients, present]: [Published[], string[], Set<string>] = [[], [], new Set()];
  const waiting = new Set<() => void>();
  const look = (): void => waiting.forEach((one) => one());
  aedes.on('clientReady', ({ id }) => {
    clients.push(id);
    present.add(id);
    look();
  });
  aedes.on('clientDisconnect', ({ id }) => {
    present.delete(id);
    look();
  });
  aedes.on('publish', ({ topic, qos, payload }, client) => {
    if (client) published.push({ topic, qos, payload: payload.toString(), client: client.id });
    look();
  });
  const sockets = new Set<Socket>();
  const state: { port: number; server?: Server } = { port: 0 };
  const handle = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    aedes.handle(socket);
  };
  const broker: AedesBroker = {
    get port() {
      return state.port;
    },
    published,
    clients,
    present,
    until: (holds) =>
      new Promise((resolve) => {
        const test = (): void => {
          if (!holds()) return;
          waiting.delete(test);
          resolve();
        };
        waiting.add(test);
        test();
      }),
    async down() {
      const closed = state.server?.listening ? once(state.server, 'close') : undefined;
      state.server?.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async up() {
      const server = tls ? createTlsServer(tls, handle) : createServer(handle);
      server.on('tlsClientError', () => undefined);
      state.server = server;
      await once(server.listen(state.port, '127.0.0.1'), 'listening');
      state.port = (server.address() as AddressInfo).port;
    },
  };
  await broker.up();
  open.add(async () => {
    await broker.down();
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
  });
  return broker;
}

export async function stopAedes(): Promise<void> {
  for (const stop of open) await stop();
  open.clear();
}
