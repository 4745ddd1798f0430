/** The embedded persistence: one SQLite file per tenant in a folder. */
import { existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import { createOneTimeStore } from '../../core/port/one-time-store.ts';
import { allPartitions } from '../../core/port/partitions.ts';
import type { Store, Stores } from '../../core/port/store.ts';
import { Problem } from '../../core/model/problem.ts';
import { problemOf } from './failure.ts';
import { createFiles, type FilesOptions } from './files.ts';
import { hasDocuments } from './peek.ts';
import { rescueWals } from './rescue-wal.ts';
import { createStoreOnUse } from './store-on-use.ts';
import { fileOf, sizeOf, tenantOf, tenantsIn } from './tenant-file.ts';
import type { WriterLimits } from './writer/waiting-room.ts';
import { startWriter, type Writer } from './writer/writer.ts';

export interface SqliteOptions {
  /** Where the files are; made when it is not there. */
  readonly directory: string;
  readonly observe?: Observe;
  readonly yieldToEventLoop: YieldToEventLoop;
  /** How much may wait for the disk before writes are refused. */
  readonly limits?: Partial<WriterLimits>;
  /** Files that may be open while nobody uses them, and how long such a file stays open. */
  readonly openMost?: number;
  readonly idleMs?: number;
  /** Called when nothing can be written any more, whatever is tried. */
  readonly fatal?: (cause: Error) => void;
  /** A writer that others use too, and who gave it closes. Absent: one is started, and closed with the stores. */
  readonly writer?: Writer;
}

const usualLimits: WriterLimits = { pendingWrites: 20_000, pendingBytes: 256 * 1024 * 1024 };
const usualOpenMost = 100;
const usualIdleMs = 60_000;

/** Each use of a store throws an Error when its file was written by a newer program, TenantUnavailable when it cannot be used. */
export function createSqliteStores(options: SqliteOptions): Stores {
  const { directory, yieldToEventLoop, observe = () => undefined, limits, fatal } = options;
  mkdirSync(directory, { recursive: true });
  for (const damaged of rescueWals(directory)) observe(damaged);
  const writer = options.writer ?? startWriter({ observe, limits: { ...usualLimits, ...limits }, fatal });
  const failed = createFaultReporter(observe);
  const { openMost = usualOpenMost, idleMs = usualIdleMs } = options;
  const files = createFiles({ writer, yieldToEventLoop, openMost, idleMs, failed });
  const stores = new Map<string, Store>();
  let isOpen = true;

  const storeOf = (path: string): Store => {
    const store = stores.get(path) ?? createStoreOnUse({ path, files, writer });
    stores.set(path, store);
    return store;
  };

  return {
    async open(tenant, create) {
      if (!isOpen) throw new Problem('Unavailable', 'The store is closed.');
      const path = join(directory, fileOf(tenant));
      if (stores.has(path) || existsSync(path)) return storeOf(path);
      if (!create && tenant !== '') return undefined;
      await files.use(path, () => Promise.resolve());
      return storeOf(path);
    },
    partitions: allPartitions,
    oneTimeStore: createOneTimeStore(),
    tenants: () => Promise.resolve([...new Set(['', ...tenantsIn(directory)])]),
    tenantsInUse: () => Promise.resolve(files.paths().flatMap((path) => tenantOf(basename(path)) ?? [])),
    tenantsWith: (shelf) => tenantsWith(directory, shelf, { yieldToEventLoop, failed }),
    sizes: () => Promise.resolve(tenantsIn(directory).map((tenant) => ({ tenant, bytes: sizeOf(directory, tenant) }))),
    async close() {
      isOpen = false;
      await files.close();
      if (!options.writer) await writer.close();
    },
  };
}

/** How often a fault that stays is told of. */
const repeatMs = 60_000;

/** Tells of faults of files, each no more than once in a while. */
function createFaultReporter(observe: Observe): FilesOptions['failed'] {
  const told = new Map<string, number>();
  return (path, { type, message }) => {
    const fault = `${path} ${type}`;
    const before = told.get(fault);
    const now = performance.now();
    const isToBeTold = before === undefined || now - before > repeatMs;
    if (isToBeTold) told.set(fault, now);
    observe({ kind: 'storeFailed', problem: type, reason: message, isRepeated: !isToBeTold });
  };
}

async function tenantsWith(
  directory: string,
  shelf: string,
  { yieldToEventLoop, failed }: Pick<FilesOptions, 'yieldToEventLoop' | 'failed'>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const tenant of tenantsIn(directory)) {
    const rest = yieldToEventLoop();
    if (rest) await rest;
    try {
      if (hasDocuments(directory, tenant, shelf)) found.push(tenant);
    } catch (error) {
      const path = join(directory, fileOf(tenant));
      const problem = problemOf(error, path);
      if (problem instanceof Problem) failed(path, problem);
      // It may be readable by the time that it is opened, and what is wrong is told then, too.
      found.push(tenant);
    }
  }
  return found;
}
