/** Provides a stream on a real HTTP server, and clients over real sockets. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import { type ClientOptions, WebSocket } from 'ws';
import { type AccessPolicy, openPolicy } from '../../../src/core/access/policy.ts';
import { createPrincipal } from '../../../src/core/access/principal.ts';
import type { Grant } from '../../../src/core/access/grant.ts';
import { createClock } from '../../../src/app/process.ts';
import { createContexts } from '../../../src/core/jsonld/resolve.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import type { Mutation } from '../../../src/core/model/mutation.ts';
import { readEntity, readFragment } from '../../../src/core/model/read/entity.ts';
import type { Services } from '../../../src/core/operation/operation.ts';
import { operations } from '../../../src/core/operation/table.ts';
import type { Observation } from '../../../src/core/port/observe.ts';
import type { Store, Stores } from '../../../src/core/port/store.ts';
import { createFeeds } from '../../../src/edge/stream/feed.ts';
import type { StreamLimits } from '../../../src/edge/stream/limits.ts';
import { createStream, type Stream, type StreamOptions } from '../../../src/edge/stream/ws/stream.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';
import { createSqliteStores } from '../../../src/store/sqlite/stores.ts';
import { noSubscriptions, testLimits, createTestServices } from '../../test-services.ts';

export const boatContext = { Boat: 'https://boats.example/Boat', draft: 'https://boats.example/draft' };
const known = { 'https://boats.example/c.jsonld': { '@context': boatContext } };
const { core } = createContexts({ load: () => Promise.reject(new Error('nothing is loaded')), known });

const limits: StreamLimits = {
  connectionsMax: 100,
  subscriptionsMax: 10,
  bufferBytes: 2 ** 22,
  frameBytesMax: 2 ** 20,
  depthMax: 16,
  pingIntervalMs: 30_000,
};

export interface Harness {
  readonly services: Services;
  readonly stream: Stream;
  readonly observed: Observation[];
  readonly port: number;
  readonly url: string;
  /** The store of the default tenant. */
  readonly store: Store;
  connect(options?: Connecting): Promise<Client>;
  stop(): Promise<void>;
}

interface Connecting extends ClientOptions {
  readonly query?: string;
  readonly protocol?: string;
}

export interface HarnessOptions extends Partial<Pick<StreamOptions, 'authenticate' | 'allowedOrigins' | 'isDeflated'>> {
  /** Absent: everything is granted to everybody. */
  readonly access?: AccessPolicy;
  readonly kind?: 'memory' | 'sqlite';
  readonly limits?: Partial<StreamLimits>;
  /** Where files are; absent: a folder of its own, gone afterwards. */
  readonly folder?: string;
}

/** Pauses often, so that everything that can come in between does. */
const yieldToEventLoop = (): Promise<void> | undefined => (Math.random() < 0.05 ? nextTurn() : undefined);

export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const { kind = 'memory', limits: own, folder, access = openPolicy, ...rest } = options;
  const directory = folder ?? mkdtempSync(join(tmpdir(), 'mlaka-ws-'));
  const observed: Observation[] = [];
  const stores: Stores =
    kind === 'memory' ? createMemoryStores({ yieldToEventLoop }) : createSqliteStores({ directory, yieldToEventLoop });
  const clock = createClock();
  const observe = (observation: Observation): unknown => observed.push(observation);
  const services = createTestServices(
    {
      ...{ stores, clock, observe, yieldToEventLoop, access },
      subscriptions: { ...noSubscriptions },
      identity: { alias: 'test', startedAt: '2026-03-01T08:00:00Z' },
      limits: { ...testLimits, instancesPage: 100 },
    },
    known,
  );
  const stream = createStream({
    services,
    operations,
    openFeed: createFeeds(services),
    limits: { ...limits, ...own },
    ...rest,
  });
  const server = createServer();
  server.on('upgrade', stream.handleUpgrade);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `ws://127.0.0.1:${port}/ngsi-ld/v1/stream`;
  const clients: Client[] = [];
  return {
    services,
    stream,
    observed,
    port,
    url,
    store: await storeOf(stores, ''),
    connect: async ({ query = '', protocol = 'ngsi-ld-ws.v1', ...more } = {}) => {
      const client = createClient(new WebSocket(url + query, protocol, more));
      clients.push(client);
      await client.opened;
      return client;
    },
    stop: async () => {
      for (const { socket } of clients) socket.terminate();
      await stream.close();
      server.close();
      server.closeAllConnections();
      await stores.close();
      if (folder === undefined) rmSync(directory, { recursive: true });
    },
  };
}

