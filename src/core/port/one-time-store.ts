/** Texts that wait for a short time to be taken, once, by whoever knows their key: at any of the brokers on a persistence. */

export interface OneTimeStore {
  /** Keeps a text for so long at least: it may be there for longer. */
  put(key: string, text: string, lifetimeMs: number): Promise<void>;
  /** The text, which is gone by that; undefined when there is none. */
  take(key: string): Promise<string | undefined>;
}

/** Texts that wait in memory at most: one more, and the oldest is gone. */
const waitingMax = 10_000;

/** The notes of a broker that is alone, in memory: whoever must wait for a restart has to leave another. */
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
