/** Builds a broker from its parts: core, edge, stores, city and app. */
import { join } from 'node:path';
import { type JobOptions, startJobs } from '../city/job/jobs.ts';
import { readKeptDays, readRollupDays } from '../city/job/retention.ts';
import { knownContexts } from '../city/models/bundled-contexts.ts';
import { readModelModes } from '../city/models/model-modes.ts';
import { createModels } from '../city/models/models.ts';
import { createRegistrations } from '../core/federation/registrations.ts';
import { createSourceStores } from '../core/federation/source-store.ts';
import { createHttpSources } from '../edge/peer/http-sources.ts';
import { createContexts } from '../core/jsonld/resolve.ts';
import type { Json } from '../core/model/json.ts';
import { type ContextRegistry, createContextRegistry } from '../core/operation/context/registry.ts';
import type { Services } from '../core/operation/operation.ts';
import { createSnapshotRuns } from '../core/operation/snapshot/runs.ts';
import { createTickets } from '../core/operation/stream/tickets.ts';
import type { Clock } from '../core/port/clock.ts';
import type { Memory } from '../core/port/memory.ts';
import type { Observe } from '../core/port/observe.ts';
import type { Sources } from '../core/port/sources.ts';
import type { Stores } from '../core/port/store.ts';
import type { DeliveryServices } from '../edge/deliver/environment.ts';
import { createDocumentLoader, type DocumentLoader, readPreloadIndex } from '../edge/document/loader.ts';
import { type IngestOptions, startIngest } from '../edge/mqtt/ingest/ingest.ts';
import { type Access, type AccessOptions, openAccess } from './access.ts';
import { accessModeOf } from './access-mode.ts';
import { auditRetention, createRefusalReport, withAudit } from './audit.ts';
import { openCity } from './city.ts';
import type { Config } from './config/options.ts';
import { openCertificate } from './certificate.ts';
import { listenOnControl } from './control-socket.ts';
import { openDeliveries, openMessenger, reachOf } from './deliveries.ts';
import { openForwarding } from './forwarding.ts';
import { readDefaultContexts } from './config/default-contexts.ts';
import { readIngestPlans } from './config/read-ingest.ts';
import { modelsFolderOf } from './folders.ts';
import { withQuotas } from './quotas.ts';
import { createYieldToEventLoop, createClock, createIds, createCautiousClock } from './process.ts';
import { cacheShareOf, createCountedRenders, createMemory, memoryBudgetOf } from './memory.ts';
import { limitTenants } from './tenants.ts';
import { closeServers, listen, openServers } from './servers.ts';
import { openStores } from './stores.ts';
import { closeStreams, openStreams } from './streams.ts';
import { createSubjectFiles } from './subject-files.ts';
import { openTelemetry } from './telemetry/telemetry.ts';

/**
 * How long pending requests may take to finish when the broker stops. The whole stop must end within 10 s, before Docker kills the process.
 */
const graceMs = 5000;

export interface Broker {
  /** The URL of the broker. */
  readonly url: string;
  /** Waits for pending requests, then releases all resources. */
  stop(): Promise<void>;
}

/** What the starter of a broker takes part in. */
export interface BrokerOptions {
  /** Shows the key of the first administrator to the operator. Absent: it is written to a file in the data folder. */
  readonly showKey?: (key: string) => void;
}

/** Starts a broker. Throws an Error on a failure such as a port in use, an unwritable folder, or an invalid option. */
export async function startBroker(config: Config, options: BrokerOptions = {}): Promise<Broker> {
  const telemetry = openTelemetry(config);
  const { observe } = telemetry;
  const jobOptions = readJobs(config);
  const plans = readIngestPlans(config, process.env);
  const certificate = await openCertificate(config);
  const memory = createMemory(memoryBudgetOf(config.memoryBudget), observe);
  const loader = openLoader(config, { observe, memory });
  const stores = limitTenants(await openStores(config, { observe, owner: 'mlaka serve' }), config);
  const refusals = createRefusalReport();
  const access = await openAccessOrClose(config, { ...options, stores, observe, refused: refusals.report });
  const parts = withAudit(config, openParts(config, { observe, stores, loader, access, memory }));
  refusals.reportTo(parts.audit);
  const delivery = openDeliveries(config, parts);
  const sources = openSources(config, parts);
  const others = { ...parts, ...delivery.services, sources, subjectFiles: createSubjectFiles(config) };
  const { services, forwarding } = openForwarding(config, others, delivery);
  await delivery.start();
  const city = openCity(config, services);
  const jobs = startJobs({ ...services, ...jobOptions, clock: createCautiousClock(services.clock), more: city.plans });
  const ingests = plans.map((plan) => startIngest({ plan, services, limits: ingestLimits(config) }));
  const streams = openStreams(config, services, access);
  const servers = openServers(config, services, { telemetry, streams, access, certificate, jobs, city });
  const stop = async (): Promise<void> => {
    const clients = [closeStreams(streams), closeServers(servers, graceMs)];
    await Promise.all([...clients, jobs.stop(), city.stop(), ...ingests.map((ingest) => ingest.stop())]);
    await Promise.all([forwarding.stop(), delivery.stop()]);
    await Promise.all([sources.close(), services.snapshots.stop(), services.messenger.close()]);
    loader.close();
    await access.close();
    await parts.audit?.flush();
    await stores.close();
    observe({ kind: 'stopped', what: 'broker' });
  };
  const url = await listen(servers, config, stop);
  await forwarding.start(url);
  if (accessModeOf(config) === 'required' || config.store === 'sqlite')
    await listenOnControl(servers.control, config.data, observe);
  return { url, stop };
}

