/** An HTTP thread: answers requests about entities by its own connections and caches, and hands the others on to the main thread. */
import type { IncomingMessage } from 'node:http';
import { workerData } from 'node:worker_threads';
import { v2EntityOperations } from '../../core/operation/v2/table.ts';
import { operations } from '../../core/operation/table.ts';
import { createHostCheck } from '../../edge/http/host-names.ts';
import { closeServer, createHttpServer, type HttpOptions } from '../../edge/http/server.ts';
import { openCertificate } from '../certificate.ts';
import { httpLimitsOf } from '../http-limits.ts';
import { listenOn } from '../listen.ts';
import { readTrustedProxies } from '../proxies.ts';
import { listIn } from '../config/list.ts';
import type { Command, Commanding, ThreadData } from './messages.ts';
import { isOwnRequest, isReadRequest } from './own-requests.ts';
import { createRelay } from './relay.ts';
import { serveRemote } from './remote.ts';
import { openThreadParts, type OwnParts } from './thread-parts.ts';

/** A type assertion: only the main thread starts this one. */
const isThreadData = (data: unknown): data is ThreadData => data !== undefined && data !== null;

async function run(data: ThreadData): Promise<void> {
  const { config, ports } = data;
  const parts = await openThreadParts(data);
  const relay = createRelay({
    socketPath: data.relayPath,
    proxies: readTrustedProxies(config),
    observe: parts.services.observe,
  });
  const certificate = await openCertificate(config);
  // On MongoDB, the main thread writes.
  const canAnswer = (request: IncomingMessage): boolean =>
    isOwnRequest(request) && (config.store !== 'mongo' || isReadRequest(request));
  const server = createHttpServer({
    ...httpOptions(data, parts),
    ...(certificate ? { certificate } : undefined),
    divert: (exchange) => {
      const isOwn = canAnswer(exchange.request) ? parts.isOwn(exchange.request) : false;
      if (typeof isOwn !== 'boolean') return isOwn.then((own) => !own && handOn(exchange));
      return !isOwn && handOn(exchange);
    },
    onUpgrade: relay.upgrade,
  });
  const handOn = (exchange: Parameters<typeof relay.relay>[0]): true => {
    relay.relay(exchange);
    return true;
  };
  const carryOut = async (command: Command): Promise<void> => {
    if (command.kind === 'listen') await listenOn(server, { ...config, port: command.port, isShared: true });
    if (command.kind === 'release') await parts.release(command.tenant);
    if (command.kind !== 'stop') return;
    await closeServer(server, command.graceMs);
    relay.close();
    await parts.services.stores.close();
  };
  serveRemote<Commanding>(ports.commands, async (command) => {
    await carryOut(command);
    return parts.takeReports();
  });
}

/** Pages are answered by the main thread. */
const noPages: Pick<HttpOptions, 'console' | 'openapi' | 'openapiV2' | 'asyncapi' | 'probes'> = {
  console: new Map(),
  openapi: Buffer.alloc(0),
  openapiV2: Buffer.alloc(0),
  asyncapi: Buffer.alloc(0),
  probes: {
    version: () => ({}),
    unready: () => Promise.resolve(undefined),
    metrics: () => Promise.resolve({ type: 'text/plain', body: '' }),
  },
};

function httpOptions({ config }: ThreadData, { services, authenticate }: OwnParts): HttpOptions {
  return {
    ...noPages,
    services,
    operations,
    v2Operations: v2EntityOperations,
    ...(authenticate ? { authenticate } : undefined),
    limits: httpLimitsOf(config, services.memory),
    corsOrigin: config.corsOrigin,
    hstsSeconds: config.hstsSeconds,
    isOwnHost: createHostCheck({ host: config.host, names: listIn(config.hostNames) }),
    proxies: readTrustedProxies(config),
  };
}

if (isThreadData(workerData)) await run(workerData);
