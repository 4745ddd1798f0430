/** Provides a receiver of notifications on a real socket. The test decides how it answers: well, with errors, late, or not at all. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Notification {
  readonly id: string;
  readonly subscriptionId: string;
  readonly notifiedAt: string;
  readonly type: string;
  readonly data: readonly Record<string, unknown>[];
}

/** A request that came in whole. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Notification;
  readonly atMs: number;
}

/** What is done with a request: a status is answered; `hang` never is; `reset` breaks the connection. */
export type Manner = number | 'hang' | 'reset';

export interface Receiver {
  /** Where notifications are to be sent. */
  readonly url: string;
  /** Every request, answered or not. */
  readonly received: Received[];
  /** What is done from now on, with each request as it comes. */
  manner: (received: Received) => Manner;
  /** Resolves when what was received is enough. */
  until(isEnough: (received: readonly Received[]) => boolean): Promise<readonly Received[]>;
  /** Answers what hangs. */
  release(status: number): void;
  /** The most requests that were open at a time. */
  readonly openMost: () => number;
  /** Nobody listens any more, until it is up again on the same port. */
  down(): Promise<void>;
  up(): Promise<void>;
}

const open = new Set<Receiver>();

export async function startReceiver(manner: Manner = 200): Promise<Receiver> {
  const state = { port: 0, server: undefined as Server | undefined, open: 0, most: 0 };
  const hanging = new Set<ServerResponse>();
  const waiting = new Set<() => void>();
  const receiver: Receiver = {
    get url() {
      return `http://127.0.0.1:${state.port}/notify`;
    },
    received: [],
    manner: () => manner,
    until: (isEnough) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!isEnough(receiver.received)) return;
          waiting.delete(look);
          resolve(receiver.received);
        };
        waiting.add(look);
        look();
      }),
    release(status) {
      for (const response of hanging) response.writeHead(status).end();
      hanging.clear();
    },
    openMost: () => state.most,
    async down() {
      const { server } = state;
      if (!server) return;
      state.server = undefined;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    async up() {
      const server = createServer((request, response) => {
        const pieces: Buffer[] = [];
        state.open += 1;
        state.most = Math.max(state.most, state.open);
        response.on('close', () => (state.open -= 1));
        request.on('data', (piece: Buffer) => pieces.push(piece));
        request.on('end', () =>
          take(
            {
              path: request.url ?? '',
              headers: request.headers,
              body: JSON.parse(Buffer.concat(pieces).toString()) as Notification,
              atMs: performance.now(),
            },
            response,
          ),
        );
      });
      state.server = server;
      await once(server.listen(state.port, '127.0.0.1'), 'listening');
      state.port = (server.address() as AddressInfo).port;
    },
  };
  const take = (received: Received, response: ServerResponse): void => {
    const how = receiver.manner(received);
    receiver.received.push(received);
    if (how === 'hang') hanging.add(response);
    else if (how === 'reset') response.destroy();
    else response.writeHead(how).end('thank you');
    for (const look of [...waiting]) look();
  };
  await receiver.up();
  open.add(receiver);
  return receiver;
}

/** Stops all receivers that were started. */
export async function stopReceivers(): Promise<void> {
  for (const receiver of open) {
    receiver.release(200);
    await receiver.down();
  }
  open.clear();
}

/** The value of an attribute of the first entity. */
export const valueOf = ({ body }: Received, attr: string): unknown =>
  (body.data[0]?.[attr] as { value?: unknown } | undefined)?.value;