/** Closes the stores when access cannot be opened. */
async function openAccessOrClose(config: Config, options: Omit<AccessOptions, 'clock'>): Promise<Access> {
  try {
    return await openAccess(config, { ...options, clock: createClock() });
  } catch (error) {
    await options.stores.close();
    throw error;
  }
}

/** The options that operations use. */
const settingsOf = (config: Config): Pick<Services, 'limits' | 'collation' | 'isTolerant'> => ({
  limits: config,
  collation: config.collation,
  isTolerant: config.tolerant,
});

/** The services without the subscriptions, which need them to be created. */
function openParts(
  config: Config,
  { observe, stores, loader, access, memory }: Omit<RegistryParts, 'known' | 'clock'> & { readonly access: Access },
): DeliveryServices {
  const modelsFolder = modelsFolderOf(config);
  const basics = openBasics(config, stores);
  const { clock } = basics;
  return withQuotas(config, {
    ...basics,
    access: access.policy,
    stores,
    models: createModels({
      directory: modelsFolder,
      modes: readModelModes(config.models),
      areChecked: config.modelsFolder === '',
    }),
    observe,
    messenger: openMessenger(config),
    snapshots: createSnapshotRuns({ observe }),
    registrations: createRegistrations({ stores, observe }),
    sourceStores: createSourceStores(stores),
    contexts: openContextRegistry(config, {
      loader,
      known: knownContexts(modelsFolder),
      stores,
      clock,
      observe,
      memory,
    }),
    memory,
    renders: createCountedRenders(memory, config.renderCacheBytes),
    ...settingsOf(config),
    identity: { alias: config.alias, startedAt: clock.now() },
  });
}

/** The clock, the ids, and the parts that depend only on them. */
function openBasics(
  { streamTicketMs }: Config,
  { oneTimeStore }: Stores,
): Pick<Services, 'clock' | 'ids' | 'yieldToEventLoop' | 'tickets'> {
  const [clock, ids] = [createClock(), createIds()];
  return {
    clock,
    ids,
    yieldToEventLoop: createYieldToEventLoop(),
    tickets: createTickets({ ids, clock, oneTimeStore, lifetimeMs: streamTicketMs }),
  };
}

function readJobs(config: Config): Pick<JobOptions, 'logKeep' | 'historyKeep' | 'auditKeep'> {
  const rollups = readRollupDays(config.historyRollups);
  return {
    logKeep: { hours: config.logKeepHours, records: config.logKeepRecords, bytes: config.logKeepBytes },
    historyKeep: {
      ...readKeptDays(config.historyKeep, config.historyKeepDays),
      ...(rollups ? { rollups } : undefined),
      isDryRun: config.historyDryRun,
    },
    ...auditRetention(config),
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
  readonly memory: Memory;
}

const preloadOf = ({ contextPreload }: Config): Readonly<Record<string, string>> =>
  contextPreload === '' ? {} : readPreloadIndex(contextPreload);

/** A file that the operator sets for a URL overrides the bundled @context. */
const without = (known: Readonly<Record<string, Json>>, named: object): Readonly<Record<string, Json>> =>
  Object.fromEntries(Object.entries(known).filter(([url]) => !Object.hasOwn(named, url)));

function openLoader(config: Config, { observe, memory }: Pick<RegistryParts, 'observe' | 'memory'>): DocumentLoader {
  return createDocumentLoader({
    ...(config.store === 'memory' ? undefined : { directory: join(config.data, 'contexts') }),
    preload: preloadOf(config),
    allowPrivate: config.contextAllowPrivate,
    timeoutMs: config.contextTimeoutMs,
    cache: cacheShareOf(memory, 'documents'),
    observe,
  });
}

const openContextRegistry = (config: Config, { loader, known, memory, ...services }: RegistryParts): ContextRegistry =>
  createContextRegistry({
    ...services,
    contexts: createContexts({
      load: loader.load,
      known: without(known, preloadOf(config)),
      pause: createYieldToEventLoop(),
      cache: cacheShareOf(memory, 'contexts'),
    }),
    defaultOf: readDefaultContexts(config.defaultContext),
    documents: loader,
  });

const openSources = (config: Config, { memory, observe }: DeliveryServices): Sources =>
  createHttpSources({
    ...reachOf(config),
    timeoutMs: config.sourceTimeoutMs,
    depthMax: config.depthMax,
    memory,
    observe,
  });
