/** Keeps the registrations of all tenants in memory, in step with their collections, and counts how their sources answer. */
import type { Instant } from '../model/instant.ts';
import type { Json } from '../model/json.ts';
import { createSingleFlight } from '../jsonld/single-flight.ts';
import { readEach } from '../port/document-collection.ts';
import type { Observe } from '../port/observe.ts';
import type { DocumentCollection, Store, Stores } from '../port/store.ts';
import { readRegistration } from './read-registration.ts';
import {
  isProxied,
  type Registration,
  registrationCollection,
  type RegistrationDocument,
  registrationIn,
  registrationJson,
} from './registration.ts';
import { createRegistrationIndex, type RegistrationIndex } from './registration-index.ts';
import { createRegistrationStore, type RegistrationStore } from './registration-store.ts';
import { createWritesUnderWay, type WritesUnderWay } from './writes-under-way.ts';

/** How often a source was asked, and with which result (clause 5.2.9). This broker counts what it sent itself since it started. */
interface SourceStatistics {
  readonly timesSent: number;
  readonly timesFailed: number;
  readonly lastSuccess?: Instant;
  readonly lastFailure?: Instant;
  readonly status: 'ok' | 'failed';
}

export interface Registrations {
  /** The registrations of a tenant. At once when they are in memory. Throws what `Stores` throws. */
  of(tenant: string): RegistrationIndex | Promise<RegistrationIndex>;
  /**
   * Replaces a stored document, in the turn of the caller (`inTurn`). Undefined: there is none. Returns false and changes nothing when another
   * broker changed it meanwhile. Whoever subscribes to registrations is notified of it.
   */
  replace(tenant: string, change: RegistrationReplacement): Promise<boolean>;
  /**
   * The registrations as a store with a change log, for subscriptions to them. The same object for the same tenant. Undefined: there is no
   * such tenant.
   */
  storeOf(tenant: string): Promise<Store | undefined>;
  /**
   * Appends to that log what a subscription finds when it begins: `matching` selects from the registrations as they are then. The ids that
   * it returns are one record each time. Must not be called in a turn.
   */
  begin(tenant: string, about: BeginningSubscription): Promise<void>;
  /** Runs the work after all earlier work of the tenant: a check of conflicts and the write that it allows. */
  inTurn<T>(tenant: string, work: () => Promise<T>): Promise<T>;
  /**
   * A write of entities of the tenant begins, whose sources are looked for among the registrations as they are now. The function that is
   * returned is called when nothing more of it will be stored here. Until then, a new registration with information that only its source
   * has is not complete.
   */
  beginWrite(tenant: string): () => void;
  /** Undefined until the source was asked. */
  statistics(tenant: string, id: string): SourceStatistics | undefined;
  /**
   * Calls back after a registration was created, changed or deleted, by this broker or another one. Without an id: any may have changed.
   * Returns the function that stops it.
   */
  follow(listener: RegistrationListener): () => void;
  /** Counts that the source was asked. */
  count(tenant: string, id: string, result: { readonly isGood: boolean; readonly at: Instant }): void;
}

type RegistrationListener = (tenant: string, id?: string) => void;

/** A change of a stored registration. */
export interface RegistrationReplacement {
  readonly id: string;
  readonly at: Instant;
  /** As it is stored. */
  readonly before: Json | undefined;
  readonly after: RegistrationDocument | undefined;
}

/** A subscription to registrations that begins. */
interface BeginningSubscription {
  readonly id: string;
  readonly at: Instant;
  readonly matching: (all: readonly Registration[]) => readonly string[];
}

interface Tenant {
  readonly name: string;
  /** The registrations with their change log. */
  readonly store: RegistrationStore;
  readonly index: RegistrationIndex;
  readonly statistics: Map<string, SourceStatistics>;
  readonly collection: DocumentCollection;
  readonly writes: WritesUnderWay;
  /** Ends when all changes that wait or run have ended. */
  turn: Promise<unknown>;
}

export interface RegistrationsOptions {
  readonly stores: Stores;
  readonly observe: Observe;
}

interface Tracking extends RegistrationsOptions {
  readonly changed: RegistrationListener;
}

export function createRegistrations(given: RegistrationsOptions): Registrations {
  const { changed, follow } = createListeners();
  const options: Tracking = { ...given, changed };
  const tenants = new Map<string, Tenant>();
  const opening = createSingleFlight<Tenant | undefined>();
  const tenantOf = async (name: string): Promise<Tenant | undefined> => {
    const tenant = tenants.get(name) ?? (await opening(name, () => openTenant(name, options)));
    if (tenant) tenants.set(name, tenant);
    return tenant;
  };
  return {
    of: (name) => tenants.get(name)?.index ?? tenantOf(name).then((tenant) => tenant?.index ?? none),
    async replace(name, change) {
      const tenant = await tenantOf(name);
      return tenant !== undefined && replace(tenant, change, options);
    },
    storeOf: async (name) => (await tenantOf(name))?.store,
    async begin(name, about) {
      const tenant = await tenantOf(name);
      if (tenant) await takeTurn(tenant, () => begin(tenant, about, options));
    },
    async inTurn(name, work) {
      const tenant = await tenantOf(name);
      return tenant ? takeTurn(tenant, work) : work();
    },
    follow,
    beginWrite: (name) => tenants.get(name)?.writes.begin() ?? ended,
    statistics: (name, id) => tenants.get(name)?.statistics.get(id),
    count(name, id, result) {
      const tenant = tenants.get(name);
      if (tenant?.index.get(id)) tenant.statistics.set(id, counted(tenant.statistics.get(id), result));
    },
  };
}

