/** Delivers notifications of stored subscriptions: durable consumers of the change log, of all tenants (clause 5.8.6). */
import { performance } from 'node:perf_hooks';
import type { SubscriptionDocument } from '../../core/model/subscription.ts';
import type { Messenger } from '../../core/port/messenger.ts';
import { type Subscriptions, subscriptionCollection } from '../../core/port/subscriptions.ts';
import { checkNew, contextsOf, readStored, type StoredPlan } from '../../core/subscription/read-stored.ts';
import { Problem } from '../../core/model/problem.ts';
import { watchClock } from './clock-watch.ts';
import { createEndpointScheduler, type EndpointScheduler } from './endpoint-scheduler.ts';
import type { DeliveryWorld } from './environment.ts';
import { openTenant, type Tenant } from './tenant.ts';
import { createWatchers, type Watchers } from './watchers.ts';

export interface DeliveryOptions {
  readonly messenger: Messenger;
  /** Notifications under way at a time. */
  readonly concurrency: number;
  /** Attempts at a notification at which its receiver fails. */
  readonly attemptsMax: number;
  /** Dead letters that are kept of a subscription. */
  readonly deadLettersMax: number;
  readonly world: DeliveryWorld;
}

export interface DeliveryEngine {
  readonly subscriptions: Subscriptions;
  /** Goes on with what the subscriptions of all tenants have not been told yet. */
  start(): Promise<void>;
  /** Waits a little for what is under way, and writes down how far everything has come. */
  stop(): Promise<void>;
}

/** How often tenants are looked for that other brokers on the store have made. */
const searchMs = 1000;
/** How long to wait before tenants are tried again that could not be opened. */
const retryMs = 10_000;
/** How long what is under way may take when the broker stops: as long again when its messages were abandoned, and for the writing down. */
const graceMs = 2000;

const chances = { nowMs: () => performance.now(), chance: () => Math.random() };

interface Engine extends DeliveryOptions {
  readonly scheduler: EndpointScheduler;
  readonly tenants: Map<string, Promise<Tenant | undefined>>;
  readonly watchers: Watchers;
  /** Looks for tenants that other brokers have made. */
  search: NodeJS.Timeout | undefined;
  /** Ends the watch over the wall clock. */
  unwatch: () => void;
  /** Tries again to open the tenants that could not be. */
  later: NodeJS.Timeout | undefined;
  isStopped: boolean;
}

export function createDeliveryEngine(options: DeliveryOptions): DeliveryEngine {
  const { world, messenger, concurrency } = options;
  const scheduler = createEndpointScheduler({
    messenger,
    concurrency,
    observe: world.observe,
    ...chances,
  });
  const unfollow = world.stores.partitions.onLapse(() => scheduler.abandonForeign());
  const watchers = createWatchers();
  const engine: Engine = {
    ...options,
    scheduler,
    watchers,
    tenants: new Map(),
    search: undefined,
    unwatch: () => undefined,
    later: undefined,
    isStopped: false,
  };
  return {
    subscriptions: createSubscriptions(engine),
    async start() {
      await openAll(engine);
      engine.unwatch = watchClock({ ...chances, clock: world.clock, onSet: () => refreshAll(engine) });
      if (world.stores.partitions.count > 1) engine.search = setInterval(() => void search(engine), searchMs);
    },
    stop: () => stop(engine).finally(unfollow),
  };
}

/** What operations ask of the engine. */
function createSubscriptions(engine: Engine): Subscriptions {
  const { watchers } = engine;
  return {
    check: async (tenant, document) => {
      checkNew(document);
      await read(engine, tenant, document);
    },
    refresh: async (tenant, id) => {
      (await tenantOf(engine, tenant))?.refresh(id);
      watchers.notify(tenant, id);
    },
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

/** What has expired, or was due, by a clock that was set has not, or is not, by what it shows now. */
function refreshAll({ tenants }: Engine): void {
  for (const opening of tenants.values())
    void opening.then(
      (tenant) => tenant?.refreshAll(),
      () => undefined,
    );
}

async function openAll(engine: Engine): Promise<void> {
  for (const name of await engine.world.stores.tenantsWith(subscriptionCollection)) {
    // A tenant that cannot be opened keeps no other from being served.
    await tenantOf(engine, name).catch((cause: unknown) => {
      engine.later ??= setTimeout(() => {
        engine.later = undefined;
        void search(engine);
      }, retryMs);
      if (!(cause instanceof Problem)) engine.world.observe({ kind: 'failed', where: 'subscriptions', cause });
    });
  }
}

async function search(engine: Engine): Promise<void> {
  await openAll(engine).catch((cause: unknown) => {
    // That the store is away is said by everybody who asks it.
    if (!(cause instanceof Problem)) engine.world.observe({ kind: 'failed', where: 'subscriptions', cause });
  });
}

/** The subscriptions of a tenant, which are carried out from then on; undefined when there is no such tenant. */
function tenantOf(engine: Engine, name: string): Promise<Tenant | undefined> {
  const known = engine.tenants.get(name);
  if (known) return known;
  const opened = open(engine, name);
  engine.tenants.set(name, opened);
  // A tenant that is not there, or cannot be opened now, may be later.
  opened.then(
    (tenant) => tenant ?? engine.tenants.delete(name),
    () => engine.tenants.delete(name),
  );
  return opened;
}

async function open(engine: Engine, tenant: string): Promise<Tenant | undefined> {
  const { world, scheduler, attemptsMax, deadLettersMax } = engine;
  const store = engine.isStopped ? undefined : await world.stores.open(tenant, false);
  return (
    store &&
    openTenant({
      tenant,
      store,
      world,
      scheduler,
      attemptsMax,
      deadLettersMax,
      ...chances,
      read: (document) => read(engine, tenant, document),
      changedElsewhere: (id) => engine.watchers.notify(tenant, id),
    })
  );
}

async function read({ world, messenger }: Engine, tenant: string, document: SubscriptionDocument): Promise<StoredPlan> {
  const contexts = await contextsOf(document, (context) => world.contexts.resolve(context, tenant));
  return readStored(document, contexts, messenger);
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
  // A store that does not answer keeps nobody from stopping.
  await withinGrace(ended);
  await withinGrace(Promise.all(tenants.map((tenant) => tenant.close())));
}

/** Until it is done, but no longer than the grace. */
async function withinGrace(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([work, grace]).finally(() => clearTimeout(timer));
}
