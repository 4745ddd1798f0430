/** Provides shared parts of a World for tests: @contexts without downloads, the limits, and a subscription service that does nothing. */
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
};

/** The core, the @contexts that are known, and those that tenants keep. */
export function createOfflineLibrary(
  known: Readonly<Record<string, Json>>,
  services: Pick<ContextRegistryOptions, 'stores' | 'clock' | 'observe'>,
): ContextRegistry {
  const refuse = (url: string): Promise<never> => Promise.reject(new Error(`${url} must not be loaded`));
  const documents = { forget: () => Promise.resolve(), reload: refuse };
  return createContextRegistry({ ...services, documents, contexts: createContexts({ load: refuse, known }) });
}

/** For worlds in which nobody carries subscriptions out. */
export const noSubscriptions: Subscriptions = {
  about: 'entities',
  check: () => Promise.resolve(),
  refresh: () => Promise.resolve(),
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
