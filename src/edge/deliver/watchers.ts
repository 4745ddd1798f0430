/** Notifies the watchers of a stored subscription that it has changed. */

export interface Watchers {
  /** Calls back whenever the subscription was changed or deleted. Returns the function that stops it. */
  readonly watch: (tenant: string, id: string, listener: () => void) => () => void;
  readonly notify: (tenant: string, id: string) => void;
}

export function createWatchers(): Watchers {
  const listeners = new Map<string, Set<() => void>>();
  const keyOf = (tenant: string, id: string): string => `${tenant} ${id}`;
  return {
    watch: (tenant, id, listener) => {
      const key = keyOf(tenant, id);
      const own = listeners.get(key) ?? new Set();
      listeners.set(key, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0 && listeners.get(key) === own) listeners.delete(key);
      };
    },
    notify: (tenant, id) => {
      for (const listener of [...(listeners.get(keyOf(tenant, id)) ?? [])]) listener();
    },
  };
}
