/** Lists the snapshots that have subscriptions, so that the delivery opens the stores of these only; and deletes the stores of snapshots. */
import { isObject, type Json } from '../model/json.ts';
import type { DocumentCollection, Stores } from './store.ts';

/** The snapshot whose copy a store has. */
export interface SnapshotOrigin {
  readonly tenant: string;
  /** The id of the snapshot. */
  readonly snapshot: string;
}

/** The list, kept in the default tenant: a `SnapshotOrigin` by the name of the store. */
export async function subscribedSnapshots(stores: Pick<Stores, 'open'>): Promise<DocumentCollection> {
  const store = await stores.open('', false);
  if (!store) throw new Error('There is no default tenant.');
  return store.collection('subscribedSnapshots');
}

/** Undefined: the document is absent, or is no origin. */
export function snapshotOriginIn(json: Json | undefined): SnapshotOrigin | undefined {
  const { tenant, snapshot } = isObject(json) ? json : {};
  return typeof tenant === 'string' && typeof snapshot === 'string' ? { tenant, snapshot } : undefined;
}

/** Notes that the snapshot in this store has subscriptions. It is noted before the first one is stored, until the store is deleted. */
export async function noteSubscribed(stores: Stores, storeName: string, origin: SnapshotOrigin): Promise<void> {
  const noted = await subscribedSnapshots(stores);
  if ((await noted.get(storeName)) === undefined) await noted.put(storeName, { ...origin });
}

interface Dropping {
  readonly stores: Stores;
  readonly snapshots: {
    /** Ends what else uses the store. */
    release(store: string): Promise<void>;
    /** The store was deleted. */
    forget(store: string): void;
  };
}

/** Deletes the store of a snapshot, after the delivery of its subscriptions has ended. */
export async function dropSnapshotStore(name: string, { stores, snapshots }: Dropping): Promise<void> {
  await snapshots.release(name);
  await stores.drop(name);
  // Other brokers end the delivery when it is not in the list any more.
  await (await subscribedSnapshots(stores)).delete(name);
  snapshots.forget(name);
}
