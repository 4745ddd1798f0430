/** The leases of a thread that only reads: it holds no partition and starts no transaction. */
import type { PartitionLeases } from './partition-leases.ts';

export const noLeases: PartitionLeases = {
  partitions: {
    count: 1,
    holds: () => false,
    leaseTerm: () => undefined,
    follow: () => () => undefined,
    onLapse: () => () => undefined,
  },
  startSession: () => Promise.reject(new Error('This thread only reads.')),
  isCurrent: () => Promise.resolve(false),
  close: () => Promise.resolve(),
};
