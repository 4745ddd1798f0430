/** Builds a broker from its parts: core, edge, stores (by stores.ts), city and app. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { type JobOptions, startJobs } from '../city/job/jobs.ts';
import { readKeptDays, readRollupDays } from '../city/job/retention.ts';
import { knownContexts } from '../city/models/bundled-contexts.ts';
import { readModelModes } from '../city/models/model-modes.ts';
import { createModels } from '../city/models/models.ts';
import { openPolicy } from '../core/access/policy.ts';
import { createRegistrations } from '../core/federation/registrations.ts';
import { createContexts } from '../core/jsonld/resolve.ts';
import type { Json } from '../core/model/json.ts';
import { type ContextRegistry, createContextRegistry } from '../core/operation/context/registry.ts';
import type { World } from '../core/operation/operation.ts';
import { createTickets } from '../core/operation/stream/tickets.ts';
import { operations } from '../core/operation/table.ts';
import type { Clock } from '../core/port/clock.ts';
import type { Observe } from '../core/port/observe.ts';
import type { Stores } from '../core/port/store.ts';
import { joinMessengers } from '../core/subscription/messengers.ts';
import { createDeliveryEngine, type DeliveryEngine } from '../edge/deliver/engine.ts';
import { createHttpMessenger } from '../edge/deliver/http-messenger.ts';
import type { DeliveryWorld } from '../edge/deliver/environment.ts';
import { createDocumentLoader, type DocumentLoader, readPreloadIndex } from '../edge/document/loader.ts';
import { lookupPublic } from '../edge/document/lookup.ts';
import { createHostCheck } from '../edge/http/host-names.ts';
import { closeServer, createHttpServer } from '../edge/http/server.ts';
import { type IngestOptions, startIngest } from '../edge/mqtt/ingest/ingest.ts';
import { createMqttMessenger } from '../edge/mqtt/messenger.ts';
import { createFeeds } from '../edge/stream/feed.ts';
import { createEventStreams, type EventStreams } from '../edge/stream/sse/streams.ts';
import { createNgsiProxy, type NgsiProxy } from '../edge/stream/proxy/proxy.ts';
import { createStream, type Stream } from '../edge/stream/ws/stream.ts';
import type { Config } from './config/options.ts';
import { readDefaultContexts } from './config/default-contexts.ts';
import { readIngestPlans } from './config/read-ingest.ts';
import { createHealth } from './health.ts';
import { httpLimitsOf } from './http-limits.ts';
import { createYieldToEventLoop, createClock, createIds, createCautiousClock } from './process.ts';
import { readServedFiles } from './served-files.ts';
import { createCountedRenders, createMemory, memoryBudgetOf } from './memory.ts';
import { limitTenants } from './tenants.ts';
import { openStores } from './stores.ts';
import { createLog } from './telemetry/log.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { version } from './version.ts';

/** The folder of the package. The path is valid from src/app and from dist/app. */
const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * How long pending requests may take to finish when the broker stops. The whole stop must end within 10 s, before Docker kills the process.
 */
const graceMs = 5000;

/** How long an event source of ngsi-proxy waits for its client to reconnect. ngsi-proxy uses the same time. */
const idleTimeoutMs = 24 * 60_000;

export interface Broker {
  /** The URL of the broker. */
  readonly url: string;
  /** Waits for pending requests, then releases all resources. */
  stop(): Promise<void>;
}

/** Starts a broker. Throws an Error on a failure such as a port in use, an unwritable folder, or an invalid option. */
export async function startBroker(config: Config): Promise<Broker> {
  const telemetry = openTelemetry(config);
  const { observe } = telemetry;
  const jobs = readJobs(config);
  const plans = readIngestPlans(config, process.env);
  const loader = openLoader(config, observe);
  const stores = limitTenants(await openStores(config, observe), config);
  const parts = openParts(config, { observe, stores, loader });
  const delivery = openDelivery(config, parts);
  const world: World = { ...parts, subscriptions: delivery.subscriptions };
  await delivery.start();
  const stopJobs = startJobs({ ...world, ...jobs, clock: createCautiousClock(world.clock) });
  const ingests = plans.map((plan) => startIngest({ plan, world, limits: ingestLimits(config) }));
  const streams = openStreams(config, world);
  const server = openServer(config, world, { telemetry, streams });
  const stop = async (): Promise<void> => {
    const clients = [closeStreams(streams), closeServer(server, graceMs)];
    await Promise.all([...clients, stopJobs(), ...ingests.map((ingest) => ingest.stop())]);
    await delivery.stop();
    loader.close();
    await stores.close();
    observe({ kind: 'stopped', what: 'broker' });
  };
  return { url: await listen(server, config, stop), stop };
}

