/** Builds a broker from its parts: core, edge, stores, city and app. */
import { join } from 'node:path';
import { type JobOptions, startJobs } from '../city/job/jobs.ts';
import { readKeptDays, readRollupDays } from '../city/job/retention.ts';
import { createRegistrations } from '../core/federation/registrations.ts';
import { createSourceStores } from '../core/federation/source-store.ts';
import { createHttpSources } from '../edge/peer/http-sources.ts';
import type { Services } from '../core/operation/operation.ts';
import { createSnapshotRuns } from '../core/operation/snapshot/runs.ts';
import { createTickets } from '../core/operation/stream/tickets.ts';
import type { Memory } from '../core/port/memory.ts';
import type { Observe } from '../core/port/observe.ts';
import type { Sources } from '../core/port/sources.ts';
import type { Stores } from '../core/port/store.ts';
import type { DeliveryServices } from '../edge/deliver/environment.ts';
import { createDocumentLoader, type DocumentLoader } from '../edge/document/loader.ts';
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
import { readIngestPlans } from './config/read-ingest.ts';
import { withQuotas } from './quotas.ts';
import { openParts, preloadOf } from './parts.ts';
import { createClock, createCautiousClock } from './process.ts';
import { cacheShareOf, createMemory, memoryBudgetOf } from './memory.ts';
import { limitTenants } from './tenants.ts';
import { closeServers, listen, openServers, type ServerParts } from './servers.ts';
import { readTrustedProxies } from './proxies.ts';
import { type ConnectableStores, openConnectableStores } from './stores.ts';
import { closeStreams, openStreams } from './streams.ts';
import { subjectServices } from './subject-services.ts';
import { openTelemetry } from './telemetry/telemetry.ts';
import { type HttpThreads, openThreads } from './threads/http-threads.ts';
import { tellChanges, tellContexts } from './threads/notices.ts';
import { threadCountOf } from './threads/thread-count.ts';
import { createRelayedClients, directClients, type RelayedClients } from './threads/relayed-client.ts';

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
export async function startBroker(wanted: Config, options: BrokerOptions = {}): Promise<Broker> {
  const config = { ...wanted, threads: threadCountOf(wanted) };
  const telemetry = openTelemetry(config);
  const { observe } = telemetry;
  const jobOptions = readJobs(config);
  const plans = readIngestPlans(config, process.env);
  const certificate = await openCertificate(config);
  const threads = openThreads(config, observe);
  const memory = createMemory(memoryBudgetOf(config.memoryBudget), observe, threads?.held);
  const loader = openLoader(config, { observe, memory });
  const { stores, connect } = await openTellingStores(config, { observe, threads });
  const refusals = createRefusalReport();
  const { proxies, trust } = (threads ? createRelayedClients : directClients)(readTrustedProxies(config));
  const access = await openAccessOrClose(config, { ...options, stores, observe, proxies, refused: refusals.report });
  const parts = withAudit(config, openServices(config, { observe, stores, loader, access, memory, threads }));
  refusals.reportTo(parts.audit);
  const delivery = openDeliveries(config, parts);
  const sources = openSources(config, parts);
  const others = { ...parts, ...delivery.services, sources, ...subjectServices(config) };
  const { services, forwarding } = openForwarding(config, others, delivery);
  await delivery.start();
  const city = openCity(config, services);
  const jobs = startJobs({ ...services, ...jobOptions, clock: createCautiousClock(services.clock), more: city.plans });
  const ingests = plans.map((plan) => startIngest({ plan, services, limits: ingestLimits(config) }));
  const given = { telemetry, access, certificate, jobs, proxies, threads, city };
  const clients = openClients(config, services, { ...given, trust, loader, connect });
  const stop = async (): Promise<void> => {
    await Promise.all([clients.close(), jobs.stop(), city.stop(), ...ingests.map((ingest) => ingest.stop())]);
    // Requests to sources are ended: what waits for them must not delay the stop.
    await Promise.all([forwarding.stop(), sources.close(), delivery.stop()]);
    await Promise.all([services.snapshots.stop(), services.messenger.close()]);
    loader.close();
    await access.close();
    await parts.audit?.flush();
    await stores.close();
    observe({ kind: 'stopped', what: 'broker' });
  };
  const url = await clients.listen(stop);
  await forwarding.start(url);
  return { url, stop };
}

