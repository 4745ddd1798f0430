/** The status of a partition for this broker, and the events that change it. */
import type { PartitionEvent } from '../../core/port/partitions.ts';

/**
 * `free`: another broker holds the partition, or none. `held`: this broker holds it. `leaving`: this broker gives it up. It starts no new
 * work in it, but has not released it yet.
 */
export type LeaseStatus = 'free' | 'held' | 'leaving';

/**
 * `found`: according to the database this broker holds the lease, since now or after a reply that was lost. `missing`: according to the
 * database it does not hold it any more, or holds it in another term. `revived`: all leases lapsed, and were then renewed before another
 * broker took them. `surplus`: the broker has more than its share. `released`: it has given the lease back, or has failed to.
 */
export type LeaseEvent = 'found' | 'missing' | 'revived' | 'surplus' | 'released';

interface LeaseTransition {
  readonly to: LeaseStatus;
  /** What the users of the partition are told. */
  readonly tell?: PartitionEvent;
}

/** What follows an event. An event that is not listed is ignored in that status. */
export const leaseTransitions: Readonly<Record<LeaseStatus, Readonly<Partial<Record<LeaseEvent, LeaseTransition>>>>> = {
  free: {
    found: { to: 'held', tell: 'gained' },
  },
  held: {
    missing: { to: 'free', tell: 'lost' },
    // No work was started in between.
    revived: { to: 'held', tell: 'gained' },
    surplus: { to: 'leaving', tell: 'leaving' },
  },
  leaving: {
    released: { to: 'free' },
  },
};
