/** The embedded persistence: one SQLite file per tenant in a folder. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Breathe } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import { createNotes } from '../../core/port/notes.ts';
import { allMine } from '../../core/port/parts.ts';
import type { Stores } from '../../core/port/store.ts';
import { Problem } from '../../core/model/problem.ts';
import { type OpenStore, openStore } from './store.ts';
import { fileOf, sizeOf, tenantsIn } from './tenant-file.ts';
import { startWriter, type Writer, type WriterLimits } from './writer/writer.ts';

export interface SqliteOptions {
  /** Where the files are; made when it is not there. */
  readonly directory: string;
  readonly observe?: Observe;
  readonly breathe: Breathe;
  /** How much may wait for the disk before writes are refused. */
  readonly limits?: Partial<WriterLimits>;
  /** A writer that others use too, and who gave it closes. Absent: one is started, and closed with the stores. */
  readonly writer?: Writer;
}

const usualLimits: WriterLimits = { pendingWrites: 20_000, pendingBytes: 256 * 1024 * 1024 };

/** A store cannot be opened when its file was written by a newer program: `open` throws an Error. */
export function createSqliteStores(options: SqliteOptions): Stores {
  const { directory, breathe, observe = () => undefined, limits } = options;
  mkdirSync(directory, { recursive: true });
  const writer = options.writer ?? startWriter({ observe, limits: { ...usualLimits, ...limits } });
  const opened = new Map<string, Promise<OpenStore>>();
  let isOpen = true;

  const openOnce = (path: string): Promise<OpenStore> => {
    const known = opened.get(path);
    if (known) return known;
    const fresh = writer.send(path, { op: 'open' }).then(() => openStore(path, { writer, breathe }));
    opened.set(path, fresh);
    // One that failed is tried again by the next who asks.
    fresh.catch(() => opened.delete(path));
    return fresh;
  };

  return {
    async open(tenant, create) {
      if (!isOpen) throw new Problem('Unavailable', 'The store is closed.');
      const path = join(directory, fileOf(tenant));
      if (!opened.has(path) && !create && tenant !== '' && !existsSync(path)) return undefined;
      return (await openOnce(path)).store;
    },
    parts: allMine,
    notes: createNotes(),
    tenants: () => Promise.resolve([...new Set(['', ...tenantsIn(directory)])]),
    sizes: () => Promise.resolve(tenantsIn(directory).map((tenant) => ({ tenant, bytes: sizeOf(directory, tenant) }))),
    async close() {
      isOpen = false;
      for (const store of await Promise.allSettled(opened.values())) {
        if (store.status === 'fulfilled') await store.value.close();
      }
      if (!options.writer) await writer.close();
    },
  };
}
