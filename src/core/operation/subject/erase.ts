/**
 * Erases everything that names a subject. Each step is small and can be repeated: when the broker stops in the middle, the same call erases the
 * rest.
 */
import { registrationCollectionOf } from '../../federation/registration-store.ts';
import { registrationCollection } from '../../federation/registration.ts';
import { entityMapContents, entityMapHeads } from '../../federation/entity-map.ts';
import { notifiedJson } from '../../federation/notified-change.ts';
import { copyCollection, sourceCollectionOf } from '../../federation/source-store.ts';
import { ngsildNull } from '../../model/attribute.ts';
import type { Fragment } from '../../model/attribute.ts';
import type { Entity } from '../../model/entity.ts';
import { isObject, type Json } from '../../model/json.ts';
import type { Mutation } from '../../model/mutation.ts';
import { Problem } from '../../model/problem.ts';
import { redactEntity, withoutNamed } from '../../model/subject/redact.ts';
import { acknowledgedCollection, placeCollection, subscriptionCollection } from '../../port/subscriptions.ts';
import type { SubjectPlace } from '../../port/subject.ts';
import { watchedSeriesCollection } from '../../port/watch.ts';
import type { Store } from '../../port/store.ts';
import { dropSnapshotStore } from '../../port/subscribed-snapshots.ts';
import { dropEntityMap } from '../distributed/entity-maps.ts';
import { deadLetters, findIn, findInAudit } from './find.ts';
import {
  type RunningSubscriptions,
  snapshotCollection,
  snapshotStoreIn,
  type SubjectContext,
  storesOf,
} from './subject-context.ts';

/** Erases it in the tenant, in its snapshots and in the audit. */
export async function eraseSubject(context: SubjectContext): Promise<void> {
  const { id, tenant, store, services } = context;
  await services.subjectPseudonyms?.erase(store, id);
  for (const one of await storesOf(context)) await eraseEntities(one.store, context);
  await eraseDocuments(context);
  for (const one of await storesOf(context))
    for (const place of rewritten) await toTheEnd(findIn(one.store, { id, place, erases: true }));
  for (const { name } of await storesOf(context)) await services.subscriptions.forgetChanges(name);
  await services.registrationSubscriptions?.forgetChanges(tenant);
  // What was sent meanwhile may have become a dead letter, and an aggregate may have been released.
  await eraseDocuments(context);
  await services.subjectPseudonyms?.erase(store, id);
  for (const one of [...(await storesOf(context)), { store }])
    await toTheEnd(findIn(one.store, { id, place: 'rest', erases: true }));
  await toTheEnd(findInAudit(context, true));
}

/** The places that stores rewrite. */
const rewritten: readonly SubjectPlace[] = ['history', 'rollup', 'log'];

async function toTheEnd(findings: AsyncIterable<unknown>): Promise<void> {
  for await (const _finding of findings);
}

/** Most attempts at one entity that others change at the same time. */
const attemptsMax = 3;

/** Deletes entities whose ids name the subject, and takes it out of others. These are changes like any others: subscribers learn of them. */
async function eraseEntities(store: Store, { id, isNamed, services }: SubjectContext): Promise<void> {
  const now = services.clock.now();
  // What has expired cannot be changed any more.
  await store.sweep(now);
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    let isAny = false;
    for await (const finding of findIn(store, { id, place: 'entity', erases: false })) {
      if (finding.place !== 'entity') continue;
      isAny = true;
      const mutation = erasingMutation(finding.entity, isNamed);
      await store.apply([{ mutation }], services.clock.now());
    }
    if (!isAny) return;
  }
}

function erasingMutation(entity: Entity, isNamed: SubjectContext['isNamed']): Mutation {
  const { id } = entity;
  if (isNamed(id)) return { op: 'delete', id };
  const { attrs, scope, owner } = redactEntity(entity, isNamed);
  const changed = Object.entries(entity.attrs).flatMap(([name, instances]): [string, readonly Fragment[]][] => {
    const left = Object.hasOwn(attrs, name) ? (attrs[name] ?? []) : [];
    if (left === instances) return [];
    const gone = instances
      .filter(({ datasetId }) => !left.some((one) => one.datasetId === datasetId))
      .map(
        ({ datasetId }): Fragment => ({ value: ngsildNull, ...(datasetId === undefined ? undefined : { datasetId }) }),
      );
    const rewrittenOnes = left.filter((one) => !instances.includes(one));
    return gone.length + rewrittenOnes.length === 0 ? [] : [[name, [...gone, ...rewrittenOnes]]];
  });
  return {
    op: 'update',
    id,
    fragment: {
      attrs: Object.fromEntries(changed),
      ...(scope === entity.scope ? undefined : { scope: scope ?? ngsildNull }),
      ...(owner === entity.owner ? undefined : { owner: ngsildNull }),
    },
  };
}

