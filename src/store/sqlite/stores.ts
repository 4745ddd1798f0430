/** The embedded store: a folder with one SQLite file per tenant. */
import { existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import { createOneTimeStore } from '../../core/port/one-time-store.ts';
import { allPartitions } from '../../core/port/partitions.ts';
import type { Store, Stores } from '../../core/port/store.ts';
import { Problem } from '../../core/model/problem.ts';
import { auditFile, createAuditTrail } from './audit/audit-trail.ts';
import { problemOf } from './failure.ts';
import { createOpenFiles, type OpenFiles, type OpenFilesOptions } from './open-files.ts';
import { hasDocuments } from './peek.ts';
import { rescueWals } from './rescue-wal.ts';
import { createStoreOnUse } from './store-on-use.ts';
import { fileOf, sizeOf, tenantOf, tenantsIn } from './tenant-file.ts';
import type { WriterLimits } from './writer/pending-requests.ts';
import { defaultWriterLimits, startWriter, type Writer } from './writer/writer.ts';

export interface SqliteOptions {
  /** The folder of the files. It is created if need be. */
  readonly directory: string;
  readonly observe?: Observe;
  readonly yieldToEventLoop: YieldToEventLoop;
  /** How much may wait for the disk. More writes are refused. */
  readonly limits?: Partial<WriterLimits>;
  /** Above this number of open files, unused ones are closed. `idleMs`: how long an idle file stays open. */
  readonly openMax?: number;
  readonly idleMs?: number;
  /** Called when the writer has failed for good and no write is possible. */
  readonly fatal?: (cause: Error) => void;
  /** A shared writer, which its owner closes. Absent: the stores start their own writer and close it. */
  readonly writer?: Writer;
  /** True when another thread has opened the folder: its write-ahead logs are in use, and are not looked at. */
  readonly isOpenElsewhere?: boolean;
}

/** Stores in files, which can be closed. */
export interface FileStores extends Stores {
  /** Closes the file of a tenant after its present users are done: nothing of it stays in memory. The next use opens it again. */
  readonly release: (tenant: string) => Promise<void>;
}

const defaultOpenMax = 100;
const defaultIdleMs = 60_000;

/** Calls of a store throw an Error when a newer program wrote its file, and TenantUnavailable when the file cannot be used. */
export function createSqliteStores(options: SqliteOptions): FileStores {
  const { directory, yieldToEventLoop, observe = () => undefined, limits, fatal } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (options.isOpenElsewhere !== true) for (const damaged of rescueWals(directory)) observe(damaged);
  const writer = options.writer ?? startWriter({ observe, limits: { ...defaultWriterLimits, ...limits }, fatal });
  const failed = createFaultReporter(observe);
  const { openMax: openMax = defaultOpenMax, idleMs = defaultIdleMs } = options;
  const files = createOpenFiles({ writer, yieldToEventLoop, openMax, idleMs, failed });
  const stores = createStoreCache({ files, writer });
  const audit = createAuditTrail(join(directory, auditFile));
  let isOpen = true;

  return {
    async open(tenant, create) {
      if (!isOpen) throw new Problem('Unavailable', 'The store is closed.');
      const path = join(directory, fileOf(tenant));
      if (stores.has(path) || existsSync(path)) return stores.get(path);
      if (!create && tenant !== '') return undefined;
      files.readmit(path);
      await files.use(path, () => Promise.resolve());
      return stores.get(path);
    },
    release: (tenant) => files.closeNow(join(directory, fileOf(tenant))),
    drop: (tenant) => stores.remove(join(directory, fileOf(tenant))),
    partitions: allPartitions,
    oneTimeStore: createOneTimeStore(),
    audit,
    tenants: () => Promise.resolve([...new Set(['', ...tenantsIn(directory)])]),
    tenantsInUse: () => Promise.resolve(files.paths().flatMap((path) => tenantOf(basename(path)) ?? [])),
    tenantsWith: (collection) => tenantsWith(directory, collection, { yieldToEventLoop, failed }),
    sizes: () => Promise.resolve(tenantsIn(directory).map((tenant) => ({ tenant, bytes: sizeOf(directory, tenant) }))),
    async close() {
      isOpen = false;
      await files.close();
      await audit.close();
      if (!options.writer) await writer.close();
    },
  };
}

interface StoreCache {
  readonly has: (path: string) => boolean;
  readonly get: (path: string) => Store;
  /** Deletes the file. */
  readonly remove: (path: string) => Promise<void>;
}

function createStoreCache(place: { readonly files: OpenFiles; readonly writer: Writer }): StoreCache {
  const stores = new Map<string, Store>();
  return {
    has: (path) => stores.has(path),
    get(path) {
      const store = stores.get(path) ?? createStoreOnUse({ path, ...place });
      stores.set(path, store);
      return store;
    },
    remove(path) {
      stores.delete(path);
      return place.files.remove(path);
    },
  };
}

/** The interval between reports of a persistent fault. */
const repeatMs = 60_000;

/** Reports faults of files. Marks a fault as repeated when it was reported a short time ago. */
function createFaultReporter(observe: Observe): OpenFilesOptions['failed'] {
  const reportedAt = new Map<string, number>();
  return (path, { type, message }) => {
    const fault = `${path} ${type}`;
    const before = reportedAt.get(fault);
    const now = performance.now();
    const isNew = before === undefined || now - before > repeatMs;
    if (isNew) reportedAt.set(fault, now);
    observe({ kind: 'storeFailed', problem: type, reason: message, isRepeated: !isNew });
  };
}

async function tenantsWith(
  directory: string,
  collection: string,
  { yieldToEventLoop, failed }: Pick<OpenFilesOptions, 'yieldToEventLoop' | 'failed'>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const tenant of tenantsIn(directory)) {
    const rest = yieldToEventLoop();
    if (rest) await rest;
    try {
      if (hasDocuments(directory, tenant, collection)) found.push(tenant);
    } catch (error) {
      const path = join(directory, fileOf(tenant));
      const problem = problemOf(error, path);
      if (problem instanceof Problem) failed(path, problem);
      // The file may be readable when it is opened. If not, that reports the fault too.
      found.push(tenant);
    }
  }
  return found;
}
