/** The MongoDB store: one database per tenant on a replica set. Several brokers may share it. */
import { randomUUID } from 'node:crypto';
import type { Collection, Db, MongoClient } from 'mongodb';
import { Problem } from '../../core/model/problem.ts';
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { Stores, TenantSize } from '../../core/port/store.ts';
import { createAuditTrail } from './audit-trail.ts';
import { connect, databaseIn, withDatabase } from './connection.ts';
import { databaseOf } from './database-name.ts';
import { startRollupWorker } from './history/rollup-worker.ts';
import { openCollections } from './open-collections.ts';
import { openOneTimeStore } from './one-time-store.ts';
import { noLeases } from './no-leases.ts';
import { openPartitionLeases, type PartitionLeases } from './partition-leases.ts';
import { type OpenStore, openStore, type StoreOptions } from './store.ts';
import type { WriterLimits } from './writer/writer.ts';

export interface MongoOptions {
  /** `mongodb://HOST,HOST/DATABASE?replicaSet=NAME`. DATABASE is the prefix of all database names; default: `mlaka`. */
  readonly url: string;
  readonly observe?: Observe;
  /** Called between the writes of a transaction; absent: the event loop is blocked meanwhile. */
  readonly yieldToEventLoop?: YieldToEventLoop;
  /** How much may wait for the database. More writes are refused. */
  readonly limits?: Partial<WriterLimits>;
  /** True: another thread of this broker writes and does the work in the background. This one cannot write and has no partitions. */
  readonly isOnlyRead?: boolean;
}

/** The connections of a thread that only reads to each server: no more reads are executed at a time. */
const readConnectionsMax = 32;

/** Registers a tenant in the default tenant's database. */
interface TenantDocument {
  readonly _id: string;
  readonly database: string;
}

const usualLimits: WriterLimits = { pendingMax: 20_000 };

const withDefaults = ({
  observe = () => undefined,
  yieldToEventLoop = () => undefined,
  limits,
}: MongoOptions): Pick<StoreOptions, 'observe' | 'yieldToEventLoop' | 'limits'> => ({
  observe,
  yieldToEventLoop,
  limits: { ...usualLimits, ...limits },
});

/** Throws an Error with the reason when the database does not answer or cannot be used. */
export async function openMongoStores(options: MongoOptions): Promise<Stores> {
  const { observe, ...usual } = withDefaults(options);
  const client = await connect(options.url, options.isOnlyRead ? { maxPoolSize: readConnectionsMax } : {});
  const prefix = databaseIn(client);
  const registry: Collection<TenantDocument> = client.db(prefix).collection('tenants');
  const node = randomUUID();
  const oneTimeStore = await openOneTimeStore(client.db(prefix).collection('notes'));
  const leases = await (options.isOnlyRead ? noLeases : openLeases(client, node, observe));
  const { startSession, isCurrent } = leases;
  const opened = createOpened(async (database) =>
    openStore(await openCollections(client.db(database), startSession), { ...usual, node, isCurrent, observe }),
  );
  const stopRollupWorker = startRollupWorker({
    stores: async () => (await opened.all()).map(({ computeRollups }) => computeRollups),
    // Runs on the same broker as the other background jobs.
    isMine: () => leases.partitions.holds(0),
    observe,
  });
  let isOpen = true;
  return {
    partitions: leases.partitions,
    oneTimeStore,
    audit: createAuditTrail(client.db(prefix).collection('audit')),
    async open(tenant, create) {
      if (!isOpen) throw new Problem('Unavailable', 'The store is closed.');
      const database = databaseOf(prefix, tenant);
      const isOpened = tenant === '' || opened.has(tenant);
      if (!isOpened && !(await withDatabase(register(registry, { _id: tenant, database }, create)))) return undefined;
      return (await withDatabase(opened.get(tenant, database))).store;
    },
    drop: (tenant) => drop(tenant, { opened, registry, database: client.db(databaseOf(prefix, tenant)) }),
    ...listing(registry, (tenant) => client.db(databaseOf(prefix, tenant))),
    async close() {
      isOpen = false;
      await stopRollupWorker();
      await leases.close();
      for (const store of await opened.all()) await store.close();
      await client.close();
    },
  };
}

const openLeases = (client: MongoClient, node: string, observe: Observe): Promise<PartitionLeases> =>
  openPartitionLeases({ client, leases: client.db(databaseIn(client)).collection('leases'), node, observe });

interface Dropping {
  readonly opened: Opened;
  readonly registry: Collection<TenantDocument>;
  readonly database: Db;
}

async function drop(tenant: string, { opened, registry, database }: Dropping): Promise<void> {
  await opened.close(tenant);
  await withDatabase(registry.deleteOne({ _id: tenant }));
  await withDatabase(database.dropDatabase());
}

interface Opened {
  readonly has: (tenant: string) => boolean;
  /** Opens the store if need be. */
  readonly get: (tenant: string, database: string) => Promise<OpenStore>;
  /** Closes the store if it is open. It is opened again on the next use. */
  readonly close: (tenant: string) => Promise<void>;
  /** The stores that opened successfully. */
  readonly all: () => Promise<readonly OpenStore[]>;
}

function createOpened(open: (database: string) => Promise<OpenStore>): Opened {
  const opened = new Map<string, Promise<OpenStore>>();
  return {
    has: (tenant) => opened.has(tenant),
    get(tenant, database) {
      const known = opened.get(tenant);
      if (known) return known;
      const fresh = open(database);
      opened.set(tenant, fresh);
      // A store that failed to open is tried again on the next use.
      fresh.catch(() => opened.delete(tenant));
      return fresh;
    },
    async close(tenant) {
      const known = opened.get(tenant);
      opened.delete(tenant);
      const store = await known?.catch(() => undefined);
      await store?.close();
    },
    all: async () =>
      (await Promise.allSettled(opened.values())).flatMap((one) => (one.status === 'fulfilled' ? one.value : [])),
  };
}

/** All tenants count as in use and as having documents: an unused database costs nothing, while asking each would. */
function listing(
  registry: Collection<TenantDocument>,
  databaseFor: (tenant: string) => Db,
): Pick<Stores, 'tenants' | 'tenantsInUse' | 'tenantsWith' | 'sizes'> {
  const tenants = (): Promise<readonly string[]> => tenantsIn(registry);
  return {
    tenants,
    tenantsInUse: tenants,
    tenantsWith: tenants,
    sizes: async () => Promise.all((await tenants()).map((tenant) => sizeOf(tenant, databaseFor(tenant)))),
  };
}

const tenantsIn = async (registry: Collection<TenantDocument>): Promise<readonly string[]> => [
  '',
  ...(await withDatabase(registry.find().toArray())).map(({ _id }) => _id),
];

async function sizeOf(tenant: string, database: Db): Promise<TenantSize> {
  const stats = await withDatabase(database.stats());
  return { tenant, bytes: { data: Number(stats['storageSize']), indexes: Number(stats['indexSize']) } };
}

/** False when the tenant does not exist and `create` is false. */
async function register(
  registry: Collection<TenantDocument>,
  { _id, database }: TenantDocument,
  create: boolean,
): Promise<boolean> {
  if (await registry.findOne({ _id })) return true;
  if (create) await registry.updateOne({ _id }, { $setOnInsert: { database } }, { upsert: true });
  return create;
}
