/** Opens the persistence that the options choose. */
import type { Observe } from '../core/port/observe.ts';
import type { Stores } from '../core/port/store.ts';
import { createMemoryStores } from '../store/memory/stores.ts';
import { lockFolder } from '../store/sqlite/folder-lock.ts';
import { createSqliteStores } from '../store/sqlite/stores.ts';
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
    : openFiles(config, options);
}

/** Loads the driver only when it is needed: that takes a tenth of a second. */
async function openDatabases({ mongoUrl }: Config, { observe }: StoresOptions): Promise<Stores> {
  const { openMongoStores } = await import('../store/mongo/stores.ts');
  return openMongoStores({ url: mongoUrl, observe, yieldToEventLoop: createYieldToEventLoop() });
}

/** Opens the stores in the data folder, and locks the folder for this process. */
function openFiles({ data }: Config, { observe, owner }: StoresOptions): Stores {
  const giveBack = lockFolder(data, owner);
  const stores = createSqliteStores({
    directory: data,
    observe,
    yieldToEventLoop: createYieldToEventLoop(),
    fatal: (cause) => {
      observe({ kind: 'failed', where: 'store', cause });
      // A supervisor restarts the process, which can then write again. No acknowledged write is lost.
      process.exit(1);
    },
  });
  return { ...stores, close: () => stores.close().finally(giveBack) };
}
