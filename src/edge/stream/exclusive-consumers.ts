/** Gives each stored subscription at most one consumer at a time, and persists its acknowledged position. */
import { type Json, sameJson } from '../../core/model/json.ts';
import { statusOf, subscriptionIn } from '../../core/model/subscription.ts';
import type { Services } from '../../core/operation/operation.ts';
import { changeDocument } from '../../core/port/document-collection.ts';
import type { Position, DocumentCollection } from '../../core/port/store.ts';
import { acknowledgedCollection, subscriptionCollection } from '../../core/port/subscriptions.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import { readSubject, type StoredSubject } from './stored.ts';

/** A claim on a stored subscription. Call `release` once. */
export interface ExclusiveConsumer {
  readonly plan: SubscriptionPlan;
  /** The acknowledged position, or the position at which the subscription began. */
  readonly leftAt: Position;
  /** Persists that everything up to a position is processed. Returns the persisted position once it is durable. */
  acknowledge(position: Position): Promise<Position>;
  release(): void;
}

interface ExclusiveConsumerOptions extends StoredSubject {
  /** Called when another consumer takes over, or when the subscription is changed, paused or deleted. */
  readonly lost: (reason: string) => void;
}

/** Throws ResourceNotFound, Forbidden, and OperationNotSupported for a subscription that is not active or cannot be streamed. */
export type OpenExclusiveConsumer = (options: ExclusiveConsumerOptions) => Promise<ExclusiveConsumer>;

export function createExclusiveConsumers(services: Services): OpenExclusiveConsumer {
  const holders = new Map<string, ExclusiveConsumerOptions>();
  return async (options) => {
    const { tenant, id, store } = options;
    const key = `${tenant} ${id}`;
    const claimed = Promise.withResolvers<Json>();
    // Watch before reading, so that no change in between is missed.
    const unwatch = services.subscriptions.watch(tenant, id, () => void tellChange(options, claimed.promise, services));
    try {
      const { plan, since, kept: document } = await readSubject(options, services);
      claimed.resolve(document);
      const collection = store.collection(acknowledgedCollection);
      const kept = await collection.get(id);
      holders.get(key)?.lost('takenOver');
      holders.set(key, options);
      return {
        plan,
        leftAt: Math.max(since, typeof kept === 'number' ? kept : 0),
        acknowledge: createAcknowledge(collection, id),
        release: () => {
          unwatch();
          if (holders.get(key) === options) holders.delete(key);
        },
      };
    } catch (error) {
      unwatch();
      throw error;
    }
  };
}

/** Ends the claim unless the document is still the claimed one: news of an earlier change can come late from MongoDB. */
async function tellChange(
  { store, id, lost }: ExclusiveConsumerOptions,
  claimed: Promise<Json>,
  services: Services,
): Promise<void> {
  try {
    const before = await claimed;
    const kept = await store.collection(subscriptionCollection).get(id);
    if (kept === undefined) lost('deleted');
    else if (!sameJson(kept, before))
      lost(statusOf(subscriptionIn(kept), services.clock.now()) === 'paused' ? 'paused' : 'changed');
  } catch (cause) {
    services.observe({ kind: 'failed', where: 'stream', cause });
    lost('changed');
  }
}

/** Writes one acknowledgement at a time, always the newest position. Calls during a write share the next one. */
function createAcknowledge(collection: DocumentCollection, id: string): ExclusiveConsumer['acknowledge'] {
  let [wanted, durable] = [0, 0];
  let writing = Promise.resolve();
  const write = async (): Promise<void> => {
    if (durable >= wanted) return;
    const next = wanted;
    // A consumer at another broker instance may have acknowledged a later position.
    await changeDocument(collection, id, (now) => (typeof now === 'number' && now >= next ? undefined : next));
    durable = next;
  };
  return async (position) => {
    wanted = Math.max(wanted, position);
    const done = writing.then(write);
    // A failed write rejects only the calls that waited for it.
    writing = done.catch(() => undefined);
    await done;
    return durable;
  };
}
