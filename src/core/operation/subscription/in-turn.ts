/** Lets writes to one subscription happen one after the other at this broker, so that they seldom have to begin again. */
import type { Store } from '../../port/store.ts';

/** What is being done, or was done last, by id. */
const latest = new WeakMap<Store, Map<string, Promise<unknown>>>();

/** Does the work when all that came before it for this id is done, be it well or not. */
export async function inTurn<T>(store: Store, id: string, work: () => Promise<T>): Promise<T> {
  const turns = latest.get(store) ?? new Map<string, Promise<unknown>>();
  latest.set(store, turns);
  const done = (turns.get(id) ?? Promise.resolve()).then(work, work);
  turns.set(id, done);
  try {
    return await done;
  } finally {
    if (turns.get(id) === done) turns.delete(id);
  }
}
