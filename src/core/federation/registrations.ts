/** Keeps the registrations of all tenants in memory, in step with their collections, and counts how their sources answer. */
import type { Instant } from '../model/instant.ts';
import type { Json } from '../model/json.ts';
import { createSingleFlight } from '../jsonld/single-flight.ts';
import { readEach } from '../port/document-collection.ts';
import type { Observe } from '../port/observe.ts';
import type { DocumentCollection, Stores } from '../port/store.ts';
import { readRegistration } from './read-registration.ts';
import { type Registration, registrationCollection, registrationIn } from './registration.ts';
import { createRegistrationIndex, type RegistrationIndex } from './registration-index.ts';

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
  /** Puts the stored document of this id into effect after it was created, changed or deleted. */
  refresh(tenant: string, id: string): Promise<void>;
  /** Runs the work after all earlier work of the tenant: a check of conflicts and the write that it allows. */
  inTurn<T>(tenant: string, work: () => Promise<T>): Promise<T>;
  /** Undefined until the source was asked. */
  statistics(tenant: string, id: string): SourceStatistics | undefined;
  /** Counts that the source was asked. */
  count(tenant: string, id: string, result: { readonly isGood: boolean; readonly at: Instant }): void;
}

interface Tenant {
  readonly index: RegistrationIndex;
  readonly statistics: Map<string, SourceStatistics>;
  readonly collection: DocumentCollection;
  /** Ends when all changes that wait or run have ended. */
  turn: Promise<unknown>;
}

export interface RegistrationsOptions {
  readonly stores: Stores;
  readonly observe: Observe;
}

export function createRegistrations(options: RegistrationsOptions): Registrations {
  const tenants = new Map<string, Tenant>();
  const opening = createSingleFlight<Tenant | undefined>();
  const tenantOf = async (name: string): Promise<Tenant | undefined> => {
    const tenant = tenants.get(name) ?? (await opening(name, () => openTenant(name, options)));
    if (tenant) tenants.set(name, tenant);
    return tenant;
  };
  return {
    of: (name) => tenants.get(name)?.index ?? tenantOf(name).then((tenant) => tenant?.index ?? none),
    async refresh(name, id) {
      const tenant = await tenantOf(name);
      if (tenant) await refresh(tenant, id, options);
    },
    async inTurn(name, work) {
      const tenant = await tenantOf(name);
      if (!tenant) return work();
      const done = tenant.turn.then(work);
      tenant.turn = done.catch(() => undefined);
      return done;
    },
    statistics: (name, id) => tenants.get(name)?.statistics.get(id),
    count(name, id, result) {
      const tenant = tenants.get(name);
      if (tenant?.index.get(id)) tenant.statistics.set(id, counted(tenant.statistics.get(id), result));
    },
  };
}

/** The registrations of a tenant that does not exist. */
const none = createRegistrationIndex();

/** Undefined when the tenant does not exist yet. */
async function openTenant(name: string, options: RegistrationsOptions): Promise<Tenant | undefined> {
  const collection = (await options.stores.open(name, false))?.collection(registrationCollection);
  if (!collection) return undefined;
  const tenant: Tenant = {
    index: createRegistrationIndex(),
    statistics: new Map(),
    collection,
    turn: Promise.resolve(),
  };
  const report = (cause: unknown): void =>
    options.observe({ kind: 'failed', where: 'registrations', about: name, cause });
  // Other brokers change registrations too. What they change meanwhile is read after the list.
  const stop = collection.follow((key) => {
    const read = key === undefined ? () => reload(tenant, options) : () => refresh(tenant, key, options);
    tenant.turn = tenant.turn.then(read).catch(report);
  });
  const loaded = reload(tenant, options);
  // A tenant that could not be read is opened again by the next request.
  tenant.turn = loaded.catch(stop);
  await loaded;
  return tenant;
}

async function reload({ index, collection }: Tenant, options: RegistrationsOptions): Promise<void> {
  const found = readAll(await collection.list(), options);
  const ids = new Set(found.map(({ id }) => id));
  for (const { id } of index.all()) if (!ids.has(id)) index.delete(id);
  for (const one of found) index.put(one);
}

async function refresh(
  { index, statistics, collection }: Tenant,
  id: string,
  options: RegistrationsOptions,
): Promise<void> {
  const document = await collection.get(id);
  const [registration] = document === undefined ? [] : readAll([{ key: id, document }], options);
  if (registration) {
    index.put(registration);
  } else {
    index.delete(id);
    statistics.delete(id);
  }
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
