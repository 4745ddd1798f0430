/**
 * Keeps copies of subscriptions at context sources, in the background (clause 5.8.1.4): whenever a subscription, a registration or a grant
 * has changed, when the broker starts, and again after failures.
 */
import type { RegistrationIndex } from '../../../core/federation/registration-index.ts';
import { copyCollection, sourceCollectionOf, type SourceStore } from '../../../core/federation/source-store.ts';
import { backoffMs } from '../../../core/subscription/backoff.ts';
import { Problem } from '../../../core/model/problem.ts';
import { type SubscriptionDocument, subscriptionIn, subscriptionJson } from '../../../core/model/subscription.ts';
import { forEachSource } from '../../../core/operation/distributed/concerned-sources.ts';
import { targetOf } from '../../../core/operation/distributed/source-request.ts';
import type { Services } from '../../../core/operation/operation.ts';
import { readEach } from '../../../core/port/document-collection.ts';
import { partitionOf } from '../../../core/port/partitions.ts';
import { isSnapshotStore } from '../../../core/port/snapshot-store.ts';
import type { Sources } from '../../../core/port/sources.ts';
import { type Subscriptions, subscriptionCollection } from '../../../core/port/subscriptions.ts';
import { type Copy, copyIn } from './copy.ts';
import { forwardingCall, type Place } from './forwarding-call.ts';
import { reconcile } from './reconcile.ts';
import { wantedCopies } from './wanted.ts';

export interface ForwardingOptions {
  readonly services: Services;
  readonly sources: Sources;
  /** Delivers what sources notify. */
  readonly delivery: Pick<Subscriptions, 'refresh'>;
  /** The URL at which sources notify of a copy. */
  readonly notifyUrl: (tenant: string, copy: string) => string;
  /** A random number from 0 to 1. */
  readonly chance: () => number;
}

export interface Forwarding {
  /** Brings the copies of all tenants in step, and follows changes from then on. */
  start(): Promise<void>;
  /** The subscription was created, changed or deleted. */
  refresh(tenant: string, id: string): void;
  /** Whether subscriptions of the tenant have had copies, as far as this broker knows. */
  hasCopies(tenant: string): boolean;
  /** Resolves when no request is under way. */
  stop(): Promise<void>;
}

/** How often expired registrations and subscriptions are looked for. */
const lookMs = 30_000;

/** What is to be brought in step in a tenant. */
interface Tenant {
  readonly name: string;
  /** Ids of subscriptions; or all. */
  due: Set<string> | 'all';
  /** The registrations that have copies. */
  registrations: Set<string>;
  hasCopies: boolean;
  running: Promise<void> | undefined;
  failures: number;
  timer: NodeJS.Timeout | undefined;
  readonly unfollow: () => void;
}

interface State extends ForwardingOptions {
  readonly tenants: Map<string, Promise<Tenant | undefined>>;
  readonly known: Map<string, Tenant>;
  isStopped: boolean;
}

export function createForwarding(options: ForwardingOptions): Forwarding {
  const state: State = { ...options, tenants: new Map(), known: new Map(), isStopped: false };
  const { services } = options;
  let stops: readonly (() => void)[] = [];
  return {
    async start() {
      const look = setInterval(() => void dueForAll(state, ({ hasCopies }) => hasCopies), lookMs);
      stops = [
        () => clearInterval(look),
        services.registrations.follow((tenant, id) => void onRegistration(state, tenant, id)),
        services.access.follow(() => void dueForAll(state)),
        services.stores.partitions.follow((_, event) =>
          Promise.resolve(event === 'gained' ? dueForAll(state) : undefined),
        ),
      ];
      await openAll(state);
    },
    refresh: (tenant, id) => void due(state, tenant, new Set([id])),
    hasCopies: (tenant) => state.known.get(tenant)?.hasCopies === true,
    async stop() {
      state.isStopped = true;
      for (const stop of stops) stop();
      for (const tenant of state.known.values()) {
        clearTimeout(tenant.timer);
        tenant.unfollow();
      }
      await Promise.all([...state.known.values()].map(async ({ running }) => running));
    },
  };
}