/** Deletes documents that name the subject, or takes it out of them: those of the tenant, then those of the snapshots that are left. */
async function eraseDocuments(context: SubjectContext): Promise<void> {
  await eraseDocumentsIn(context);
  for (const { name, store, snapshot } of await storesOf(context))
    if (snapshot !== undefined) await eraseDocumentsIn({ ...context, tenant: name, store });
}

async function eraseDocumentsIn(context: SubjectContext): Promise<void> {
  const { id, store } = context;
  for await (const finding of findIn(store, { id, place: 'document', erases: false }))
    if (finding.place === 'document') await eraserOf(finding.collection)?.(finding, context);
}

interface FoundDocument {
  readonly collection: string;
  readonly key: string;
  readonly document: Json;
}

type Eraser = (found: FoundDocument, context: SubjectContext) => Promise<void>;

/** How documents of a collection are erased. Undefined: they stay, and the report says why. */
export const eraserOf = (collection: string): Eraser | undefined =>
  deadLetters.test(collection)
    ? async ({ key }, { store }) => {
        await store.collection(collection).delete(key);
      }
    : erasers[collection];

const registrationSubscriptions = registrationCollectionOf(subscriptionCollection);

const erasers: Readonly<Record<string, Eraser>> = {
  [subscriptionCollection]: (found, context) => removeSubscription(found, context, context.services.subscriptions),
  [registrationSubscriptions]: (found, context) =>
    removeSubscription(found, context, context.services.registrationSubscriptions),
  [registrationCollection]: async ({ key, document }, { tenant, services }) => {
    const { registrations, clock } = services;
    const change = { id: key, at: clock.now(), before: document, after: undefined };
    await registrations.inTurn(tenant, () => registrations.replace(tenant, change));
  },
  [snapshotCollection]: async ({ key, document }, { store, services }) => {
    const name = snapshotStoreIn(document);
    if (name !== undefined) await dropSnapshotStore(name, services);
    await store.collection(snapshotCollection).delete(key);
  },
  [registrationCollectionOf('changes')]: async ({ collection, key, document }, { store, services }) => {
    // It stands for what a subscription of this id found, which there is not.
    const erased = { id: 'urn:ngsi-ld:Erased', at: services.clock.now(), matching: [] };
    await store.collection(collection).replace(key, document, erased);
  },
  [sourceCollectionOf('changes')]: async ({ collection, key, document }, { store, services }) => {
    // No subscription has this id, so that nobody is told of it.
    const erased = notifiedJson('urn:ngsi-ld:Erased', services.clock.now(), {
      id: 'urn:ngsi-ld:Erased',
      type: 'Erased',
    });
    await store.collection(collection).replace(key, document, erased);
  },
  // The source is asked to delete the copy, when the subscription is deleted.
  [sourceCollectionOf(copyCollection)]: async ({ collection, key, document }, { store }) => {
    const { sent: _sent, ...copy } = isObject(document) ? document : {};
    await store.collection(collection).replace(key, document, copy);
  },
  [sourceCollectionOf(subscriptionCollection)]: removeSubscription,
  [entityMapHeads]: removeEntityMap,
  [entityMapContents]: removeEntityMap,
  ...Object.fromEntries(
    ['deliveries', acknowledgedCollection, placeCollection, watchedSeriesCollection].flatMap((name) => [
      [name, takeOut],
      [registrationCollectionOf(name), takeOut],
      [sourceCollectionOf(name), takeOut],
    ]),
  ),
};

/** A map is for paging, and is made again. */
async function removeEntityMap({ key }: FoundDocument, { store }: SubjectContext): Promise<void> {
  await dropEntityMap(key, store);
}

/** A subscription or registration that names a subject would be about others without the name. So it goes as a whole. */
async function removeSubscription(
  { collection, key }: FoundDocument,
  { tenant, store }: SubjectContext,
  subscriptions?: RunningSubscriptions,
): Promise<void> {
  await store.collection(collection).delete(key);
  await store.collection(acknowledgedCollection).delete(key);
  await subscriptions?.refresh(tenant, key);
}

async function takeOut(
  { collection, key, document }: FoundDocument,
  { store, isNamed }: SubjectContext,
): Promise<void> {
  if (isNamed(key)) await store.collection(collection).delete(key);
  else await store.collection(collection).replace(key, document, withoutNamed(document, isNamed) ?? {});
}

/** Throws Unavailable when a snapshot is being filled: what is copied at this moment would come back. */
export async function refuseWhileFilling(context: SubjectContext): Promise<void> {
  for (const { document } of await context.store.collection(snapshotCollection).list()) {
    const name = snapshotStoreIn(document);
    if (name !== undefined && context.services.snapshots.isFilling(name))
      throw new Problem('Unavailable', 'A snapshot is being filled. Try again when it is ready.');
  }
}
