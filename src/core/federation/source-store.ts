/**
 * Shows what a tenant keeps for subscriptions at context sources as a store (clause 5.8.1.4): its log is that of the changes that sources
 * notified, and its subscriptions are those with copies at sources. So these notifications are delivered like others.
 */
import { createSingleFlight } from '../jsonld/single-flight.ts';
import type { DocumentCollection, Store, Stores } from '../port/store.ts';
import { type DocumentLog, openDocumentLog } from './document-log.ts';
import { notifiedRecord } from './notified-change.ts';

export interface SourceStore extends Store {
  readonly log: DocumentLog;
}

/** The name in the store of the tenant of a collection of this store. */
export const sourceCollectionOf = (name: string): string => `sources/${name}`;

/** The collection of the copies of subscriptions at sources, by their ids there. */
export const copyCollection = 'copies';

export interface SourceStores {
  /** The same object for the same tenant. Undefined: there is no such tenant. Throws what `Stores` throws. */
  of(tenant: string): Promise<SourceStore | undefined>;
}

export function createSourceStores(stores: Stores): SourceStores {
  const opened = new Map<string, SourceStore>();
  const opening = createSingleFlight<SourceStore | undefined>();
  return {
    async of(tenant) {
      const store = opened.get(tenant) ?? (await opening(tenant, () => open(tenant, stores)));
      if (store) opened.set(tenant, store);
      return store;
    },
  };
}

async function open(tenant: string, stores: Stores): Promise<SourceStore | undefined> {
  const store = await stores.open(tenant, false);
  if (!store) return undefined;
  const collection = (name: string): DocumentCollection => store.collection(sourceCollectionOf(name));
  return { ...store, collection, log: openDocumentLog(collection('changes'), notifiedRecord) };
}
