/** Opens the persistence that the options choose. */
import type { Observe } from '../core/port/observe.ts';
import type { Stores } from '../core/port/store.ts';
import { createMemoryStores } from '../store/memory/stores.ts';
import { lockFolder } from '../store/sqlite/folder-lock.ts';
import { createSqliteStores } from '../store/sqlite/stores.ts';
import { defaultWriterLimits, type SharedWriter, startWriter } from '../store/sqlite/writer/writer.ts';
import type { Config } from './config/options.ts';
import { createYieldToEventLoop } from './process.ts';

/** `owner` describes this process to others that want the same folder. */
export interface StoresOptions {
  readonly observe: Observe;
  readonly owner: string;
}

/** Throws an Error when the database cannot be reached, or another process has the folder. */
export function openStores(config: Config, options: StoresOptions): Stores | Promise<Stores> {
  if (config.store === 'mongo') return openDatabases(config, options);
  return config.store === 'memory'
    ? createMemoryStores({ yieldToEventLoop: createYieldToEventLoop() })
    : openFiles(config, options).stores;
}

/** Loads the driver only when it is needed: that takes a tenth of a second. */
async function openDatabases({ mongoUrl }: Config, { observe }: StoresOptions): Promise<Stores> {
  const { openMongoStores } = await import('../store/mongo/stores.ts');
  return openMongoStores({ url: mongoUrl, observe, yieldToEventLoop: createYieldToEventLoop() });
}

/** Stores to which other threads can connect. */
export interface ConnectableStores {
  readonly stores: Stores;
  /** Gives another thread the ports of the writer (`SharedWriter.connect`). Absent: the persistence has connections of each thread. */
  readonly connect?: SharedWriter['connect'];
}

/** Throws what `openStores` throws. */
export async function openConnectableStores(config: Config, options: StoresOptions): Promise<ConnectableStores> {
  return config.store === 'sqlite' ? openFiles(config, options) : { stores: await openStores(config, options) };
}

/** Opens the stores in the data folder, and locks the folder for this process. */
function openFiles({ data }: Config, { observe, owner }: StoresOptions): Required<ConnectableStores> {
  const giveBack = lockFolder(data, owner);
  const writer = startWriter({
    observe,
    limits: defaultWriterLimits,
    fatal: (cause) => {
      observe({ kind: 'failed', where: 'store', cause });
      // A supervisor restarts the process, which can then write again. No acknowledged write is lost.
      process.exit(1);
    },
  });
  const stores = createSqliteStores({ directory: data, observe, yieldToEventLoop: createYieldToEventLoop(), writer });
  const close = async (): Promise<void> => {
    await stores.close();
    await writer.close();
  };
  return { stores: { ...stores, close: () => close().finally(giveBack) }, connect: writer.connect };
}
