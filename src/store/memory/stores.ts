/** The store in memory, which ends with the process: for trials and tests, and as the reference for the other stores. */
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import { createOneTimeStore } from '../../core/port/one-time-store.ts';
import { allPartitions } from '../../core/port/partitions.ts';
import type { Store, Stores } from '../../core/port/store.ts';
import { createAuditTrail } from './audit-trail.ts';
import { createMemoryStore } from './store.ts';

/** `yieldToEventLoop` is called between the entities that a query checks. */
export function createMemoryStores(options: { readonly yieldToEventLoop?: YieldToEventLoop } = {}): Stores {
  const tenants = new Map<string, Store>([['', createMemoryStore(options)]]);
  return {
    open: (tenant, create) => {
      const store = tenants.get(tenant) ?? (create ? createMemoryStore(options) : undefined);
      if (store) tenants.set(tenant, store);
      return Promise.resolve(store);
    },
    drop: (tenant) => {
      tenants.delete(tenant);
      return Promise.resolve();
    },
    partitions: allPartitions,
    oneTimeStore: createOneTimeStore(),
    audit: createAuditTrail(),
    tenants: () => Promise.resolve([...tenants.keys()]),
    tenantsInUse: () => Promise.resolve([...tenants.keys()]),
    tenantsWith: () => Promise.resolve([...tenants.keys()]),
    sizes: () => Promise.resolve([]),
    close: () => {
      tenants.clear();
      return Promise.resolve();
    },
  };
}
