/** Operations that create, change and delete stored subscriptions (clauses 5.8.1, 5.8.2, 5.8.5). */
import { Problem } from '../../model/problem.ts';
import { readId } from '../../model/read/id.ts';
import { type SubscriptionDocument, subscriptionIn, subscriptionJson } from '../../model/subscription.ts';
import { deadLetterCollection, discardLetters } from '../../port/dead-letters.ts';
import { changeDocument } from '../../port/document-collection.ts';
import { serialized } from '../../port/serialized.ts';
import { isSnapshotStore } from '../../port/snapshot-store.ts';
import { noteSubscribed } from '../../port/subscribed-snapshots.ts';
import { subscriptionCollection } from '../../port/subscriptions.ts';
import { isInLoop, loopDetected } from '../distributed/concerned-sources.ts';
import { writeHead } from '../heads.ts';
import type { OperationResult, CallContext, Operation } from '../operation.ts';
import { bodyOf } from '../parameters.ts';
import { mayManage } from './owner.ts';
import { newDocument, patchDocument, resumed, withContextKept } from './document.ts';
import { createWithinQuota } from './quota.ts';
import { removeSubscription } from './remove.ts';

const common = { ...writeHead, access: 'subscribe', checksDocuments: true, parameters: [] } as const;

export const createSubscription: Operation = {
  ...common,
  name: 'createSubscription',
  clause: '5.8.1',
  method: 'POST',
  path: '/subscriptions',
  body: 'object',
  unknownTenant: 'create',
  async run(request, call) {
    if (isInLoop(call)) throw loopDetected();
    const document = await newDocument(bodyOf(request), call);
    await call.services.subscriptions.check(call.tenant, document);
    const { id } = document;
    await createWithinQuota(id, call, () => serialized(call, id, () => store(document, call)));
    return { kind: 'created', location: `/ngsi-ld/v1/subscriptions/${id}` };
  },
};

/** Stores a new subscription and puts it into effect. Throws AlreadyExists. */
async function store(document: SubscriptionDocument, call: CallContext): Promise<void> {
  const { id } = document;
  const { snapshot, tenant, storeName, services } = call;
  if (snapshot !== undefined && isSnapshotStore(storeName))
    await noteSubscribed(services.stores, storeName, { tenant, snapshot });
  const collection = call.store.collection(subscriptionCollection);
  if ((await collection.get(id)) !== undefined) throw alreadyExists(id);
  // A crash may have left dead letters of a deleted subscription with this id: they do not belong to the new one.
  await discardLetters(call.store.collection(deadLetterCollection(id)));
  const whole = await withContextKept(document, call);
  if (!(await collection.replace(id, undefined, subscriptionJson(whole)))) throw alreadyExists(id);
  await services.subscriptions.refresh(storeName, id);
}

export const updateSubscription: Operation = {
  ...common,
  name: 'updateSubscription',
  clause: '5.8.2',
  method: 'PATCH',
  path: '/subscriptions/{id}',
  body: 'object',
  async run(request, call) {
    const id = readId(request.path['id'], 'the id of the subscription');
    await serialized(call, id, async () => {
      await changeDocument(call.store.collection(subscriptionCollection), id, async (kept) => {
        if (kept === undefined || !mayManage(kept, call)) throw unknown(id);
        const before = subscriptionIn(kept);
        const after = patchDocument(before, bodyOf(request), call);
        await call.services.subscriptions.check(call.tenant, after);
        return subscriptionJson(await resumed(before, after, call));
      });
      await call.services.subscriptions.refresh(call.storeName, id);
    });
    return { kind: 'done' };
  },
};

export const deleteSubscription: Operation = {
  ...common,
  name: 'deleteSubscription',
  clause: '5.8.5',
  method: 'DELETE',
  path: '/subscriptions/{id}',
  body: 'none',
  async run(request, call): Promise<OperationResult> {
    const id = readId(request.path['id'], 'the id of the subscription');
    await serialized(call, id, async () => {
      const collection = call.store.collection(subscriptionCollection);
      if (!call.services.access.isOpen && !mayManage(await collection.get(id), call)) throw unknown(id);
      if (!(await removeSubscription(id, call))) throw unknown(id);
    });
    return { kind: 'done' };
  },
};

/** The subscription with this id. Throws ResourceNotFound, also for one that belongs to another. */
export async function find(id: string, call: CallContext): Promise<SubscriptionDocument> {
  const kept = await call.store.collection(subscriptionCollection).get(id);
  if (kept === undefined || !mayManage(kept, call)) throw unknown(id);
  return subscriptionIn(kept);
}

const alreadyExists = (id: string): Problem => new Problem('AlreadyExists', `There is a subscription ${id} already.`);

const unknown = (id: string): Problem => new Problem('ResourceNotFound', `There is no subscription ${id}.`);
