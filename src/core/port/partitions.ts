/** Partitions of the work that only one broker may do at a time. Each partition is leased to one of the brokers on a persistence. */

/**
 * What happens to a partition. `gained`: this broker holds the lease now. `leaving`: the lease goes to another broker. This broker still
 * holds it until the promise of the listener resolves. `lost`: another broker took the lease. When a lease was in doubt for a while and no
 * other broker took it, the partition is gained again in the same term.
 */
export type PartitionEvent = 'gained' | 'leaving' | 'lost';

/** The lease of a partition. Each broker that takes the partition gets a greater `term` (a fencing token). */
export interface LeaseTerm {
  readonly part: number;
  readonly term: number;
}

/** The leases of this broker. Never throws. */
export interface Partitions {
  readonly count: number;
  /** True while this broker, and no other, holds the lease of the partition. */
  holds(part: number): boolean;
  /** The lease, for writes that must be fenced (`DocumentCollection.putFenced`). Undefined when this broker does not hold it. */
  leaseTerm(part: number): LeaseTerm | undefined;
  /**
   * Calls back when this broker gains a partition, is about to leave it to another broker, or lost it because it could not renew the lease
   * in time. Returns the function that stops it.
   */
  follow(listener: (part: number, event: PartitionEvent) => Promise<void>): () => void;
  /**
   * Calls back as soon as a lease has ended or is in doubt, without waiting for listeners of `follow`. Callers must then give up running
   * work under any lease that `leaseTerm` no longer returns. Returns the function that stops it.
   */
  onLapse(listener: () => void): () => void;
}

/** The partitions of a single broker: one, which it always holds. */
export const allPartitions: Partitions = {
  count: 1,
  holds: () => true,
  leaseTerm: (part) => ({ part, term: 0 }),
  follow: () => () => undefined,
  onLapse: () => () => undefined,
};

/** The partition of a name. It is the same at every broker (FNV-1a hash). */
export function partitionOf(name: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % count;
}
