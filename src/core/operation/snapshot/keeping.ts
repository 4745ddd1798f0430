/** Finds, opens and deletes the snapshots of a tenant. */
import { compareInstants, type Instant, microsOfInstant } from '../../model/instant.ts';
import { Problem } from '../../model/problem.ts';
import { changeDocument } from '../../port/document-collection.ts';
import type { DocumentCollection, Store } from '../../port/store.ts';
import { dropSnapshotStore } from '../../port/subscribed-snapshots.ts';
import type { Services } from '../operation.ts';
import {
  isGone,
  priorityOf,
  type QueryDetail,
  type SnapshotDocument,
  snapshotCollection,
  snapshotIn,
  snapshotJson,
  unknown,
} from './document.ts';

/** What is needed of the services of the broker. */
type Keeping = Pick<Services, 'stores' | 'snapshots'>;

/** A snapshot of another broker that was not at work for this time is not filled any more: that broker was stopped meanwhile. */
const silenceMicros = 60_000_000;

const stopped: QueryDetail = {
  resultStatus: 'failure',
  problemDetails: { type: 'https://uri.etsi.org/ngsi-ld/errors/InternalError', title: 'The broker was stopped' },
};

/** The snapshot as it is now: with its last use, and `failure` when nobody fills it any more. */
function present(
  document: SnapshotDocument,
  now: Instant,
  { snapshots }: Pick<Keeping, 'snapshots'>,
): SnapshotDocument {
  const used = [document.lastUsedAt ?? [], snapshots.lastUse(document.store) ?? []].flat().sort(compareInstants).at(-1);
  const whole = used === undefined ? document : { ...document, lastUsedAt: used };
  const isSilent = microsOfInstant(now) - microsOfInstant(document.aliveAt) > silenceMicros;
  // What waits here for its turn is silent until then.
  const isAbandoned = isSilent && !snapshots.isFilling(document.store);
  return document.status === 'preparing' && isAbandoned ? { ...whole, status: 'failure', details: [stopped] } : whole;
}

/** The snapshot with this id. Throws ResourceNotFound. */
export async function findSnapshot(
  id: string,
  {
    store,
    now,
    services,
  }: { readonly store: Pick<Store, 'collection'>; readonly now: Instant; readonly services: Keeping },
): Promise<SnapshotDocument> {
  const document = snapshotIn(await store.collection(snapshotCollection).get(id));
  if (!document || isGone(document, now)) throw unknown(id);
  return present(document, now, services);
}

/** All snapshots of a tenant that have not ended. */
export async function listSnapshots({
  store,
  now,
  services,
}: {
  readonly store: Pick<Store, 'collection'>;
  readonly now: Instant;
  readonly services: Keeping;
}): Promise<readonly SnapshotDocument[]> {
  const all = await store.collection(snapshotCollection).list();
  return all.flatMap(({ document }) => {
    const snapshot = snapshotIn(document);
    return snapshot && !isGone(snapshot, now) ? [present(snapshot, now, services)] : [];
  });
}

interface OpeningSnapshot {
  /** The store of the tenant. */
  readonly store: Store;
  readonly now: Instant;
  readonly services: Keeping;
  readonly needsPrepared: boolean;
}

/**
 * The store that has the copy of a snapshot, for a request that uses it. Throws ResourceNotFound, and Conflict when the request needs a
 * snapshot that is prepared.
 */
export async function openSnapshot(
  id: string,
  where: OpeningSnapshot,
): Promise<{ readonly name: string; readonly store: Store }> {
  const { store: name, status } = await findSnapshot(id, where);
  if (where.needsPrepared && status === 'preparing')
    throw new Problem('Conflict', `The snapshot ${id} is still being prepared.`);
  const store = await where.services.stores.open(name, false);
  if (!store) throw unknown(id);
  where.services.snapshots.noteUse(name, where.now);
  return { name, store };
}

/** Deletes a snapshot and its copy. The copy goes first: a document without a copy can be deleted later. */
export async function dropSnapshot(
  { id, store }: SnapshotDocument,
  collection: DocumentCollection,
  services: Keeping,
): Promise<void> {
  await dropSnapshotStore(store, services);
  // Another writer may change the document at the same time: its heartbeat, or its last use.
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const json = await collection.get(id);
    if (snapshotIn(json)?.store !== store || (await collection.replace(id, json, undefined))) return;
  }
}

/** Attempts at deleting a document. What stays is deleted when it ends. */
const attemptsMax = 10;

/** Makes room for a snapshot of this priority: the one that was used least recently goes, of those with the lowest priority below it. */
export async function makeRoom(
  priority: number,
  {
    store,
    now,
    services,
  }: { readonly store: Store; readonly now: Instant; readonly services: Keeping & Pick<Services, 'limits'> },
): Promise<void> {
  const all = await listSnapshots({ store, now, services });
  const { snapshotsMax } = services.limits;
  if (all.length < snapshotsMax) return;
  const [first] = [...all].sort(byImportance);
  if (!first || priorityOf(first) >= priority)
    throw new Problem(
      'Forbidden',
      `There are ${snapshotsMax} snapshots, none of a lower priority, and no more may be made (--snapshots-max).`,
    );
  await dropSnapshot(first, store.collection(snapshotCollection), services);
}

const byImportance = (a: SnapshotDocument, b: SnapshotDocument): number =>
  priorityOf(a) - priorityOf(b) || compareInstants(a.lastUsedAt ?? a.createdAt, b.lastUsedAt ?? b.createdAt);

/** Deletes the snapshots of a tenant that have ended, and stores when the others were last used. Returns how many were deleted. */
export async function tidySnapshots(store: Store, now: Instant, services: Keeping): Promise<number> {
  const collection = store.collection(snapshotCollection);
  let count = 0;
  for (const { key, document } of await collection.list()) {
    const snapshot = snapshotIn(document);
    if (!snapshot) continue;
    if (isGone(snapshot, now)) {
      await dropSnapshot(snapshot, collection, services);
      count += 1;
      continue;
    }
    const { lastUsedAt } = present(snapshot, now, services);
    if (lastUsedAt !== undefined && lastUsedAt !== snapshot.lastUsedAt)
      await changeDocument(collection, key, (json) => {
        const latest = snapshotIn(json);
        return latest && snapshotJson({ ...latest, lastUsedAt });
      });
  }
  return count;
}
