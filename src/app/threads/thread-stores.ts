/** The stores of an HTTP thread: connections of its own, and the writer and the notices of the main thread. */
import type { Observe } from '../../core/port/observe.ts';
import type { DocumentCollection, Store, Stores } from '../../core/port/store.ts';
import { createSqliteStores, type FileStores } from '../../store/sqlite/stores.ts';
import { createConnectedWriter } from '../../store/sqlite/writer/connected-writer.ts';
import { defaultWriterLimits } from '../../store/sqlite/writer/writer.ts';
import { createYieldToEventLoop } from '../process.ts';
import type { Notice, OpeningTenant, ThreadData } from './messages.ts';

export interface ThreadStores {
  readonly stores: Stores;
  readonly release: FileStores['release'];
  /** Tells followers of a collection that a document was changed. */
  readonly tell: (notice: Notice) => void;
}

interface ThreadStoresOptions {
  readonly observe: Observe;
  /** Has the main thread open a tenant. */
  readonly openTenant: (tenant: OpeningTenant['argument']) => Promise<undefined>;
}

/** Waits until the persistence can be reached. */
export async function openThreadStores(data: ThreadData, options: ThreadStoresOptions): Promise<ThreadStores> {
  const { stores, release } =
    data.config.store === 'mongo' ? await openDatabases(data, options) : openFiles(data, options);
  const { following, tell } = createFollowers();
  return { stores: following(stores), release, tell };
}

/** Reads by connections of its own. The main thread writes: writes of two threads would wait for each other in the database. */
async function openDatabases(
  { config }: ThreadData,
  { observe, openTenant }: ThreadStoresOptions,
): Promise<Omit<ThreadStores, 'tell'>> {
  const { openMongoStores } = await import('../../store/mongo/stores.ts');
  const yieldToEventLoop = createYieldToEventLoop();
  const databases = await openMongoStores({ url: config.mongoUrl, observe, yieldToEventLoop, isOnlyRead: true });
  const told = new Set<string>();
  return {
    stores: {
      ...databases,
      async open(tenant) {
        const store = await databases.open(tenant, false);
        if (!store || told.has(tenant)) return store;
        // The main thread tells of the changes that other brokers make.
        await openTenant({ tenant, create: false });
        told.add(tenant);
        return store;
      },
    },
    // No content of a database stays in memory.
    release: () => Promise.resolve(),
  };
}

function openFiles(
  { config, number, ports }: ThreadData,
  { observe, openTenant }: ThreadStoresOptions,
): Omit<ThreadStores, 'tell'> {
  const { pendingWrites, pendingBytes } = defaultWriterLimits;
  const { threads, data: directory } = config;
  // The threads together may have as much waiting as one alone.
  const limits = { pendingWrites: pendingWrites / threads, pendingBytes: pendingBytes / threads };
  const writer = createConnectedWriter(number, limits);
  ports.writers.on('message', writer.usePort);
  const yieldToEventLoop = createYieldToEventLoop();
  const files = createSqliteStores({ directory, observe, yieldToEventLoop, writer, isOpenElsewhere: true });
  return {
    stores: {
      ...files,
      async open(tenant, create) {
        const known = await files.open(tenant, tenant === '' && create);
        if (known || !create) return known;
        await openTenant({ tenant, create });
        return files.open(tenant, false);
      },
    },
    release: files.release,
  };
}

interface Followers {
  /** Stores whose collections can be followed by notices. */
  readonly following: (stores: Stores) => Stores;
  readonly tell: ThreadStores['tell'];
}

function createFollowers(): Followers {
  const listeners = new Map<string, Set<(key?: string) => void>>();
  const known = new WeakMap<Store, Store>();
  const follow = (name: string, listener: (key?: string) => void): (() => void) => {
    const all = listeners.get(name) ?? new Set();
    listeners.set(name, all.add(listener));
    return () => void all.delete(listener);
  };
  const followed = (collection: DocumentCollection, name: string): DocumentCollection => ({
    ...collection,
    follow: (listener) => follow(name, listener),
  });
  const wrapped = (store: Store, tenant: string): Store => {
    const own = known.get(store) ?? {
      ...store,
      collection: (name) => followed(store.collection(name), `${tenant} ${name}`),
    };
    known.set(store, own);
    return own;
  };
  return {
    following: (stores) => ({
      ...stores,
      async open(tenant, create) {
        const store = await stores.open(tenant, create);
        return store && wrapped(store, tenant);
      },
    }),
    tell: ({ tenant, collection, key }) => {
      for (const listener of [...(listeners.get(`${tenant} ${collection}`) ?? [])]) listener(key);
    },
  };
}
