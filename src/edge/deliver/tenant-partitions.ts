/** Tells which subscriptions of a tenant this broker may run: those of the partitions for which it holds the lease. */
import { type LeaseTerm, partitionOf, type Partitions } from '../../core/port/partitions.ts';
import type { Store } from '../../core/port/store.ts';
import { subscriptionCollection } from '../../core/port/subscriptions.ts';

export interface TenantPartitions {
  /** The partition of a subscription. */
  partitionOf(id: string): number;
  /** The stored subscriptions of a partition. */
  idsOf(part: number): Promise<readonly string[]>;
  /** The lease under which this broker may start a subscription. Undefined: it must not start it. */
  leaseTermOf(id: string): LeaseTerm | undefined;
  /** Whether this broker still holds the lease. */
  isCurrent(leaseTerm: LeaseTerm): boolean;
  /** From now on, nothing of the partition starts here: it was released to another broker, or is about to be. */
  release(part: number): void;
  /** The partition was gained again. */
  regain(part: number): void;
}

export interface TenantPartitionsOptions {
  readonly tenant: string;
  readonly store: Store;
  readonly partitions: Partitions;
}

export function createTenantPartitions({ tenant, store, partitions }: TenantPartitionsOptions): TenantPartitions {
  const released = new Set<number>();
  const partOf = (id: string): number => partitionOf(`${tenant} ${id}`, partitions.count);
  return {
    partitionOf: partOf,
    idsOf: async (part) => (await store.collection(subscriptionCollection).keys()).filter((id) => partOf(id) === part),
    leaseTermOf(id) {
      const part = partOf(id);
      return released.has(part) ? undefined : partitions.leaseTerm(part);
    },
    isCurrent: ({ part, term }) => partitions.leaseTerm(part)?.term === term,
    release: (part) => void released.add(part),
    regain: (part) => void released.delete(part),
  };
}
