/** Serves the WebSocket stream: subscriptions and all API operations over one socket (docs/streaming.md). */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type PerMessageDeflateOptions, type WebSocket, WebSocketServer } from 'ws';
import { anonymous, type Authenticate, credentialsNeeded } from '../../../core/access/identity.ts';
import { Problem } from '../../../core/model/problem.ts';
import type { Operation, Services } from '../../../core/operation/operation.ts';
import { refusedLine } from '../../../core/operation/recording.ts';
import { holderOfTicket } from '../../../core/operation/stream/tickets.ts';
import { epochOf } from '../../../core/port/position.ts';
import { countTraffic } from '../../traffic.ts';
import { noProxies, type TrustedProxies } from '../../trusted-proxies.ts';
import { createExclusiveConsumers, type OpenExclusiveConsumer } from '../exclusive-consumers.ts';
import { type Connection, createConnection } from './connection.ts';
import type { OpenFeed } from '../feed.ts';
import { watchRights } from '../rights.ts';
import { type Handshake, readHandshake, Refusal, refuse, subprotocol } from './handshake.ts';
import type { StreamLimits } from '../limits.ts';
import { type CarryOut, createCarryOut, type Peer } from './request.ts';
import { createSession } from './session.ts';
import { createSubscriptions } from './subscriptions.ts';
import { helloFrame } from './write-frame.ts';

export interface StreamOptions {
  readonly services: Services;
  readonly operations: readonly Operation[];
  readonly openFeed: OpenFeed;
  readonly limits: StreamLimits;
  /** Absent: everybody is anonymous. */
  readonly authenticate?: Authenticate;
  /** Origins of web pages that may connect, besides the broker's own; `*` allows all. */
  readonly allowedOrigins?: readonly string[];
  /** The proxies whose word about clients counts. Absent: none. */
  readonly proxies?: TrustedProxies;
  readonly path?: string;
  /** True to compress frames for clients that offer it. */
  readonly isDeflated?: boolean;
}

export interface Stream {
  /** Handler for the event `upgrade` of an HTTP server. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes all connections with the code `stopping`, and waits until they are closed. */
  close(): Promise<void>;
  /** The number of open connections. */
  connections(): number;
}

/** What all connections share. */
interface Parts {
  readonly services: Services;
  readonly limits: StreamLimits;
  readonly carryOut: CarryOut;
  readonly openFeed: OpenFeed;
  readonly openExclusive: OpenExclusiveConsumer;
  readonly open: Map<WebSocket, Connection>;
  /** Counts the bytes of the connection against the quotas of its client. */
  readonly countBytes?: () => void;
}

/**
 * Compression without context takeover and with small windows, which halves the memory of a connection: about 110 KiB from its
 * first compressed frame on. Short frames are not compressed.
 */
const deflation: PerMessageDeflateOptions = {
  threshold: 1024,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
  zlibDeflateOptions: { level: 3, memLevel: 5 },
};

type HandleUpgrade = Stream['handleUpgrade'];

export function createStream(options: StreamOptions): Stream {
  const { services, operations, openFeed, limits } = options;
  const parts: Parts = {
    services,
    limits,
    carryOut: createCarryOut({ operations, services }),
    openFeed,
    openExclusive: createExclusiveConsumers(services),
    open: new Map(),
  };
  const door: Door = { isClosing: false };
  return {
    handleUpgrade: createUpgrade(options, parts, door),
    close: async () => {
      door.isClosing = true;
      const gone = [...parts.open.keys()].map(
        (webSocket) => new Promise((resolve) => webSocket.once('close', resolve)),
      );
      for (const connection of parts.open.values()) connection.close('stopping');
      await Promise.all(gone);
    },
    connections: () => parts.open.size,
  };
}

interface Door {
  isClosing: boolean;
}

function requirePlace({ isClosing }: Door, { open, limits }: Pick<Parts, 'open' | 'limits'>): void {
  if (isClosing) throw new Refusal(503, 'Unavailable', 'The broker stops.');
  if (open.size >= limits.connectionsMax)
    throw new Refusal(503, 'Unavailable', 'There are too many connections; try again later.');
}

