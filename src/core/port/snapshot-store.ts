/** Names the stores of snapshots. Each is a tenant of its own, which no request can name: the names that clients send have no spaces. */

const prefix = 'snapshot ';

/** `unique`: a text of letters, digits and hyphens. */
export const snapshotStoreName = (unique: string): string => `${prefix}${unique}`;

/** True for the store of a snapshot. */
export const isSnapshotStore = (tenant: string): boolean => tenant.startsWith(prefix);