interface Clients {
  /** Listens, also for commands on the same machine. Returns the URL of the broker. Calls `stop` when a port is unavailable. */
  listen(stop: () => Promise<void>): Promise<string>;
  close(): Promise<void>;
}

interface ClientParts extends Omit<ServerParts, 'streams'>, Pick<RelayedClients, 'trust'> {
  readonly threads: HttpThreads | undefined;
  readonly loader: DocumentLoader;
  readonly connect: ConnectableStores['connect'];
}

/** Opens what clients reach: streams, servers and the threads beside the main one. */
function openClients(config: Config, services: Services, { trust, loader, connect, ...parts }: ClientParts): Clients {
  const { threads, access } = parts;
  const streams = openStreams(config, services, parts);
  const servers = openServers(config, services, { ...parts, streams });
  const main = { services, loader, authenticate: access.authenticate, connect };
  const start =
    threads &&
    ((port: number) => {
      const server = servers.openRelayed();
      trust(server);
      return threads.start(main, { server, port });
    });
  return {
    async listen(stop) {
      const url = await listen(servers, config, { stop, start });
      if (accessModeOf(config) === 'required' || config.store === 'sqlite')
        await listenOnControl(servers.control, config.data, services.observe);
      return url;
    },
    async close() {
      await Promise.all([closeStreams(streams), closeServers(servers, graceMs), threads?.stop(graceMs)]);
    },
  };
}

/** Opens the stores. Where there are several threads, they are told of changes. */
async function openTellingStores(
  config: Config,
  { observe, threads }: { readonly observe: Observe; readonly threads: HttpThreads | undefined },
): Promise<ConnectableStores> {
  const { stores, ...rest } = await openConnectableStores(config, { observe, owner: 'mlaka serve' });
  const limited = limitTenants(stores, config);
  return { ...rest, stores: threads ? tellChanges(limited, threads) : limited };
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

interface ServiceParts {
  readonly observe: Observe;
  readonly stores: Stores;
  readonly loader: DocumentLoader;
  readonly access: Access;
  readonly memory: Memory;
  readonly threads: HttpThreads | undefined;
}

/** The services without the subscriptions, which need them to be created. */
function openServices(config: Config, { access, threads, ...given }: ServiceParts): DeliveryServices {
  const { stores, observe } = given;
  const clock = createClock();
  const parts = openParts(config, { ...given, clock });
  const { ids } = parts;
  const services = {
    ...parts,
    contexts: threads ? tellContexts(parts.contexts, threads.tell) : parts.contexts,
    access: access.policy,
    tickets: createTickets({ ids, clock, oneTimeStore: stores.oneTimeStore, lifetimeMs: config.streamTicketMs }),
    messenger: openMessenger(config),
    snapshots: createSnapshotRuns({ observe }),
    registrations: createRegistrations({ stores, observe }),
    sourceStores: createSourceStores(stores),
    identity: { alias: config.alias, startedAt: clock.now() },
  };
  return withQuotas(config, services, threads?.shared.accounts);
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

function openLoader(config: Config, { observe, memory }: Pick<ServiceParts, 'observe' | 'memory'>): DocumentLoader {
  return createDocumentLoader({
    ...(config.store === 'memory' ? undefined : { directory: join(config.data, 'contexts') }),
    preload: preloadOf(config),
    allowPrivate: config.contextAllowPrivate,
    timeoutMs: config.contextTimeoutMs,
    cache: cacheShareOf(memory, 'documents'),
    observe,
  });
}

const openSources = (config: Config, { memory, observe }: DeliveryServices): Sources =>
  createHttpSources({
    ...reachOf(config),
    timeoutMs: config.sourceTimeoutMs,
    depthMax: config.depthMax,
    memory,
    observe,
  });
