/** Opens the HTTP servers: that of clients, and that of commands on the same machine. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { performance } from 'node:perf_hooks';
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
import { closeServer, createHttpServer, type HttpOptions } from '../edge/http/server.ts';
import type { Access } from './access.ts';
import type { City } from './city.ts';
import type { Config } from './config/options.ts';
import { modelsFolderOf, root } from './folders.ts';
import { createHealth } from './health.ts';
import { httpLimitsOf } from './http-limits.ts';
import { openDataOperations } from './open-data.ts';
import { readTrustedProxies } from './proxies.ts';
import { readServedFiles } from './served-files.ts';
import type { Streams } from './streams.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import { version } from './version.ts';

export interface ServerParts {
  readonly telemetry: Telemetry;
  readonly streams: Streams;
  readonly access: Access;
  readonly jobs: Pick<Jobs, 'all'>;
  readonly city: Pick<City, 'operations'>;
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
}

export function openServers(config: Config, services: Services, parts: ServerParts): Servers {
  const { access, streams, certificate } = parts;
  const options = httpOptions(config, services, parts);
  const { authenticate } = access;
  const ofClients: HttpOptions = {
    ...options,
    ...(authenticate ? { authenticate } : undefined),
    ...(certificate ? { certificate } : undefined),
    hstsSeconds: config.hstsSeconds,
    isOwnHost: createHostCheck({ host: config.host, names: config.hostNames.split(',').map((name) => name.trim()) }),
    proxies: readTrustedProxies(config),
  };
  return {
    server: createHttpServer({
      ...ofClients,
      onUpgrade: (request, socket, head) => streams.stream.handleUpgrade(request, socket, head),
    }),
    mounted: [
      { mount: '/ql', port: config.qlPort },
      { mount: '/STH', port: config.sthPort },
    ]
      .filter(({ port }) => port > 0)
      .map(({ mount, port }) => ({ server: createHttpServer({ ...ofClients, mount }), port })),
    control: createHttpServer({ ...options, authenticate: () => local, isOwnHost: () => true }),
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
    operations: [...operations, ...ownOperations({ streams, access, jobs, city })],
    v2Operations: [
      ...v2EntityOperations,
      ...v2SubscriptionOperations,
      ...v2RegistrationOperations,
      ...quantumLeapOperations,
      ...sthOperations,
    ],
    openDataOperations: openDataOperations(config, services),
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
  streams,
  access,
  jobs,
  city,
}: Pick<ServerParts, 'streams' | 'access' | 'jobs' | 'city'>): readonly Operation[] => [
  ...streams.events.operations,
  ...access.operations,
  ...createJobOperations(jobs.all),
  ...city.operations,
];

/** Listens on all ports, and returns the URL of the broker. When a port is unavailable, everything that was opened before is released. */
export async function listen(
  { server, mounted }: Pick<Servers, 'server' | 'mounted'>,
  config: Config,
  stop: () => Promise<void>,
): Promise<string> {
  const url = await listenOn(server, config, stop);
  for (const { server: other, port } of mounted) await listenOn(other, { ...config, port }, stop);
  return url;
}

/** Stops accepting connections, and waits at most `graceMs` for requests in progress. */
export async function closeServers({ server, mounted, control }: Servers, graceMs: number): Promise<void> {
  const all = [server, control, ...mounted.map((one) => one.server)];
  await Promise.all(all.map((one) => closeServer(one, graceMs)));
}

async function listenOn(
  server: Server,
  { host, port, tlsCert }: Pick<Config, 'host' | 'port' | 'tlsCert'>,
  stop: () => Promise<void>,
): Promise<string> {
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
  const scheme = tlsCert === '' ? 'http' : 'https';
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${own}`;
}
