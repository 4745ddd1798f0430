/** Tells all threads which documents change, before the change is answered: a thread that reads a request later knows of it. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { grantCollection } from '../../core/access/grant-document.ts';
import { registrationCollection } from '../../core/federation/registration.ts';
import { isObject, type Json, sameJson } from '../../core/model/json.ts';
import type { ContextRegistry } from '../../core/operation/context/registry.ts';
import { contextCollection } from '../../core/operation/context/stored-context.ts';
import { keyCollection } from '../../core/port/access-key.ts';
import type { DocumentCollection, Store, Stores } from '../../core/port/store.ts';
import type { Notice } from './messages.ts';

/** Collections of which threads keep something in memory. */
const noticed: ReadonlySet<string> = new Set([
  grantCollection,
  keyCollection,
  contextCollection,
  registrationCollection,
]);

/** Wraps stores so that changes of documents are told, those by other brokers too. Erasures tell which tenant they are about by `release`. */
export function tellChanges(
  stores: Stores,
  { tell, release }: { readonly tell: (notice: Notice) => void; readonly release: (tenant: string) => Promise<void> },
): Stores {
  const known = new WeakMap<Store, Store>();
  const wrap = (store: Store, tenant: string): Store => {
    for (const collection of noticed) store.collection(collection).follow((key) => tell({ tenant, collection, key }));
    return {
      ...store,
      subject: async (slice) => {
        const isErasure = slice.place === 'rest' && slice.erases;
        if (isErasure) await release(tenant);
        const findings = await store.subject(slice);
        if (isErasure && findings.next === undefined) await release(tenant);
        return findings;
      },
      collection: (name) => {
        const collection = store.collection(name);
        return noticed.has(name)
          ? tellingCollection(collection, (key) => tell({ tenant, collection: name, key }))
          : collection;
      },
    };
  };
  const telling = (store: Store, tenant: string): Store => {
    const wrapped = known.get(store) ?? wrap(store, tenant);
    known.set(store, wrapped);
    return wrapped;
  };
  return {
    ...stores,
    async open(tenant, create) {
      const store = await stores.open(tenant, create);
      return store && telling(store, tenant);
    },
  };
}

/** Tells what changes in downloaded @contexts, too: these are no documents of a store. */
export const tellContexts = (contexts: ContextRegistry, tell: (notice: Notice) => void): ContextRegistry => ({
  ...contexts,
  remove: async (key, place) => {
    const wasThere = await contexts.remove(key, place);
    tell({ tenant: place.tenant, collection: contextCollection, key });
    return wasThere;
  },
  reload: async (url) => {
    await contexts.reload(url);
    tell({ tenant: '', collection: contextCollection, key: url });
  },
});

const tellingCollection = (collection: DocumentCollection, tell: (key: string) => void): DocumentCollection => ({
  ...collection,
  put: async (key, document) => {
    await collection.put(key, document);
    tell(key);
  },
  putFenced: async (documents, term) => {
    const isDone = await collection.putFenced(documents, term);
    for (const { key } of documents) tell(key);
    return isDone;
  },
  replace: async (key, before, after) => {
    const isDone = await collection.replace(key, before, after);
    if (isDone && !isOnlyNoted(before, after)) tell(key);
    return isDone;
  },
  delete: async (key) => {
    const isDone = await collection.delete(key);
    if (isDone) tell(key);
    return isDone;
  },
});

/** True when a stored @context stays the same, and only its use is noted. */
const isOnlyNoted = (before: Json | undefined, after: Json | undefined): boolean =>
  isObject(before) &&
  isObject(after) &&
  before['context'] !== undefined &&
  sameJson(before['context'], after['context']);

/** The notices that a thread gets. */
export interface NoticeReader {
  /** Takes all notices that were sent until now. */
  readonly catchUp: () => void;
}

interface NoticeReaderOptions {
  /** The number of notices that were sent. */
  readonly sent: Int32Array;
  /** How many were sent before the port was made. */
  readonly before: number;
  readonly take: (notice: Notice) => void;
}

export function createNoticeReader(port: MessagePort, { sent, before, take }: NoticeReaderOptions): NoticeReader {
  let seen = before;
  const one = (notice: Notice): void => {
    seen = (seen + 1) | 0;
    take(notice);
  };
  // A thread that works on a long request gets them too.
  port.on('message', one);
  return {
    catchUp() {
      while (Atomics.load(sent, 0) !== seen) {
        const received: { readonly message: Notice } | undefined = receiveMessageOnPort(port);
        if (!received) return;
        one(received.message);
      }
    },
  };
}
