/** Deletes a stored subscription with everything that belongs to it. */
import { acknowledgedCollection, subscriptionCollection } from '../../port/subscriptions.ts';
import type { CallContext } from '../operation.ts';

/** Returns false when there is none. */
export async function removeSubscription(id: string, { store, services, storeName }: CallContext): Promise<boolean> {
  if (!(await store.collection(subscriptionCollection).delete(id))) return false;
  await store.collection(acknowledgedCollection).delete(id);
  await services.subscriptions.refresh(storeName, id);
  return true;
}