function createUpgrade(options: StreamOptions, parts: Parts, door: Door): HandleUpgrade {
  const {
    services,
    limits,
    authenticate = () => anonymous,
    allowedOrigins = [],
    proxies = noProxies,
    path = '/ngsi-ld/v1/stream',
  } = options;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: options.isDeflated === true ? deflation : false,
    maxPayload: limits.frameBytesMax,
    handleProtocols: () => subprotocol,
  });
  const accept = async (...[request, socket, head]: Parameters<HandleUpgrade>): Promise<void> => {
    const handshake = readHandshake(request, { path, allowedOrigins, proxies });
    requirePlace(door, parts);
    const peer = await identify(handshake, { services, authenticate: () => authenticate(request) });
    // The stream may have been closed, or others opened, in the meantime. From here to the open connection is one step.
    requirePlace(door, parts);
    const counting = countingOf(request, peer, services);
    server.handleUpgrade(request, socket, head, (webSocket) =>
      serveConnection(webSocket, peer, { ...parts, ...counting }),
    );
  };
  return (request, socket, head) => {
    // A peer that disconnects during the handshake is not an error.
    const ignore = (): void => undefined;
    socket.on('error', ignore);
    accept(request, socket, head)
      .then(() => socket.off('error', ignore))
      .catch((error: unknown) => {
        if (!(error instanceof Refusal || error instanceof Problem))
          services.observe({ kind: 'failed', where: 'stream', cause: error });
        refuse(socket, error);
      });
  };
}

/** Throws TooManyRequests when the client has as many streams as it may. */
function countingOf(
  { socket }: IncomingMessage,
  peer: Peer,
  { quotas }: Pick<Services, 'quotas'>,
): Pick<Parts, 'countBytes'> | undefined {
  quotas?.requireStream(peer);
  return quotas && { countBytes: () => countTraffic(socket, peer, quotas) };
}

interface Identifying {
  readonly services: Services;
  readonly authenticate: () => ReturnType<Authenticate>;
}

/** Identifies the client: the holder of the ticket, or the sender of the request. Throws a Problem. */
async function identify(handshake: Handshake, { services, authenticate }: Identifying): Promise<Peer> {
  const { contexts, tickets } = services;
  const { ticket } = handshake;
  const holder =
    ticket === undefined ? { ...handshake, identity: await authenticate() } : await holderOfTicket(ticket, tickets);
  const { tenant, identity, contextUrl } = holder;
  if (identity.kind === 'anonymous' && services.access.principalOf(identity).grants.length === 0) {
    services.audit?.addRefused(refusedLine('stream', handshake.address));
    throw credentialsNeeded();
  }
  const context = await (contextUrl === undefined
    ? contexts.defaultContext(tenant)
    : contexts.resolve(contextUrl, tenant));
  return { tenant, identity, context, address: handshake.address };
}

/** Serves a client until it disconnects. */
function serveConnection(webSocket: WebSocket, peer: Peer, parts: Parts): void {
  const { services, limits, carryOut, openFeed, openExclusive, open, countBytes } = parts;
  const connection = createConnection(webSocket, services.memory);
  const subscriptions = createSubscriptions({ connection, peer, openFeed, openExclusive, services, limits });
  const session = createSession({ connection, peer, subscriptions, carryOut, services, limits });
  const heart = setInterval(() => {
    session.beat();
    countBytes?.();
  }, limits.pingIntervalMs);
  countBytes?.();
  const leave = services.quotas?.openStream(peer);
  const unwatch = watchRights(services, { ...peer, ended: (reason) => connection.close(reason) });
  open.set(webSocket, connection);
  services.observe({ kind: 'streamOpened', tenant: peer.tenant });
  webSocket
    .on('message', (data, isBinary) => session.receive(isBinary ? undefined : textOf(data)))
    // A protocol violation closes the connection. Its code is observed here; the `close` event reports the code sent to the peer.
    .on('error', (error) =>
      services.observe({ kind: 'streamDropped', reason: 'code' in error ? String(error.code) : error.name }),
    )
    .on('close', (code) => {
      clearInterval(heart);
      leave?.();
      unwatch();
      open.delete(webSocket);
      session.end();
      services.observe({ kind: 'streamClosed', tenant: peer.tenant, code });
    });
  // The hello frame must be first: reading starts after the epoch is known.
  webSocket.pause();
  void sendHello(connection, peer, { services, limits }).then(() => webSocket.resume());
}

async function sendHello(
  connection: Connection,
  { tenant }: Peer,
  { services, limits }: { services: Services; limits: StreamLimits },
): Promise<void> {
  const { subscriptionsMax, bufferBytes, frameBytesMax, depthMax, pingIntervalMs } = limits;
  const epoch = await findEpoch(tenant, services);
  connection.send(
    helloFrame({ epoch, limits: { subscriptionsMax, bufferBytes, frameBytesMax, depthMax }, pingIntervalMs }),
  );
}

/** Undefined when the tenant does not exist yet or cannot be opened. A later subscribe frame gets the reason. */
async function findEpoch(tenant: string, services: Services): Promise<string | undefined> {
  try {
    const store = await services.stores.open(tenant, false);
    return store && (await epochOf(store, services.ids));
  } catch (cause) {
    if (!(cause instanceof Problem)) services.observe({ kind: 'failed', where: 'stream', cause });
    return undefined;
  }
}

/** The text of a message from `ws`, which is one buffer by default. */
function textOf(data: WebSocket.RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return data instanceof ArrayBuffer ? Buffer.from(data).toString() : data.toString();
}
