/** Reads stored subscriptions for streaming. */
import type { Instant } from '../../core/model/instant.ts';
import type { Json } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import { readId } from '../../core/model/read/id.ts';
import { type SubscriptionDocument, statusOf, subscriptionIn } from '../../core/model/subscription.ts';
import type { Caller, Services } from '../../core/operation/operation.ts';
import { mayManage } from '../../core/operation/subscription/owner.ts';
import type { Position, Store } from '../../core/port/store.ts';
import { subscriptionCollection } from '../../core/port/subscriptions.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import { contextsOf, readStreamed } from '../../core/subscription/read-stored.ts';

export interface StoredSubject extends Pick<Caller, 'tenant' | 'principal'> {
  readonly id: string;
  readonly store: Store;
}

/** A stored subscription as it was read. */
interface ReadSubject {
  readonly plan: SubscriptionPlan;
  /** The position from which it applies. */
  readonly since: Position;
  readonly modifiedAt: Instant;
  /** The stored document. */
  readonly kept: Json;
}

/**
 * Reads a stored subscription. Throws ResourceNotFound, and
 * OperationNotSupported when it is not active or cannot be streamed.
 */
export async function readSubject(
  { tenant, principal, id, store }: StoredSubject,
  services: Services,
): Promise<ReadSubject> {
  const { clock, contexts } = services;
  const kept = await store.collection(subscriptionCollection).get(readId(id, 'the id of the subscription'));
  if (kept === undefined || !mayManage(kept, { principal, tenant, services }))
    throw new Problem('ResourceNotFound', `There is no subscription ${id}.`);
  const document: SubscriptionDocument = subscriptionIn(kept);
  const status = statusOf(document, clock.now());
  if (status !== 'active') throw new Problem('OperationNotSupported', `The subscription ${id} is ${status}.`);
  const plan = readStreamed(document, await contextsOf(document, (context) => contexts.resolve(context, tenant)));
  return { plan: { ...plan, id }, since: document.since, modifiedAt: document.modifiedAt, kept };
}
