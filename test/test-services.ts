/** Provides the services of operations for tests: in memory, without downloads, deliveries and snapshots. */
import { createMemory } from '../src/app/memory.ts';
import { createClock, createIds } from '../src/app/process.ts';
import { openPolicy } from '../src/core/access/policy.ts';
import { createRegistrations } from '../src/core/federation/registrations.ts';
import { createSourceStores } from '../src/core/federation/source-store.ts';
import { createTickets } from '../src/core/operation/stream/tickets.ts';
import { createRenderCache } from '../src/core/representation/rendered.ts';
import { createMemoryStores } from '../src/store/memory/stores.ts';
import type { Subscriptions } from '../src/core/port/subscriptions.ts';
import { createContexts } from '../src/core/jsonld/resolve.ts';
import type { Json } from '../src/core/model/json.ts';
import {
  type ContextRegistry,
  createContextRegistry,
  type ContextRegistryOptions,
} from '../src/core/operation/context/registry.ts';
import type { Services } from '../src/core/operation/operation.ts';
import { createSnapshotRuns } from '../src/core/operation/snapshot/runs.ts';

/** What requests of a test may hold at most. */
export const testLimits: Services['limits'] = {
  pageDefault: 20,
  pageMax: 1000,
  batchMax: 1000,
  namesMax: 10_000,
  attributesMax: 10_000,
  instancesMax: 1000,
  instancesPage: 1000,
  snapshotsMax: 3,
  snapshotEntitiesMax: 1000,
  snapshotHoursMax: 24,
  entityMapsMax: 3,
};

/** The core, the @contexts that are known, and those that tenants keep. */
function createOfflineLibrary(
  known: Readonly<Record<string, Json>>,
  services: Pick<ContextRegistryOptions, 'stores' | 'clock' | 'observe'>,
): ContextRegistry {
  const refuse = (url: string): Promise<never> => Promise.reject(new Error(`${url} must not be loaded`));
  const documents = { forget: () => Promise.resolve(), reload: refuse };
  return createContextRegistry({ ...services, documents, contexts: createContexts({ load: refuse, known }) });
}

/** For services that deliver nothing. */
export const noSubscriptions: Subscriptions = {
  about: 'entities',
  check: () => Promise.resolve(),
  refresh: () => Promise.resolve(),
  forgetChanges: () => Promise.resolve(),
  watch: () => () => undefined,
  statistics: () => Promise.resolve(undefined),
  replay: () => Promise.resolve(),
  explain: () => Promise.reject(new Error('nobody can tell')),
};

/** For services that fill no snapshots and notify nobody. */
export const noSnapshots: Pick<Services, 'snapshots' | 'messenger'> = {
  snapshots: createSnapshotRuns({ observe: () => undefined }),
  messenger: {
    schemes: [],
    objection: () => undefined,
    send: () => ({ done: Promise.resolve({ kind: 'taken' }), abandon: () => undefined }),
    close: () => Promise.resolve(),
  },
};

/**
 * All services of operations. `parts` replace some of them, and the others use the stores, the clock and the ids among them. `known` are the
 * documents of @contexts by their URLs.
 */
export function createTestServices(
  parts: Partial<Services> = {},
  known: Readonly<Record<string, Json>> = {},
): Services {
  const { stores = createMemoryStores(), clock = createClock(), ids = createIds(), observe = () => undefined } = parts;
  return {
    ...{ stores, clock, ids, observe },
    contexts: createOfflineLibrary(known, { stores, clock, observe }),
    models: { concerns: () => false, check: () => ({ refused: [], warned: [] }) },
    yieldToEventLoop: () => undefined,
    renders: createRenderCache(0),
    memory: createMemory(2 ** 28, observe),
    subscriptions: noSubscriptions,
    ...noSnapshots,
    registrations: createRegistrations({ stores, observe: () => undefined }),
    sourceStores: createSourceStores(stores),
    tickets: createTickets({ ids, clock, oneTimeStore: stores.oneTimeStore, lifetimeMs: 1000 }),
    identity: { alias: 'test', startedAt: clock.now() },
    access: openPolicy,
    isTolerant: false,
    collation: 'und-x-icu',
    limits: testLimits,
    ...parts,
  };
}