async function openAll(state: State): Promise<void> {
  const { stores, observe } = state.services;
  try {
    const collections = [subscriptionCollection, sourceCollectionOf(copyCollection)];
    const names = new Set((await Promise.all(collections.map((one) => stores.tenantsWith(one)))).flat());
    for (const name of names) if (!isSnapshotStore(name)) await due(state, name, 'all');
  } catch (cause) {
    observe({ kind: 'failed', where: 'subscriptions at sources', cause });
  }
}

async function dueForAll(state: State, isMeant: (tenant: Tenant) => boolean = () => true): Promise<void> {
  for (const tenant of [...state.known.values()]) if (isMeant(tenant)) await due(state, tenant.name, 'all');
}

/** Only registrations that are for subscriptions, or were, matter. */
async function onRegistration(state: State, name: string, id: string | undefined): Promise<void> {
  const index = await state.services.registrations.of(name);
  const offers = id === undefined || index.get(id)?.operations.has('createSubscription') === true;
  if (offers || state.known.get(name)?.registrations.has(id) === true) await due(state, name, 'all');
}

/** Never rejects. */
async function due(state: State, name: string, ids: Tenant['due']): Promise<void> {
  const tenant = await tenantOf(state, name).catch(() => undefined);
  if (!tenant || state.isStopped) return;
  if (tenant.due === 'all' || ids === 'all') tenant.due = 'all';
  else for (const id of ids) tenant.due.add(id);
  tenant.running ??= run(state, tenant).finally(() => {
    tenant.running = undefined;
  });
}

function tenantOf(state: State, name: string): Promise<Tenant | undefined> {
  const known = state.tenants.get(name);
  if (known) return known;
  const opened = openTenant(state, name);
  state.tenants.set(name, opened);
  opened.then(
    (tenant) => tenant ?? state.tenants.delete(name),
    () => state.tenants.delete(name),
  );
  return opened;
}

async function openTenant(state: State, name: string): Promise<Tenant | undefined> {
  const store = await state.services.stores.open(name, false);
  if (!store) return undefined;
  const unfollow = store
    .collection(subscriptionCollection)
    .follow((key) => void due(state, name, key === undefined ? 'all' : new Set([key])));
  const tenant: Tenant = {
    name,
    due: new Set(),
    registrations: new Set(),
    hasCopies: false,
    running: undefined,
    failures: 0,
    timer: undefined,
    unfollow,
  };
  state.known.set(name, tenant);
  // What a broker before this one has left is known before a subscription is changed.
  tenant.due = 'all';
  return tenant;
}

/** Works until nothing is due. Never rejects. */
async function run(state: State, tenant: Tenant): Promise<void> {
  while (!state.isStopped && (tenant.due === 'all' || tenant.due.size > 0)) {
    const ids = tenant.due;
    tenant.due = new Set();
    const isDone = await step(state, tenant, ids).catch((cause: unknown) => {
      if (!(cause instanceof Problem))
        state.services.observe({ kind: 'failed', where: 'subscriptions at sources', cause });
      return false;
    });
    tenant.failures = isDone ? 0 : tenant.failures + 1;
    if (!isDone) tryLater(state, tenant);
  }
}

function tryLater(state: State, tenant: Tenant): void {
  clearTimeout(tenant.timer);
  if (state.isStopped) return;
  tenant.timer = setTimeout(() => void due(state, tenant.name, 'all'), backoffMs(tenant.failures, state.chance()));
  tenant.timer.unref();
}

