/** Puts the halls together: the only file that sees them all. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createModels, knownContexts } from '../city/models/models.ts';
import { createContexts } from '../core/jsonld/resolve.ts';
import type { World } from '../core/operation/operation.ts';
import { operations } from '../core/operation/table.ts';
import type { Breathe, Clock, IdSource } from '../core/port/clock.ts';
import type { Observe } from '../core/port/observe.ts';
import type { Stores } from '../core/port/store.ts';
import { createRenderCache } from '../core/representation/rendered.ts';
import { createDocumentLoader } from '../edge/document/loader.ts';
import { createHttpServer } from '../edge/http/server.ts';
import { createStream } from '../edge/ws/stream.ts';
import { createMemoryStores } from '../store/memory/stores.ts';
import { createSqliteStores } from '../store/sqlite/stores.ts';
import type { Config } from './config/options.ts';