/** The options that operations use. */
const settingsOf = (config: Config): Pick<World, 'limits' | 'collation' | 'isTolerant'> => ({
  limits: config,
  collation: config.collation,
  isTolerant: config.tolerant,
});

const modelsFolderOf = ({ modelsFolder }: Config): string =>
  modelsFolder === '' ? join(root, 'smart-data-models') : modelsFolder;

/** The World without the subscriptions, which need it to be created. */
function openParts(
  config: Config,
  { observe, stores, loader }: Pick<RegistryParts, 'observe' | 'stores' | 'loader'>,
): DeliveryWorld {
  const modelsFolder = modelsFolderOf(config);
  const basics = openBasics(config, stores);
  const { clock } = basics;
  const memory = createMemory(memoryBudgetOf(config.memoryBudget), observe);
  return {
    ...basics,
    access: openPolicy,
    stores,
    models: createModels({ directory: modelsFolder, modes: readModelModes(config.models) }),
    observe,
    registrations: createRegistrations({ stores, observe }),
    contexts: openContextRegistry(config, { loader, known: knownContexts(modelsFolder), stores, clock, observe }),
    memory,
    renders: createCountedRenders(memory, config.renderCacheBytes),
    ...settingsOf(config),
    identity: { alias: config.alias, startedAt: clock.now() },
  };
}

/** The clock, the ids, and the parts that depend only on them. */
function openBasics(
  { streamTicketMs }: Config,
  { oneTimeStore }: Stores,
): Pick<World, 'clock' | 'ids' | 'yieldToEventLoop' | 'tickets'> {
  const [clock, ids] = [createClock(), createIds()];
  return {
    clock,
    ids,
    yieldToEventLoop: createYieldToEventLoop(),
    tickets: createTickets({ ids, clock, oneTimeStore, lifetimeMs: streamTicketMs }),
  };
}

interface Telemetry {
  readonly metrics: Metrics;
  readonly observe: Observe;
  /** Adds a listener for observations. */
  readonly hear: (listener: Observe) => void;
}

function openTelemetry(config: Config): Telemetry {
  const metrics = createMetrics();
  const listeners = [metrics.observe, createLog(config.logLevel)];
  return {
    metrics,
    observe(observation) {
      for (const listener of listeners) listener(observation);
    },
    hear: (listener) => void listeners.push(listener),
  };
}

function readJobs(config: Config): Pick<JobOptions, 'logKeep' | 'historyKeep'> {
  const rollups = readRollupDays(config.historyRollups);
  return {
    logKeep: { hours: config.logKeepHours, records: config.logKeepRecords, bytes: config.logKeepBytes },
    historyKeep: {
      ...readKeptDays(config.historyKeep, config.historyKeepDays),
      ...(rollups ? { rollups } : undefined),
      isDryRun: config.historyDryRun,
    },
  };
}

const ingestLimits = (config: Config): IngestOptions['limits'] => ({
  bytesMax: config.bodyBytesMax,
  depthMax: config.depthMax,
  timeoutMs: config.notifyTimeoutMs,
});

interface RegistryParts {
  readonly loader: DocumentLoader;
  readonly known: Readonly<Record<string, Json>>;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly observe: Observe;
}

const preloadOf = ({ contextPreload }: Config): Readonly<Record<string, string>> =>
  contextPreload === '' ? {} : readPreloadIndex(contextPreload);

/** A file that the operator sets for a URL overrides the bundled @context. */
const without = (known: Readonly<Record<string, Json>>, named: object): Readonly<Record<string, Json>> =>
  Object.fromEntries(Object.entries(known).filter(([url]) => !Object.hasOwn(named, url)));

