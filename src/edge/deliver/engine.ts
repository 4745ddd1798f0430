/**
 * Delivers notifications of the stored subscriptions of all tenants. Each subscription is a durable consumer of the change log (clause
 * 5.8.6).
 */
import { performance } from 'node:perf_hooks';
import type { SubscriptionDocument } from '../../core/model/subscription.ts';
import type { Messenger } from '../../core/port/messenger.ts';
import type { Store } from '../../core/port/store.ts';
import { isSnapshotStore } from '../../core/port/snapshot-store.ts';
import { subscribedSnapshots } from '../../core/port/subscribed-snapshots.ts';
import { type Subscriptions, subscriptionCollection } from '../../core/port/subscriptions.ts';
import { registrationCollectionOf } from '../../core/federation/registration-store.ts';
import { sourceCollectionOf } from '../../core/federation/source-store.ts';
import { readRegistrationSubscription } from '../../core/subscription/read-registration-subscription.ts';
import { readAddressed } from '../../core/subscription/read-addressed.ts';
import { checkNew, contextsOf, readStored, type StoredPlan } from '../../core/subscription/read-stored.ts';
import { readStoredV2 } from '../../core/subscription/v2/read-stored.ts';
import { Problem } from '../../core/model/problem.ts';
import { watchClock } from './clock-watch.ts';
import { createEndpointScheduler, type EndpointScheduler } from './endpoint-scheduler.ts';
import type { DeliveryServices } from './environment.ts';
import { createRegistrationInterest } from './registration-interest.ts';
import { endDeleted, endDelivery, type OpenTenants, originOf } from './snapshot-tenants.ts';
import { openTenant, type Tenant } from './tenant.ts';
import { createWatchers, type Watchers } from './watchers.ts';

export interface DeliveryOptions {
  /** What the subscriptions are about. Absent: entities. */
  readonly about?: Subscriptions['about'];
  readonly messenger: Messenger;
  /** Most notifications in flight. */
  readonly concurrency: number;
  /** Most attempts at a notification at which the receiver fails. */
  readonly attemptsMax: number;
  /** Most dead letters that are kept for a subscription. */
  readonly deadLettersMax: number;
  readonly services: DeliveryServices;
}

export interface DeliveryEngine {
  readonly subscriptions: Subscriptions;
  /** Opens all tenants and continues to deliver what is not delivered yet. */
  start(): Promise<void>;
  /** Waits a short time for notifications in flight, then stores all progress. */
  stop(): Promise<void>;
}

/** How often the engine looks for tenants that other brokers on the store have created. */
const searchMs = 1000;
/** The delay before the engine tries again to open tenants that failed to open. */
const retryMs = 10_000;
/**
 * The grace period for notifications in flight at shutdown. The same time again applies after their messages are abandoned, and to storing
 * progress.
 */
const graceMs = 2000;

const chances = { nowMs: () => performance.now(), chance: () => Math.random() };

interface Engine extends DeliveryOptions {
  readonly about: Subscriptions['about'];
  readonly scheduler: EndpointScheduler;
  readonly tenants: OpenTenants;
  readonly watchers: Watchers;
  /** Looks for tenants that other brokers have created. */
  search: NodeJS.Timeout | undefined;
  /** Stops the watch of the wall clock. */
  unwatch: () => void;
  /** Retries tenants that failed to open. */
  later: NodeJS.Timeout | undefined;
  isStopped: boolean;
}

export function createDeliveryEngine(options: DeliveryOptions): DeliveryEngine {
  const { about = 'entities', services, messenger, concurrency } = options;
  const scheduler = createEndpointScheduler({
    messenger,
    concurrency,
    observe: services.observe,
    ...chances,
  });
  const unfollow = services.stores.partitions.onLapse(() => scheduler.abandonForeign());
  const watchers = createWatchers();
  const engine: Engine = {
    ...options,
    about,
    scheduler,
    watchers,
    tenants: new Map(),
    search: undefined,
    unwatch: () => undefined,
    later: undefined,
    isStopped: false,
  };
  const unfollowSnapshots = services.snapshots.onRelease((store) => endDelivery(engine.tenants, store));
  return {
    subscriptions: createSubscriptions(engine),
    async start() {
      await openAll(engine);
      engine.unwatch = watchClock({ ...chances, clock: services.clock, onSet: () => refreshAll(engine) });
      if (services.stores.partitions.count > 1) engine.search = setInterval(() => void search(engine), searchMs);
    },
    stop: () =>
      stop(engine).finally(() => {
        unfollow();
        unfollowSnapshots();
      }),
  };
}

/** The port that operations use. */
function createSubscriptions(engine: Engine): Subscriptions {
  const { watchers, about } = engine;
  return {
    about,
    check: async (tenant, document) => {
      if (!document.v2) checkNew(document);
      await read(engine, tenant, document);
    },
    refresh: async (tenant, id) => {
      (await tenantOf(engine, tenant))?.refresh(id);
      watchers.notify(tenant, id);
    },
    forgetChanges: async (tenant) => (await engine.tenants.get(tenant))?.forgetChanges(),
    watch: watchers.watch,
    statistics: async (tenant, document) => {
      const statistics = await (await tenantOf(engine, tenant))?.statistics(document);
      return statistics && statistics.timesSent > 0 ? statistics : undefined;
    },
    explain: async (tenant, document, about) => {
      const opened = await tenantOf(engine, tenant);
      if (!opened) throw new Error(`The tenant ${tenant} is not there any more.`);
      return opened.explain(document, about);
    },
    replay: async (tenant, document, keys) => (await tenantOf(engine, tenant))?.replay(document, keys),
  };
}

