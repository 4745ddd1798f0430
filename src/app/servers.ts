/** Opens the HTTP servers: that of clients, and that of commands on the same machine. */
import type { Server } from 'node:http';
import { performance } from 'node:perf_hooks';
import { describeGeoReportFailure } from '../city/georeport/documents.ts';
import { createJobOperations } from '../city/job/job-operations.ts';
import type { Jobs } from '../city/job/jobs.ts';
import { local } from '../core/access/identity.ts';
import type { CompatibilityRoute } from '../core/operation/compatibility-route.ts';
import type { Operation, Services } from '../core/operation/operation.ts';
import { operations } from '../core/operation/table.ts';
import { v2RegistrationOperations } from '../core/operation/registration/v2/operations.ts';
import { v2SubscriptionOperations } from '../core/operation/subscription/v2/operations.ts';
import { sthOperations } from '../core/operation/v2/sth/operations.ts';
import { quantumLeapOperations } from '../core/operation/v2/quantumleap/table.ts';
import { v2EntityOperations } from '../core/operation/v2/table.ts';
import { notifyRoutes } from '../edge/peer/subscription/routes.ts';
import { createHostCheck } from '../edge/http/host-names.ts';
import type { Certificate } from '../edge/http/certificate.ts';
import type { TrustedProxies } from '../edge/trusted-proxies.ts';
import { closeServer, createHttpServer, type HttpOptions } from '../edge/http/server.ts';
import type { Access } from './access.ts';
import type { City } from './city.ts';
import { listIn } from './config/list.ts';
import type { Config } from './config/options.ts';
import { createLogOperation } from './log-operation.ts';
import { modelsFolderOf, root } from './folders.ts';
import { createHealth } from './health.ts';
import { httpLimitsOf } from './http-limits.ts';
import { openDataOperations } from './open-data.ts';
import { listenOn, requireFreePort } from './listen.ts';
import { readServedFiles } from './served-files.ts';
import type { Streams } from './streams.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { HttpThreads } from './threads/http-threads.ts';
import { isOwnRequest } from './threads/own-requests.ts';
import { version } from './version.ts';

export interface ServerParts {
  readonly telemetry: Telemetry;
  readonly streams: Streams;
  readonly access: Access;
  readonly jobs: Pick<Jobs, 'all'>;
  readonly city: Pick<City, 'names' | 'operations'>;
  readonly proxies: TrustedProxies;
  /** Absent: there is only the main thread. */
  readonly threads: HttpThreads | undefined;
  /** Absent: the server speaks plain HTTP. */
  readonly certificate: Certificate | undefined;
}

/** The version of Orion whose NGSI v2 the broker speaks: clients read it as the level of the API. */
const v2Level = '4.7.0';

interface Servers {
  /** The server of clients. */
  readonly server: Server;
  /** Servers of clients that find one of the history APIs at the root, with their ports. */
  readonly mounted: readonly { readonly server: Server; readonly port: number }[];
  /** The server of commands on the same machine, which offers the same API to the operator. */
  readonly control: Server;
  /** Makes the server of what HTTP threads hand on. */
  readonly openRelayed: () => Server;
}

export function openServers(config: Config, services: Services, parts: ServerParts): Servers {
  const { access, streams, certificate, proxies, threads } = parts;
  const options = httpOptions(config, services, parts);
  const { authenticate } = access;
  const ofClients: HttpOptions = {
    ...options,
    ...(authenticate ? { authenticate } : undefined),
    hstsSeconds: config.hstsSeconds,
    isOwnHost: createHostCheck({ host: config.host, names: listIn(config.hostNames) }),
    proxies,
    ...(threads
      ? { divert: ({ request }) => !isOwnRequest(request) && threads.settle().then(() => false) }
      : undefined),
  };
  const secured = { ...ofClients, ...(certificate ? { certificate } : undefined) };
  const onUpgrade: HttpOptions['onUpgrade'] = (request, socket, head) =>
    streams.stream.handleUpgrade(request, socket, head);
  return {
    server: createHttpServer({ ...secured, onUpgrade }),
    mounted: [
      { mount: '/ql', port: config.qlPort },
      { mount: '/STH', port: config.sthPort },
    ]
      .filter(({ port }) => port > 0)
      .map(({ mount, port }) => ({ server: createHttpServer({ ...secured, mount }), port })),
    control: createHttpServer({ ...options, authenticate: () => local, isOwnHost: () => true }),
    openRelayed: () => createHttpServer({ ...ofClients, onUpgrade }),
  };
}

