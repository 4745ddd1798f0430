/** Serializes writes of one kind at this broker, for example those to one subscription. */
import type { Stores } from './store.ts';

/** The store in which something is written. A `CallContext` provides it. */
interface Place {
  readonly services: { readonly stores: Stores };
  readonly storeName: string;
}

/** The last or running work by the name of the store and the id. */
const latest = new WeakMap<Stores, Map<string, Promise<unknown>>>();

/** Runs the work after all earlier work for this id in the store has ended, also after a failure. */
export async function serialized<T>(
  { services: { stores }, storeName }: Place,
  id: string,
  work: () => Promise<T>,
): Promise<T> {
  const turns = latest.get(stores) ?? new Map<string, Promise<unknown>>();
  latest.set(stores, turns);
  const key = JSON.stringify([storeName, id]);
  const done = (turns.get(key) ?? Promise.resolve()).then(work, work);
  turns.set(key, done);
  try {
    return await done;
  } finally {
    if (turns.get(key) === done) turns.delete(key);
  }
}
