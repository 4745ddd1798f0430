/** A persistence that lives as long as the process: for trials and tests, and the model that other stores are held to. */
import type { Breathe } from '../../core/port/clock.ts';
import { createNotes } from '../../core/port/notes.ts';
import { allMine } from '../../core/port/parts.ts';
import type { Store, Stores } from '../../core/port/store.ts';
import { createMemoryStore } from './store.ts';

/** Stores in memory. `breathe` is called between the entities that a query looks at. */
export function createMemoryStores(options: { readonly breathe?: Breathe } = {}): Stores {
  const tenants = new Map<string, Store>([['', createMemoryStore(options)]]);
  return {
    open: (tenant, create) => {
      const store = tenants.get(tenant) ?? (create ? createMemoryStore(options) : undefined);
      if (store) tenants.set(tenant, store);
      return Promise.resolve(store);
    },
    parts: allMine,
    notes: createNotes(),
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
