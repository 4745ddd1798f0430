/** The stores of an HTTP thread: connections of its own, and the writer and the notices of the main thread. */
import type { Observe } from '../../core/port/observe.ts';
import type { DocumentCollection, Store, Stores } from '../../core/port/store.ts';
import { createSqliteStores, type FileStores } from '../../store/sqlite/stores.ts';
import { createConnectedWriter } from '../../store/sqlite/writer/connected-writer.ts';
import { defaultWriterLimits } from '../../store/sqlite/writer/writer.ts';
import { createYieldToEventLoop } from '../process.ts';
import type { Notice, ThreadData } from './messages.ts';

export interface ThreadStores {
  readonly stores: Stores;
  readonly release: FileStores['release'];
  /** Tells followers of a collection that a document was changed. */
  readonly tell: (notice: Notice) => void;
}

interface ThreadStoresOptions {
  readonly observe: Observe;
  /** Makes a tenant, if it may be made. */
  readonly makeTenant: (tenant: string) => Promise<undefined>;
}

/** Waits until the writer can be reached. */
export function openThreadStores(
  { config, number, ports }: ThreadData,
  { observe, makeTenant }: ThreadStoresOptions,
): ThreadStores {
  const { pendingWrites, pendingBytes } = defaultWriterLimits;
  const { threads, data: directory } = config;
  // The threads together may have as much waiting as one alone.
  const limits = { pendingWrites: pendingWrites / threads, pendingBytes: pendingBytes / threads };
  const writer = createConnectedWriter(number, limits);
  ports.writers.on('message', writer.usePort);
  const yieldToEventLoop = createYieldToEventLoop();
  const files = createSqliteStores({ directory, observe, yieldToEventLoop, writer, isOpenElsewhere: true });
  const followers = createFollowers();
  return {
    stores: followers.following({
      ...files,
      async open(tenant, create) {
        const known = await files.open(tenant, tenant === '' && create);
        if (known || !create) return known;
        await makeTenant(tenant);
        return files.open(tenant, false);
      },
    }),
    release: files.release,
    tell: followers.tell,
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
    follow: (listener) => {
      const stops = [collection.follow(listener), follow(name, listener)];
      return () => {
        for (const stop of stops) stop();
      };
    },
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
