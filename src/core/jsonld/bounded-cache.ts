/** A cache of limited size with least-recently-used eviction. */

export interface BoundedCache<Value> {
  /** The value of a key. Makes the entry the most recently used. */
  get(key: string): Value | undefined;
  /** `weight` is in the unit of `weightMax`. A value heavier than `weightMax` is not stored. */
  set(key: string, value: Value, weight: number): void;
  delete(key: string): void;
  /** The sum of the weights. */
  weight(): number;
  /** Evicts the entries for which `isMeant` is true. */
  dropWhere(isMeant: (value: Value, key: string) => boolean): void;
}

/** Limits: the number of entries, and the sum of their weights. */
export interface CacheBounds {
  readonly entriesMax: number;
  readonly weightMax: number;
  /** Called with the sum of the weights after each change. */
  readonly onWeight?: (weight: number) => void;
}

/** The part of the memory budget that a cache may hold. */
export interface CacheShare {
  readonly bytesMax: number;
  /** Called with the bytes that the cache holds after each change. */
  readonly onBytes?: (bytes: number) => void;
}

export function createBoundedCache<Value>({ entriesMax, weightMax, onWeight }: CacheBounds): BoundedCache<Value> {
  const entries = new Map<string, { readonly value: Value; readonly weight: number }>();
  let total = 0;
  const drop = (key: string): void => {
    total -= entries.get(key)?.weight ?? 0;
    entries.delete(key);
  };
  return {
    get: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set: (key, value, weight) => {
      drop(key);
      if (weight <= weightMax) {
        entries.set(key, { value, weight });
        total += weight;
      }
      for (const oldest of entries.keys()) {
        if (entries.size <= entriesMax && total <= weightMax) break;
        drop(oldest);
      }
      onWeight?.(total);
    },
    delete: (key) => {
      drop(key);
      onWeight?.(total);
    },
    weight: () => total,
    dropWhere: (isMeant) => {
      for (const [key, { value }] of entries) if (isMeant(value, key)) drop(key);
      onWeight?.(total);
    },
  };
}
