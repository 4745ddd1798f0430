/** Short-lived texts that can be read once, by key, at any broker that shares the persistence. */

/** A store of texts that are read at most once. */
export interface OneTimeStore {
  /** Keeps a text for at least `lifetimeMs`. It may stay longer. Throws what the persistence throws. */
  put(key: string, text: string, lifetimeMs: number): Promise<void>;
  /** Reads and removes a text. Undefined when there is none. Of concurrent calls only one gets the text. */
  take(key: string): Promise<string | undefined>;
}

/** Most texts in memory. When one more is added, the oldest is removed. */
const waitingMax = 10_000;

/** The store of a single broker, in memory. A restart loses its texts, so the client must have a new one issued. */
export function createOneTimeStore(): OneTimeStore {
  const waiting = new Map<string, string>();
  return {
    put: (key, text) => {
      waiting.set(key, text);
      const [oldest] = waiting.keys();
      if (waiting.size > waitingMax && oldest !== undefined) waiting.delete(oldest);
      return Promise.resolve();
    },
    take: (key) => {
      const text = waiting.get(key);
      waiting.delete(key);
      return Promise.resolve(text);
    },
  };
}
