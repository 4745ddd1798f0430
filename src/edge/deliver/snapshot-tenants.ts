/**
 * Opens and ends the delivery of subscriptions in snapshots (clause 4.3.7). The store of a snapshot is delivered like a tenant of its own, with
 * the rights and the @contexts of the tenant that has the snapshot.
 */
import { isSnapshotStore } from '../../core/port/snapshot-store.ts';
import type { Stores } from '../../core/port/store.ts';
import { snapshotOriginIn, subscribedSnapshots } from '../../core/port/subscribed-snapshots.ts';
import type { Tenant } from './tenant.ts';

/** Whose data the subscriptions of a store are about. `snapshot`: the id of the snapshot; absent in the store of a tenant. */
interface StoreOrigin {
  readonly tenant: string;
  readonly snapshot?: string;
}

/** Undefined: it is the store of a snapshot that has no subscriptions, or was deleted. */
export async function originOf(storeName: string, stores: Stores): Promise<StoreOrigin | undefined> {
  if (!isSnapshotStore(storeName)) return { tenant: storeName };
  const noted = await subscribedSnapshots(stores);
  const origin = snapshotOriginIn(await noted.get(storeName));
  if (!origin || (await stores.open(storeName, false))) return origin;
  // The broker that deleted the snapshot was stopped before it deleted this.
  await noted.delete(storeName);
  return undefined;
}

/** What the engine delivers, by the names of the stores. */
export type OpenTenants = Map<string, Promise<Tenant | undefined>>;

/** Ends the delivery in a store that is deleted. Notifications in flight still arrive; those that fail are not sent again. */
export async function endDelivery(tenants: OpenTenants, storeName: string): Promise<void> {
  const opening = tenants.get(storeName);
  tenants.delete(storeName);
  const tenant = await opening?.catch(() => undefined);
  await tenant?.abandon();
}

/** Ends the delivery in the snapshots that other brokers have deleted. `noted`: the snapshots that have subscriptions. */
export async function endDeleted(tenants: OpenTenants, noted: readonly string[], stores: Stores): Promise<void> {
  const known = new Set(noted);
  for (const name of [...tenants.keys()]) {
    if (!isSnapshotStore(name) || known.has(name)) continue;
    // It may have been noted since the list was read.
    if ((await (await subscribedSnapshots(stores)).get(name)) !== undefined) continue;
    await endDelivery(tenants, name);
    // What was stored here since then would stay for ever.
    await stores.drop(name);
  }
}