export async function storeOf(stores: Stores, tenant: string): Promise<Store> {
  const store = await stores.open(tenant, true);
  if (!store) throw new Error('There is no such store.');
  return store;
}

/** Gives everybody these grants. */
export const policyOf = (...grants: readonly Grant[]): AccessPolicy => ({
  ...openPolicy,
  isOpen: false,
  principalOf: (identity) => createPrincipal(identity, grants),
});

/** Applies mutations in core terms. */
export async function apply(store: Store, services: Services, ...mutations: readonly Mutation[]): Promise<void> {
  await store.apply(
    mutations.map((mutation) => ({ mutation })),
    services.clock.now(),
  );
}
export const put = (json: Json): Mutation => {
  const entity = readEntity(json, core);
  return { op: 'upsert', id: entity.id, entity, mode: 'replace' };
};
export const change = (id: string, json: Json): Mutation => ({
  op: 'append',
  id,
  overwrite: true,
  fragment: readFragment(json, core, { id, nulls: 'allowed' }),
});
export const remove = (id: string): Mutation => ({ op: 'delete', id });
export const idOf = (name: string | number): string => `urn:ngsi-ld:Boat:${name}`;
/** An entity with one number. */
export const boat = (name: string | number, n: number, more: JsonObject = {}): JsonObject => ({
  id: idOf(name),
  type: 'Boat',
  n: { type: 'Property', value: n },
  ...more,
});

/** A frame of the broker; members of all kinds of frames. */
export interface Frame extends JsonObject {
  readonly op: string;
}

export interface Client {
  readonly socket: WebSocket;
  readonly opened: Promise<unknown>;
  /** The code with which the connection ended. */
  readonly closed: Promise<number>;
  /** All frames so far. */
  readonly frames: Frame[];
  send(frame: object | string): void;
  /** The first frame, from those not taken yet, that has these members; frames before it are skipped. */
  next(members: object): Promise<Frame>;
  /** Calls for every frame from now on. */
  each(listener: (frame: Frame) => void): void;
}

export function createClient(socket: WebSocket): Client {
  const frames: Frame[] = [];
  const listeners = new Set<(frame: Frame) => void>();
  let taken = 0;
  let look = (): void => undefined;
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
  socket.on('error', () => undefined);
  socket.on('message', (data) => {
    const frame = JSON.parse((data as Buffer).toString()) as Frame;
    frames.push(frame);
    for (const listener of listeners) listener(frame);
    look();
  });
  const has = (frame: Frame, members: object): boolean =>
    Object.entries(members).every(([name, value]) => JSON.stringify(frame[name]) === JSON.stringify(value));
  return {
    socket,
    frames,
    closed,
    opened: new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject)),
    send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    each: (listener) => void listeners.add(listener),
    next: (members) =>
      new Promise((resolve, reject) => {
        const give = (): boolean => {
          for (; taken < frames.length; taken += 1) {
            const frame = frames[taken] as Frame;
            if (!has(frame, members)) continue;
            taken += 1;
            look = () => undefined;
            resolve(frame);
            return true;
          }
          return false;
        };
        if (give()) return;
        look = () => void give();
        void closed.then((code) =>
          reject(
            new Error(
              `Closed with ${code} before ${JSON.stringify(members)}; frames: ${JSON.stringify(frames.slice(-5))}`,
            ),
          ),
        );
      }),
  };
}

export const everything = {
  type: 'Subscription',
  entities: [{ type: '*' }],
  notificationTrigger: ['entityCreated', 'entityUpdated', 'entityDeleted'],
  notification: {},
};

/** The entities in the notifications among frames. */
export const entitiesIn = (frames: readonly Frame[]): readonly JsonObject[] =>
  frames.flatMap(({ op, notification }) =>
    op === 'notification' ? ((notification as JsonObject)['data'] as readonly JsonObject[]) : [],
  );

/** Starts harnesses, and stops those of a test when it has ended. */
export function createStarter(): typeof startHarness {
  const running: Harness[] = [];
  afterEach(async () => {
    for (const harness of running.splice(0)) await harness.stop();
  });
  return async (options) => {
    const harness = await startHarness(options);
    running.push(harness);
    return harness;
  };
}

/** Waits until something holds; the test's own time-out is the bound. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}