/** Returns whether all copies are as they should be. */
async function step(state: State, tenant: Tenant, ids: Tenant['due']): Promise<boolean> {
  const { services } = state;
  const { name } = tenant;
  const index = await services.registrations.of(name);
  const [store, sourceStore] = [await services.stores.open(name, false), await services.sourceStores.of(name)];
  if (!store || !sourceStore) return true;
  const copies = await readCopies(sourceStore, services);
  tenant.registrations = new Set(copies.map(({ registration }) => registration.id));
  tenant.hasCopies ||= copies.length > 0 || (await sourceStore.collection(subscriptionCollection).keys()).length > 0;
  const isUsed = index.some(({ operations }) => operations.has('createSubscription'));
  if (!isUsed && !tenant.hasCopies) return true;
  const place: Place = { tenant: name, store, services };
  const byId = Map.groupBy(copies, ({ subscription }) => subscription);
  const all = ids === 'all' ? [...(await store.collection(subscriptionCollection).keys()), ...byId.keys()] : [...ids];
  const left = ids === 'all' ? await sourceStore.collection(subscriptionCollection).keys() : [];
  const own = [...new Set([...all, ...left])].filter((id) => isOwn(name, id, services));
  const results = await forEachSource(own, (id) =>
    stepOne(id, { state, tenant, place, index, sourceStore, copies: byId.get(id) ?? [] }),
  );
  return results.every((isDone) => isDone);
}

const isOwn = (tenant: string, id: string, { stores: { partitions } }: Services): boolean =>
  partitions.holds(partitionOf(`${tenant} ${id}`, partitions.count));

interface Step {
  readonly state: State;
  readonly tenant: Tenant;
  readonly place: Place;
  readonly index: RegistrationIndex;
  readonly sourceStore: SourceStore;
  readonly copies: readonly Copy[];
}

async function stepOne(id: string, one: Step): Promise<boolean> {
  const { state, tenant, place, index, sourceStore, copies } = one;
  const json = await place.store.collection(subscriptionCollection).get(id);
  const document = json === undefined ? undefined : subscriptionIn(json);
  const wanted = document ? await wantedOf(document, index, place) : [];
  if (wanted.length > 0) tenant.hasCopies = true;
  for (const { target } of wanted) tenant.registrations.add(target.registration.id);
  await mirror(id, document, { isNew: wanted.length > 0, one });
  return reconcile(copies, wanted, {
    id,
    place,
    sources: state.sources,
    store: sourceStore,
    notifyUrl: state.notifyUrl,
    targetOf: async (registration) => targetOf(registration, await callOf(document, place)),
  });
}

/** A subscription that cannot be read now has no copies. */
const wantedOf: typeof wantedCopies = async (document, index, place) => {
  try {
    return await wantedCopies(document, index, place);
  } catch (error) {
    if (error instanceof Problem && error.type !== 'Unavailable' && error.type !== 'LdContextNotAvailable') return [];
    throw error;
  }
};

/** For the deletion of a copy, which has no names. */
function callOf(document: SubscriptionDocument | undefined, place: Place): ReturnType<typeof forwardingCall> {
  const { core } = place.services.contexts;
  const { via } = document ?? {};
  const blank = {
    id: '',
    members: {},
    queryContext: core.key,
    context: core.key,
    createdAt: '',
    modifiedAt: '',
    since: 0,
  };
  return forwardingCall({ ...blank, ...(via === undefined ? undefined : { via }) }, place);
}

/** Keeps the document by which notifications of sources are delivered, from the first copy until the subscription is deleted. */
async function mirror(
  id: string,
  document: SubscriptionDocument | undefined,
  { isNew, one }: { readonly isNew: boolean; readonly one: Step },
): Promise<void> {
  const { state, tenant, sourceStore } = one;
  const collection = sourceStore.collection(subscriptionCollection);
  const kept = await collection.get(id);
  const before = kept === undefined ? undefined : subscriptionIn(kept);
  if (document ? isInStep(before, document, isNew) : !before) return;
  if (document) {
    const isSame = before?.createdAt === document.createdAt;
    const since = before && isSame ? before.since : await sourceStore.log.position();
    await collection.put(id, subscriptionJson({ ...document, since }));
  } else await collection.delete(id);
  await state.delivery.refresh(tenant.name, id);
}

const isInStep = (before: SubscriptionDocument | undefined, document: SubscriptionDocument, isNew: boolean): boolean =>
  before ? before.createdAt === document.createdAt && before.modifiedAt === document.modifiedAt : !isNew;

async function readCopies(store: SourceStore, { observe }: Services): Promise<readonly Copy[]> {
  return readEach(
    await store.collection(copyCollection).list(),
    ({ document }) => copyIn(document),
    (about, cause) => observe({ kind: 'failed', where: 'subscriptions at sources', about, cause }),
  );
}
