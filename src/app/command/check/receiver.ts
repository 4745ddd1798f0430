/** A small HTTP server that receives the notifications of the platform that is checked. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Json, parseJson } from '../../../core/model/json.ts';
import { type Received, WrongAnswer } from './check-point.ts';

export interface NotificationReceiver {
  /** The URL of a path. The server starts with the first call. */
  url(path: string): Promise<string>;
  /** The first notification for this path. Throws WrongAnswer when none arrives in time. */
  first(path: string): Promise<Received>;
  stop(): Promise<void>;
}

export interface ReceiverOptions {
  /** The name or address under which the platform reaches this machine. */
  readonly host: string;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

const bodyBytesMax = 1 << 20;
const pollMs = 50;
const receivedMax = 1000;

export function createReceiver({ host, waitMs, signal }: ReceiverOptions): NotificationReceiver {
  const received: Received[] = [];
  let server: Server | undefined;
  const listening = async (): Promise<number> => {
    server ??= createServer((request, response) => {
      // A body that breaks off is no notification.
      readBody(request).then(
        (json) => {
          if (received.length < receivedMax)
            received.push({ path: request.url ?? '', headers: textsOf(request), json });
          response.writeHead(200).end();
        },
        () => response.destroy(),
      );
    }).listen(0);
    if (!server.listening) await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  };
  return {
    url: async (path) => `http://${host}:${await listening()}${path}`,
    async first(path) {
      for (let waitedMs = 0; ; waitedMs += pollMs) {
        const found = received.find((one) => one.path === path);
        if (found) return found;
        if (waitedMs >= waitMs) throw new WrongAnswer(notArrived(await listening(), host));
        await sleep(pollMs, undefined, { signal });
      }
    },
    async stop() {
      if (!server) return;
      server.closeAllConnections();
      await new Promise((resolve) => server?.close(resolve));
    },
  };
}

const notArrived = (port: number, host: string): string =>
  `No notification arrived at http://${host}:${port}. --receiver names the address under which the platform reaches this machine; a broker may also have to be allowed to send to private addresses.`;

async function readBody(request: IncomingMessage): Promise<Json | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    if (!Buffer.isBuffer(piece)) continue;
    bytes += piece.length;
    if (bytes > bodyBytesMax) throw new Error('The notification is too large.');
    pieces.push(piece);
  }
  try {
    return parseJson(Buffer.concat(pieces).toString());
  } catch {
    return undefined;
  }
}

const textsOf = ({ headers }: IncomingMessage): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