function createListeners(): Pick<Tracking, 'changed'> & Pick<Registrations, 'follow'> {
  const listeners = new Set<RegistrationListener>();
  return {
    changed: (tenant, id) => {
      for (const listener of [...listeners]) listener(tenant, id);
    },
    follow(listener) {
      const own: RegistrationListener = (tenant, id) => listener(tenant, id);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}

/** Ends a write in a tenant that does not exist. */
const ended = (): void => undefined;

/** The registrations of a tenant that does not exist. */
const none = createRegistrationIndex();

function takeTurn<T>(tenant: Tenant, work: () => Promise<T>): Promise<T> {
  const done = tenant.turn.then(work);
  tenant.turn = done.catch(() => undefined);
  return done;
}

/** Undefined when the tenant does not exist yet. */
async function openTenant(name: string, options: Tracking): Promise<Tenant | undefined> {
  const whole = await options.stores.open(name, false);
  if (!whole) return undefined;
  const collection = whole.collection(registrationCollection);
  const index = createRegistrationIndex();
  const tenant: Tenant = {
    name,
    store: createRegistrationStore(whole, index),
    index,
    statistics: new Map(),
    collection,
    writes: createWritesUnderWay(),
    turn: Promise.resolve(),
  };
  const report = (cause: unknown): void =>
    options.observe({ kind: 'failed', where: 'registrations', about: name, cause });
  // Other brokers change registrations too. What they change meanwhile is read after the list.
  const stop = collection.follow((key) => {
    const read = key === undefined ? () => reload(tenant, options) : () => refresh(tenant, key, options);
    tenant.turn = tenant.turn.then(read).catch(report);
  });
  const loaded = finishLast(tenant).then(() => reload(tenant, options));
  // A tenant that could not be read is opened again by the next request.
  tenant.turn = loaded.catch(stop);
  await loaded;
  return tenant;
}

/**
 * A change is logged before it is carried out, so that it is notified in any case. It is announced after that: whoever is notified finds it
 * carried out.
 */
async function replace(
  tenant: Tenant,
  { id, at, before, after }: RegistrationReplacement,
  options: Tracking,
): Promise<boolean> {
  const { store, collection } = tenant;
  const next = after && registrationJson(after);
  const isFollowed = await store.isFollowed();
  if (isFollowed)
    await store.log.append({
      id,
      at,
      ...(before === undefined ? undefined : { before }),
      ...(next === undefined ? undefined : { after: next }),
    });
  // Whoever writes from now on finds it. What others have begun to write before is written before it, and found by a check after it.
  const registration = after && readRegistration(after);
  if (registration) tenant.index.put(registration);
  if (registration && isProxied(registration)) await tenant.writes.ended();
  try {
    return await collection.replace(id, before, next);
  } finally {
    await refresh(tenant, id, options);
    if (isFollowed) store.log.announce();
  }
}

/** Carries out the last change of the log if a crash came between. */
async function finishLast({ store, collection }: Tenant): Promise<void> {
  const last = await store.last();
  if (!last || 'matching' in last) return;
  const { id, before, after } = last;
  await collection.replace(id, before, after);
}

/** Most registrations in one notification. */
const beginningMax = 1000;

async function begin(tenant: Tenant, { id, at, matching }: BeginningSubscription, options: Tracking): Promise<void> {
  // Other brokers may have changed something that has not arrived yet.
  await reload(tenant, options);
  const ids = matching(tenant.index.all());
  for (let start = 0; start < ids.length; start += beginningMax)
    await tenant.store.log.append({ id, at, matching: ids.slice(start, start + beginningMax) });
  if (ids.length > 0) tenant.store.log.announce();
}

async function reload({ name, index, collection }: Tenant, options: Tracking): Promise<void> {
  const found = readAll(await collection.list(), options);
  const ids = new Set(found.map(({ id }) => id));
  for (const { id } of index.all()) if (!ids.has(id)) index.delete(id);
  for (const one of found) index.put(one);
  options.changed(name);
}

async function refresh({ name, index, statistics, collection }: Tenant, id: string, options: Tracking): Promise<void> {
  const document = await collection.get(id);
  const [registration] = document === undefined ? [] : readAll([{ key: id, document }], options);
  if (registration) {
    index.put(registration);
  } else {
    index.delete(id);
    statistics.delete(id);
  }
  options.changed(name, id);
}

const readAll = (
  entries: readonly { readonly key: string; readonly document: Json }[],
  { observe }: RegistrationsOptions,
): readonly Registration[] =>
  readEach(
    entries,
    ({ document }) => readRegistration(registrationIn(document)),
    (key, cause) => observe({ kind: 'failed', where: 'registration', about: key, cause }),
  );

const counted = (
  { timesSent, timesFailed, ...last }: SourceStatistics = { timesSent: 0, timesFailed: 0, status: 'ok' },
  { isGood, at }: { readonly isGood: boolean; readonly at: Instant },
): SourceStatistics => ({
  ...last,
  timesSent: timesSent + 1,
  timesFailed: timesFailed + (isGood ? 0 : 1),
  ...(isGood ? { lastSuccess: at, status: 'ok' } : { lastFailure: at, status: 'failed' }),
});