function httpOptions(
  config: Config,
  services: Services,
  { telemetry, streams, access, jobs, city }: ServerParts,
): Omit<HttpOptions, 'isOwnHost'> {
  const began = performance.now();
  const { metrics } = telemetry;
  const health = createHealth({ stores: services.stores, alias: config.alias });
  telemetry.listen(health.observe);
  metrics.watch({ sizes: () => services.stores.sizes(), unready: health.unready, memory: services.memory });
  return {
    services,
    operations: [...operations, ...ownOperations({ telemetry, streams, access, jobs, city })],
    v2Operations: [
      ...v2EntityOperations,
      ...v2SubscriptionOperations,
      ...v2RegistrationOperations,
      ...quantumLeapOperations,
      ...sthOperations,
    ],
    openDataOperations: openDataOperations(config, { ...services, names: city.names }),
    describeFailure: describeGeoReportFailure,
    compatibilityRoutes: compatibilityRoutes(config, services, { streams, access }),
    limits: httpLimitsOf(config, services.memory),
    corsOrigin: config.corsOrigin,
    ...readServedFiles(root, modelsFolderOf(config)),
    probes: {
      version: () => ({
        name: 'Mlaka',
        version,
        'orionld version': version,
        orion: { version: v2Level },
        uptime: Math.floor((performance.now() - began) / 1000),
      }),
      unready: health.unready,
      metrics: metrics.read,
    },
  };
}

const compatibilityRoutes = (
  { bodyBytesMax }: Config,
  services: Services,
  { streams, access }: Pick<ServerParts, 'streams' | 'access'>,
): readonly CompatibilityRoute[] => [
  ...(streams.proxy?.routes ?? []),
  ...(access.routes ?? []),
  ...notifyRoutes(services, bodyBytesMax),
];

/** The operations of the parts of the broker beside the core. */
const ownOperations = ({
  telemetry,
  streams,
  access,
  jobs,
  city,
}: Pick<ServerParts, 'telemetry' | 'streams' | 'access' | 'jobs' | 'city'>): readonly Operation[] => [
  ...streams.events.operations,
  ...access.operations,
  ...createJobOperations(jobs.all),
  ...city.operations,
  createLogOperation(telemetry.recentLog.lines),
];

/**
 * Listens on all ports, and returns the URL of the broker. When a port is unavailable, everything that was opened before is released.
 * `start`: starts the HTTP threads at a port. Absent: there are none.
 */
export async function listen(
  { server, mounted }: Pick<Servers, 'server' | 'mounted'>,
  config: Config,
  {
    stop,
    start,
  }: { readonly stop: () => Promise<void>; readonly start: ((port: number) => Promise<void>) | undefined },
): Promise<string> {
  try {
    const isShared = start !== undefined;
    if (isShared && config.port !== 0) await requireFreePort(config);
    const port = await listenOn(server, { ...config, isShared });
    await start?.(port);
    for (const one of mounted) await listenOn(one.server, { ...config, port: one.port, isShared: false });
    return urlOf(config, port);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Stops accepting connections, and waits at most `graceMs` for requests in progress. */
export async function closeServers({ server, mounted, control }: Servers, graceMs: number): Promise<void> {
  const all = [server, control, ...mounted.map((one) => one.server)];
  await Promise.all(all.map((one) => closeServer(one, graceMs)));
}

function urlOf({ host, tlsCert }: Pick<Config, 'host' | 'tlsCert'>, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  const scheme = tlsCert === '' ? 'http' : 'https';
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
