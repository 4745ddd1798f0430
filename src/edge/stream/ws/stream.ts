/** The WebSocket stream: subscriptions that live with their connection, and every API operation, over one socket (docs/streaming.md). */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type PerMessageDeflateOptions, type WebSocket, WebSocketServer } from 'ws';
import { anonymous, type Principal } from '../../../core/access/principal.ts';
import { Problem } from '../../../core/model/problem.ts';
import type { Operation, World } from '../../../core/operation/operation.ts';
import { epochOf } from '../../../core/port/position.ts';
import { createExclusiveConsumers, type OpenExclusiveConsumer } from '../exclusive-consumers.ts';
import { type Connection, createConnection } from './connection.ts';
import type { OpenFeed } from '../feed.ts';
import { type Handshake, readHandshake, Refusal, refuse, subprotocol } from './handshake.ts';
import type { StreamLimits } from '../limits.ts';
import { type CarryOut, createCarryOut, type Peer } from './request.ts';
import { createSession } from './session.ts';
import { createSubscriptions } from './subscriptions.ts';
import { helloFrame } from './write-frame.ts';

export interface StreamOptions {
  readonly world: World;
  readonly operations: readonly Operation[];
  readonly openFeed: OpenFeed;
  readonly limits: StreamLimits;
  /** Who connects. Throws a Problem when that is not acceptable. Absent: anybody, anonymously. */
  readonly principalOf?: (request: IncomingMessage) => Principal | Promise<Principal>;
  /** Origins of web pages that may connect, besides the broker's own; `*` is all. */
  readonly allowedOrigins?: readonly string[];
  readonly path?: string;
  /** Compress frames for clients that offer it. */
  readonly isDeflated?: boolean;
}

export interface Stream {
  /** For the event `upgrade` of an HTTP server. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Tells every client to come back later, and waits until all are gone. */
  close(): Promise<void>;
  /** The number of open connections. */
  connections(): number;
}

/** What connections have in common. */
interface Parts {
  readonly world: World;
  readonly limits: StreamLimits;
  readonly carryOut: CarryOut;
  readonly openFeed: OpenFeed;
  readonly openExclusive: OpenExclusiveConsumer;
  readonly open: Map<WebSocket, Connection>;
}

/**
 * Nothing is remembered from frame to frame, and windows are small, so that a connection costs half of what it would: about 110 KiB
 * from its first compressed frame on. Short frames stay as they are.
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
  const { world, operations, openFeed, limits } = options;
  const parts: Parts = {
    world,
    limits,
    carryOut: createCarryOut({ operations, world }),
    openFeed,
    openExclusive: createExclusiveConsumers(world),
    open: new Map(),
  };
  const door = { isClosing: false };
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

function refuseClosing({ isClosing }: { readonly isClosing: boolean }): void {
  if (isClosing) throw new Refusal(503, 'Unavailable', 'The broker stops.');
}

function createUpgrade(options: StreamOptions, parts: Parts, door: { readonly isClosing: boolean }): HandleUpgrade {
  const { world, limits, principalOf = () => anonymous, allowedOrigins = [], path = '/ngsi-ld/v1/stream' } = options;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: options.isDeflated === true ? deflation : false,
    maxPayload: limits.frameBytesMax,
    handleProtocols: () => subprotocol,
  });
  const accept = async (...[request, socket, head]: Parameters<HandleUpgrade>): Promise<void> => {
    const handshake = readHandshake(request, { path, allowedOrigins });
    refuseClosing(door);
    if (parts.open.size >= limits.connectionsMax)
      throw new Refusal(503, 'Unavailable', 'There are too many connections; try again later.');
    const peer = await identify(handshake, { world, principalOf: () => principalOf(request) });
    // Meanwhile the stream may have been closed.
    refuseClosing(door);
    server.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, peer, parts));
  };
  return (request, socket, head) => {
    // A peer that goes away during the handshake is no fault of ours.
    const ignore = (): void => undefined;
    socket.on('error', ignore);
    accept(request, socket, head)
      .then(() => socket.off('error', ignore))
      .catch((error: unknown) => {
        if (!(error instanceof Refusal || error instanceof Problem))
          world.observe({ kind: 'failed', where: 'stream', cause: error });
        refuse(socket, error);
      });
  };
}

interface Identifying {
  readonly world: World;
  readonly principalOf: () => Principal | Promise<Principal>;
}

/** Who connects: the holder of the ticket, or whoever the request says. Throws a Problem. */
async function identify(handshake: Handshake, { world, principalOf }: Identifying): Promise<Peer> {
  const { contexts, tickets } = world;
  const { ticket } = handshake;
  const holder = ticket === undefined ? { ...handshake, principal: await principalOf() } : await tickets.redeem(ticket);
  if (!holder) throw new Problem('Forbidden', 'The ticket is not valid: it was used, is too old, or was never given.');
  const { tenant, principal, contextUrl } = holder;
  const context = await (contextUrl === undefined ? contexts.otherwise(tenant) : contexts.resolve(contextUrl, tenant));
  return { tenant, principal, context };
}

/** Speaks with a client until it goes. */
function serve(webSocket: WebSocket, peer: Peer, parts: Parts): void {
  const { world, limits, carryOut, openFeed, openExclusive, open } = parts;
  const connection = createConnection(webSocket, world.memory);
  const subscriptions = createSubscriptions({ connection, peer, openFeed, openExclusive, world, limits });
  const session = createSession({ connection, peer, subscriptions, carryOut, world, limits });
  const heart = setInterval(session.beat, limits.pingIntervalMs);
  open.set(webSocket, connection);
  world.observe({ kind: 'streamOpened', tenant: peer.tenant });
  webSocket
    .on('message', (data, isBinary) => session.receive(isBinary ? undefined : textOf(data)))
    // What a peer does against the protocol ends the connection; the code that it is told is told here too, on closing.
    .on('error', (error) =>
      world.observe({ kind: 'streamDropped', reason: 'code' in error ? String(error.code) : error.name }),
    )
    .on('close', (code) => {
      clearInterval(heart);
      open.delete(webSocket);
      session.end();
      world.observe({ kind: 'streamClosed', tenant: peer.tenant, code });
    });
  // The first frame is ours: nothing is read before the epoch is known.
  webSocket.pause();
  void greet(connection, peer, { world, limits }).then(() => webSocket.resume());
}

async function greet(
  connection: Connection,
  { tenant }: Peer,
  { world, limits }: { world: World; limits: StreamLimits },
): Promise<void> {
  const { subscriptionsMax, bufferBytes, frameBytesMax, depthMax, pingIntervalMs } = limits;
  const epoch = await findEpoch(tenant, world);
  connection.send(
    helloFrame({ epoch, limits: { subscriptionsMax, bufferBytes, frameBytesMax, depthMax }, pingIntervalMs }),
  );
}

/** Undefined when there is no such tenant yet, or none that can be opened: whoever subscribes is told why. */
async function findEpoch(tenant: string, world: World): Promise<string | undefined> {
  try {
    const store = await world.stores.open(tenant, false);
    return store && (await epochOf(store, world.ids));
  } catch (cause) {
    if (!(cause instanceof Problem)) world.observe({ kind: 'failed', where: 'stream', cause });
    return undefined;
  }
}

/** The text of a message as `ws` hands it over: one buffer, unless it was told otherwise. */
function textOf(data: WebSocket.RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return data instanceof ArrayBuffer ? Buffer.from(data).toString() : data.toString();
}
