/** Lets writes to the subscriptions of a tenant happen one after the other, for each reads what it changes. */
import type { Store } from '../../port/store.ts';

const latest = new WeakMap<Store, Promise<unknown>>();

/** Does the work when all that came before it in this store is done, be it well or not. */
export function inTurn<T>(store: Store, work: () => Promise<T>): Promise<T> {
  const before = latest.get(store) ?? Promise.resolve();
  const done = before.then(work, work);
  latest.set(store, done);
  return done;
}
