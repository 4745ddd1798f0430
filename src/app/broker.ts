/** Puts the halls together: the only file that sees them all. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startJobs } from '../city/job/jobs.ts';
import { knownContexts } from '../city/models/model-index.ts';
import { readModelModes } from '../city/models/model-modes.ts';
import { createModels } from '../city/models/models.ts';
import { createContexts } from '../core/jsonld/resolve.ts';
import type { World } from '../core/operation/operation.ts';
import { operations } from '../core/operation/table.ts';
import type { Observe } from '../core/port/observe.ts';
import type { Stores } from '../core/port/store.ts';
import { createRenderCache } from '../core/representation/rendered.ts';
import { createDocumentLoader, type DocumentLoader, readPreloadIndex } from '../edge/document/loader.ts';
import { closeServer, createHttpServer } from '../edge/http/server.ts';
import { createStream } from '../edge/ws/stream.ts';
import { createMemoryStores } from '../store/memory/stores.ts';
import { createSqliteStores } from '../store/sqlite/stores.ts';
import type { Config } from './config/options.ts';
import { readConsole } from './console.ts';
import { createBreathe, createClock, createIds } from './process.ts';
import { createLog } from './telemetry/log.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { version } from './version.ts';

/** Where the files that come with the package are, from src/app as from dist/app. */
const root = fileURLToPath(new URL('../../', import.meta.url));

/** How long requests under way may take to finish when the broker stops. */
const graceMs = 5000;

export interface Broker {
  /** The URL at which it answers. */
  readonly url: string;
  /** Lets what is under way finish, then releases everything. */
  stop(): Promise<void>;
}

/** Starts a broker. Throws an Error when it cannot: a port in use, a folder that cannot be written, a faulty option. */
export async function startBroker(config: Config): Promise<Broker> {
  const metrics = createMetrics();
  const log = createLog(config.logLevel);
  const observe: Observe = (observation) => {
    metrics.observe(observation);
    log(observation);
  };
  const modelsFolder = config.modelsFolder === '' ? join(root, 'smart-data-models') : config.modelsFolder;
  const models = createModels({ directory: modelsFolder, modes: readModelModes(config.models), observe });
  const loader = openLoader(config, observe);
  const stores = openStores(config);
  const world: World = {
    stores,
    models,
    observe,
    contexts: createContexts({ load: loader.load, known: knownContexts(modelsFolder) }),
    clock: createClock(),
    breathe: createBreathe(),
    ids: createIds(),
    renders: createRenderCache(config.renderCacheBytes),
    limits: config,
  };
  const stopJobs = startJobs({ ...world, logKeep: { hours: config.logKeepHours, records: config.logKeepRecords } });
  const stream = openStream(config, world);
  const server = openServer(config, world, { metrics, stream });
  const stop = async (): Promise<void> => {
    await stopJobs();
    await stream.close();
    await closeServer(server, graceMs);
    loader.close();
    await stores.close();
    observe({ kind: 'stopped', what: 'broker' });
  };
  return { url: await listen(server, config, stop), stop };
}

function openLoader(config: Config, observe: Observe): DocumentLoader {
  return createDocumentLoader({
    ...(config.store === 'memory' ? undefined : { directory: join(config.data, 'contexts') }),
    preload: config.contextPreload === '' ? {} : readPreloadIndex(config.contextPreload),
    allowPrivate: config.contextAllowPrivate,
    timeoutMs: config.contextTimeoutMs,
    observe,
  });
}

const openStores = (config: Config): Stores =>
  config.store === 'memory' ? createMemoryStores() : createSqliteStores({ directory: config.data, breathe: createBreathe() });

