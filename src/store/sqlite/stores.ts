/** The embedded persistence: one SQLite file per tenant in a folder. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Breathe } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { Stores } from '../../core/port/store.ts';
import { type OpenStore, openStore } from './store.ts';
import { fileOf, tenantOf } from './tenant-file.ts';
import { startWriter, type WriterLimits } from './writer.ts';

export interface SqliteOptions {
  /** Where the files are; made when it is not there. */
  readonly directory: string;
  readonly observe?: Observe;
  readonly breathe: Breathe;
  /** How much may wait for the disk before writes are refused. */
  readonly limits?: Partial<WriterLimits>;
}

const usualLimits: WriterLimits = { pendingWrites: 20_000, pendingBytes: 256 * 1024 * 1024 };

/** Starts the writer's thread. A store cannot be opened when its file was written by a newer program: `open` throws an Error. */
export function createSqliteStores({ directory, breathe, observe = () => undefined, limits }: SqliteOptions): Stores {
  mkdirSync(directory, { recursive: true });
  const writer = startWriter({ observe, limits: { ...usualLimits, ...limits } });
  const opened = new Map<string, Promise<OpenStore>>();

  const openFile = async (path: string): Promise<OpenStore> => {
    await writer.send(path, { op: 'open' });
    return openStore(path, { writer, breathe });
  };
  const openOnce = (tenant: string, path: string): Promise<OpenStore> => {
    const known = opened.get(tenant);
    if (known) return known;
    const fresh = openFile(path);
    opened.set(tenant, fresh);
    // One that failed is tried again by the next who asks.
    fresh.catch(() => opened.delete(tenant));
    return fresh;
  };

  return {
    async open(tenant, create) {
      const path = join(directory, fileOf(tenant));
      if (!opened.has(tenant) && !create && tenant !== '' && !existsSync(path)) return undefined;
      return (await openOnce(tenant, path)).store;
    },
    tenants() {
      const files = readdirSync(directory).flatMap((file) => tenantOf(file) ?? []);
      return Promise.resolve([...new Set(['', ...files])]);
    },
    async close() {
      const stores = await Promise.allSettled(opened.values());
      await writer.close();
      for (const store of stores) if (store.status === 'fulfilled') await store.value.close();
    },
  };
}
