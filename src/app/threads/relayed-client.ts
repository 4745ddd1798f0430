/** Tells the main thread who sent a request that another thread hands on: the connection is that of the thread. */
import type { Server } from 'node:http';
import { isArray, parseJson } from '../../core/model/json.ts';
import type { RequestHead } from '../../core/access/identity.ts';
import type { TrustedProxies } from '../../edge/trusted-proxies.ts';

/** The header with address, scheme and host of the client. Only what comes from a thread counts. */
export const relayedHeader = 'mlaka-relayed';

export const relayedText = (head: RequestHead, { clientAddress, scheme, host }: TrustedProxies): string =>
  JSON.stringify([clientAddress(head), scheme(head), host(head) ?? null]);

export interface RelayedClients {
  /** What is known of clients: of requests that come by a server of threads, what these say of them. */
  readonly proxies: TrustedProxies;
  /** Makes a server one of threads. */
  readonly trust: (server: Server) => void;
}

/** Without other threads, all clients are direct ones. */
export const directClients = (direct: TrustedProxies): RelayedClients => ({ proxies: direct, trust: () => undefined });

export function createRelayedClients(direct: TrustedProxies): RelayedClients {
  const sockets = new WeakSet<object>();
  const relayed = ({ headers, socket }: RequestHead): Client | undefined =>
    socket && sockets.has(socket) ? clientIn(headers[relayedHeader]) : undefined;
  return {
    proxies: {
      clientAddress: (head) => relayed(head)?.address ?? direct.clientAddress(head),
      scheme: (head) => relayed(head)?.scheme ?? direct.scheme(head),
      host: (head) => {
        const client = relayed(head);
        return client ? client.host : direct.host(head);
      },
    },
    trust: (server) => void server.on('connection', (socket) => sockets.add(socket)),
  };
}

interface Client {
  readonly address: string;
  readonly scheme: 'http' | 'https';
  readonly host: string | undefined;
}

function clientIn(text: string | readonly string[] | undefined): Client {
  const parts = parseJson(typeof text === 'string' ? text : '[]');
  const [address, scheme, host] = isArray(parts) ? parts : [];
  return {
    address: typeof address === 'string' ? address : '',
    scheme: scheme === 'https' ? 'https' : 'http',
    host: typeof host === 'string' ? host : undefined,
  };
}
