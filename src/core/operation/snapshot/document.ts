/** Defines the stored document of a snapshot, and shows it (clauses 5.2.41, 5.2.42). */
import type { Entity } from '../../model/entity.ts';
import { compareInstants, type Instant, isInstant } from '../../model/instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { maskSnapshot } from '../../model/secret.ts';
import type { CallContext } from '../operation.ts';

const statuses = ['preparing', 'success', 'partial', 'empty', 'failure'] as const;
type SnapshotStatus = (typeof statuses)[number];

/** The result of one query, as clients see it: `resultStatus`, and `problemDetails` of a failure (clause 5.2.42). */
export type QueryDetail = JsonObject;

export interface SnapshotDocument {
  readonly id: string;
  /** The name of the store that has the copy. */
  readonly store: string;
  /** What the client gave, except for `id` and `type`. */
  readonly members: JsonObject;
  readonly status: SnapshotStatus;
  readonly details: readonly QueryDetail[];
  readonly temporalDetails: readonly QueryDetail[];
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  readonly expiresAt: Instant;
  readonly lastUsedAt?: Instant;
  /** When the broker that prepares the snapshot was last at work. */
  readonly aliveAt: Instant;
  /** The subject of the identity that created it. Absent: it was created while everything was granted to everybody. */
  readonly owner?: string;
}

/** The collection of the snapshots of a tenant, by id. */
export const snapshotCollection = 'snapshots';

export const snapshotJson = (document: SnapshotDocument): Json => ({ ...document });

/** The document stored in a collection. Undefined when it is not a snapshot. */
export function snapshotIn(json: Json | undefined): SnapshotDocument | undefined {
  if (!isObject(json)) return undefined;
  const status = statuses.find((one) => one === json['status']);
  const { members, details, temporalDetails } = json;
  if (!status || !isObject(members) || !isArray(details) || !isArray(temporalDetails)) return undefined;
  const texts = textsIn(json);
  return (
    texts && {
      ...texts,
      members,
      status,
      details: details.filter(isObject),
      temporalDetails: temporalDetails.filter(isObject),
    }
  );
}

function textsIn(
  json: JsonObject,
): Omit<SnapshotDocument, 'members' | 'status' | 'details' | 'temporalDetails'> | undefined {
  const { id, store, createdAt, modifiedAt, expiresAt, lastUsedAt, aliveAt, owner } = json;
  if (typeof id !== 'string' || typeof store !== 'string' || !isInstant(aliveAt)) return undefined;
  if (!isInstant(createdAt) || !isInstant(modifiedAt) || !isInstant(expiresAt)) return undefined;
  return {
    id,
    store,
    createdAt,
    modifiedAt,
    expiresAt,
    aliveAt,
    ...(isInstant(lastUsedAt) ? { lastUsedAt } : undefined),
    ...(typeof owner === 'string' ? { owner } : undefined),
  };
}

export const isGone = ({ expiresAt }: SnapshotDocument, now: Instant): boolean => compareInstants(expiresAt, now) <= 0;

/** From 1, which goes first when there is no room, to 10. */
export const priorityOf = ({ members: { snapshotPriority } }: SnapshotDocument): number =>
  typeof snapshotPriority === 'number' ? snapshotPriority : 5;

/** The snapshot as clients see it, without secrets. */
export function shownSnapshot(document: SnapshotDocument): JsonObject {
  const { id, members, status, details, temporalDetails, createdAt, modifiedAt, expiresAt } = document;
  // Making it was its first use.
  const { lastUsedAt = createdAt } = document;
  return {
    id,
    type: 'Snapshot',
    ...maskSnapshot(members),
    snapshotPriority: priorityOf(document),
    snapshotStatus: status,
    ...(details.length > 0 ? { snapshotQueriesDetails: details } : undefined),
    ...(temporalDetails.length > 0 ? { snapshotTemporalQueriesDetails: temporalDetails } : undefined),
    createdAt,
    modifiedAt,
    expiresAt,
    lastUsedAt,
  };
}

/** The members that a purge selects by. */
export const queriedMembers = [
  'snapshotPriority',
  'snapshotStatus',
  'snapshotLifetime',
  'lastUsedAt',
  'endpoint',
] as const;

/** The snapshot as an entity that `q` tests. `expand` gives names their IRIs. */
export function asEntity(document: SnapshotDocument, expand: (name: string) => string): Entity {
  const { id, createdAt, modifiedAt, expiresAt } = document;
  const shown = shownSnapshot(document);
  const attrs = queriedMembers.flatMap((name) => {
    const value = shown[name];
    return value === undefined ? [] : [[expand(name), [{ kind: 'Property', value } as const]] as const];
  });
  return { id, types: [expand('Snapshot')], createdAt, modifiedAt, expiresAt, attrs: Object.fromEntries(attrs) };
}

/** True for the creator of a snapshot, for administrators, and where everything is granted to everybody. */
export function mayManage({ owner }: SnapshotDocument, { principal, tenant, services }: CallContext): boolean {
  if (services.access.isOpen || principal.rights('administer', tenant).extent === 'full') return true;
  return owner !== undefined && owner === principal.identity.subject;
}

export const unknown = (id: string): Problem => new Problem('ResourceNotFound', `There is no snapshot ${id}.`);