function openLoader(config: Config, observe: Observe): DocumentLoader {
  return createDocumentLoader({
    ...(config.store === 'memory' ? undefined : { directory: join(config.data, 'contexts') }),
    preload: preloadOf(config),
    allowPrivate: config.contextAllowPrivate,
    timeoutMs: config.contextTimeoutMs,
    observe,
  });
}

const openContextRegistry = (config: Config, { loader, known, ...world }: RegistryParts): ContextRegistry =>
  createContextRegistry({
    ...world,
    contexts: createContexts({
      load: loader.load,
      known: without(known, preloadOf(config)),
      pause: createYieldToEventLoop(),
    }),
    defaultOf: readDefaultContexts(config.defaultContext),
    documents: loader,
  });

function openDelivery(config: Config, world: DeliveryWorld): DeliveryEngine {
  const reach = {
    timeoutMs: config.notifyTimeoutMs,
    ...(config.notifyAllowPrivate ? undefined : { lookupPublic }),
  };
  return createDeliveryEngine({
    messenger: joinMessengers([createHttpMessenger(reach), createMqttMessenger(reach)]),
    concurrency: config.notifyConcurrency,
    attemptsMax: config.notifyAttempts,
    deadLettersMax: config.deadLettersMax,
    world,
  });
}

/** The bindings of the stream, which share the feeds. */
interface Streams {
  readonly stream: Stream;
  readonly events: EventStreams;
  readonly proxy?: NgsiProxy;
}

function openStreams(config: Config, world: World): Streams {
  const openFeed = createFeeds(world);
  const limits = {
    connectionsMax: config.streamConnectionsMax,
    subscriptionsMax: config.streamSubscriptionsMax,
    bufferBytes: config.streamBufferBytes,
    frameBytesMax: config.streamFrameBytes,
    depthMax: config.depthMax,
    pingIntervalMs: config.streamPingMs,
  };
  return {
    events: createEventStreams({ world, openFeed, limits }),
    ...(config.ngsiProxy ? { proxy: createNgsiProxy({ world, limits, idleTimeoutMs }) } : undefined),
    stream: createStream({
      world,
      operations,
      openFeed,
      limits,
      isDeflated: config.streamDeflate,
      ...(config.corsOrigin === '' ? undefined : { allowedOrigins: [config.corsOrigin] }),
    }),
  };
}

async function closeStreams({ stream, events, proxy }: Streams): Promise<void> {
  events.close();
  proxy?.close();
  await stream.close();
}

function openServer(
  config: Config,
  world: World,
  { telemetry, streams }: { telemetry: Telemetry; streams: Streams },
): Server {
  const began = performance.now();
  const { metrics } = telemetry;
  const health = createHealth({ stores: world.stores, alias: config.alias });
  telemetry.hear(health.observe);
  metrics.watch({ sizes: () => world.stores.sizes(), unready: health.unready, memory: world.memory });
  return createHttpServer({
    world,
    operations: [...operations, ...streams.events.operations],
    compatibilityRoutes: streams.proxy?.routes ?? [],
    limits: httpLimitsOf(config, world.memory),
    corsOrigin: config.corsOrigin,
    isOwnHost: createHostCheck({ host: config.host, names: config.hostNames.split(',').map((name) => name.trim()) }),
    ...readServedFiles(root, modelsFolderOf(config)),
    probes: {
      version: () => ({
        name: 'Mlaka',
        version,
        'orionld version': version,
        orion: { version },
        uptime: Math.floor((performance.now() - began) / 1000),
      }),
      unready: health.unready,
      metrics: metrics.read,
    },
    onUpgrade: (request, socket, head) => streams.stream.handleUpgrade(request, socket, head),
  });
}

/** Listens, and returns the URL. When the port is unavailable, everything that was opened before is released. */
async function listen(server: Server, { host, port }: Config, stop: () => Promise<void>): Promise<string> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    await stop();
    throw new Error(
      `Nobody can listen on ${host}, port ${port}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
  const address = server.address();
  const own = typeof address === 'object' && address ? address.port : port;
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${own}`;
}
