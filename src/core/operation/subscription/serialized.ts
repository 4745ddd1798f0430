/** Serializes writes to one subscription at this broker, so that they seldom have to be retried. */
import type { Store } from '../../port/store.ts';

/** The last or running work of each id. */
const latest = new WeakMap<Store, Map<string, Promise<unknown>>>();

/** Runs the work after all earlier work for this id has ended, also after a failure. */
export async function serialized<T>(store: Store, id: string, work: () => Promise<T>): Promise<T> {
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