/** Checks all subscriptions again after the wall clock was set, because expiry and due times depend on it. */
function refreshAll({ tenants }: Engine): void {
  for (const opening of tenants.values())
    void opening.then(
      (tenant) => tenant?.refreshAll(),
      () => undefined,
    );
}

/** The names in the store of the tenant of the collections of `storeOf`. */
const collectionsOf = {
  entities: (name: string) => name,
  registrations: registrationCollectionOf,
  sources: sourceCollectionOf,
} as const;

async function openAll(engine: Engine): Promise<void> {
  const { about, tenants, services } = engine;
  const snapshots = about === 'entities' ? await (await subscribedSnapshots(services.stores)).keys() : [];
  await endDeleted(tenants, snapshots, services.stores);
  const found = await services.stores.tenantsWith(collectionsOf[about](subscriptionCollection));
  for (const name of [...found.filter((one) => !isSnapshotStore(one)), ...snapshots]) {
    // A tenant that cannot be opened does not block the others.
    await tenantOf(engine, name).catch((cause: unknown) => {
      engine.later ??= setTimeout(() => {
        engine.later = undefined;
        void search(engine);
      }, retryMs);
      if (!(cause instanceof Problem)) services.observe({ kind: 'failed', where: 'subscriptions', cause });
    });
  }
}

async function search(engine: Engine): Promise<void> {
  await openAll(engine).catch((cause: unknown) => {
    // A Problem means that the store is unavailable, which all its other users report.
    if (!(cause instanceof Problem)) engine.services.observe({ kind: 'failed', where: 'subscriptions', cause });
  });
}

/** Opens a tenant and runs its subscriptions. Undefined when the tenant does not exist. */
function tenantOf(engine: Engine, name: string): Promise<Tenant | undefined> {
  const known = engine.tenants.get(name);
  if (known) return known;
  const opened = open(engine, name);
  engine.tenants.set(name, opened);
  // A tenant that does not exist or cannot be opened now may be available later.
  opened.then(
    (tenant) => tenant ?? engine.tenants.delete(name),
    () => engine.tenants.delete(name),
  );
  return opened;
}

/** `name`: that of the tenant, or of the store of a snapshot. */
async function open(engine: Engine, name: string): Promise<Tenant | undefined> {
  const { about, services, scheduler, attemptsMax, deadLettersMax } = engine;
  const origin = await originOf(name, services.stores);
  const store = engine.isStopped || !origin ? undefined : await storeOf(engine, name);
  return (
    store &&
    origin &&
    openTenant({
      ...origin,
      about,
      store,
      services,
      scheduler,
      attemptsMax,
      deadLettersMax,
      ...chances,
      read: (document) => read(engine, origin.tenant, document),
      changedElsewhere: (id) => engine.watchers.notify(name, id),
    })
  );
}

/** The store in whose log the changes are that the subscriptions are about. */
function storeOf({ about, services }: Engine, tenant: string): Promise<Store | undefined> {
  if (about === 'entities') return services.stores.open(tenant, false);
  return about === 'registrations' ? services.registrations.storeOf(tenant) : services.sourceStores.of(tenant);
}

async function read(
  { about, services, messenger }: Engine,
  tenant: string,
  document: SubscriptionDocument,
): Promise<StoredPlan> {
  const { v2, context } = document;
  if (v2)
    return readStoredV2(document, { context: await services.contexts.resolve(context, tenant), tenant, messenger });
  const contexts = await contextsOf(document, (context) => services.contexts.resolve(context, tenant));
  if (about === 'entities') return readStored(document, contexts, messenger);
  if (about === 'sources') return readAddressed(document, contexts, messenger);
  const { stored, query } = readRegistrationSubscription(document, contexts, messenger);
  const terms = stored.notified;
  return { ...stored, registrations: await createRegistrationInterest({ document, query, tenant, terms, services }) };
}

async function stop(engine: Engine): Promise<void> {
  engine.isStopped = true;
  clearInterval(engine.search);
  engine.unwatch();
  clearTimeout(engine.later);
  const opened = await Promise.allSettled(engine.tenants.values());
  const tenants = opened.flatMap((one) => (one.status === 'fulfilled' ? (one.value ?? []) : []));
  const ended = Promise.all([engine.scheduler.stop(), ...tenants.map((tenant) => tenant.end())]);
  await withinGrace(ended);
  await engine.messenger.close();
  // A store that does not answer must not block the shutdown.
  await withinGrace(ended);
  await withinGrace(Promise.all(tenants.map((tenant) => tenant.close())));
}

/** Waits for the work, at most for the grace period. */
async function withinGrace(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([work, grace]).finally(() => clearTimeout(timer));
}
