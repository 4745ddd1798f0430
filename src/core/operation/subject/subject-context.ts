/** What finding and erasing a subject works with, within a request or in a command. */
import { isObject, type Json } from '../../model/json.ts';
import { type Named, namedBy } from '../../model/subject/named.ts';
import type { Subscriptions } from '../../port/subscriptions.ts';
import type { Store } from '../../port/store.ts';
import type { Services } from '../operation.ts';

/** The parts of the broker that are needed. */
type SubjectServices = Pick<
  Services,
  'stores' | 'clock' | 'registrations' | 'snapshots' | 'audit' | 'subjectFiles' | 'subjectPseudonyms'
> & {
  readonly subscriptions: RunningSubscriptions;
  readonly registrationSubscriptions?: RunningSubscriptions;
};

/** What runs the subscriptions that change. */
export type RunningSubscriptions = Pick<Subscriptions, 'refresh' | 'forgetChanges'>;

/** A subject in a tenant. */
export interface SubjectContext {
  readonly id: string;
  readonly isNamed: Named;
  readonly tenant: string;
  /** The store of the tenant, without restrictions and without records in the audit. */
  readonly store: Store;
  readonly services: SubjectServices;
}

export const subjectContext = (
  id: string,
  where: Pick<SubjectContext, 'tenant' | 'store' | 'services'>,
): SubjectContext => ({ id, isNamed: namedBy(id), ...where });

/** The collection of snapshots, by id. The documents have the name of their store. */
export const snapshotCollection = 'snapshots';

/** The name of the store that has the copy of a snapshot. */
export const snapshotStoreIn = (document: Json): string | undefined =>
  isObject(document) && typeof document['store'] === 'string' ? document['store'] : undefined;

/** A store with data of the tenant. `snapshot`: the id of the snapshot whose copy it has. Absent: the store of the tenant. */
export interface TenantStore {
  readonly name: string;
  readonly store: Store;
  readonly snapshot?: string;
}

/** The store of the tenant, and those of its snapshots. */
export async function storesOf({ store, tenant, services }: SubjectContext): Promise<readonly TenantStore[]> {
  const all: TenantStore[] = [{ name: tenant, store }];
  for (const { key, document } of await store.collection(snapshotCollection).list()) {
    const name = snapshotStoreIn(document);
    const copy = name === undefined ? undefined : await services.stores.open(name, false);
    if (name !== undefined && copy) all.push({ name, store: copy, snapshot: key });
  }
  return all;
}
