/** Stored subscriptions on the stream: each has one consumer at a time, of which it is kept how far it has come. */
import { statusOf, subscriptionIn } from '../../core/model/subscription.ts';
import type { World } from '../../core/operation/operation.ts';
import { changeDocument } from '../../core/port/document-collection.ts';
import type { Position, DocumentCollection, Store } from '../../core/port/store.ts';
import { acknowledgedCollection, subscriptionCollection } from '../../core/port/subscriptions.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import { readSubject } from './stored.ts';

/** A stored subscription in the hands of its consumer; to be released once. */
export interface ExclusiveConsumer {
  readonly plan: SubscriptionPlan;
  /** What concerns the subscription up to here was acknowledged, or came before it. */
  readonly leftAt: Position;
  /** Keeps that everything up to a position was taken in. Answers how far it is kept, once that is durable. */
  acknowledge(position: Position): Promise<Position>;
  release(): void;
}

interface ExclusiveConsumerOptions {
  readonly tenant: string;
  readonly id: string;
  /** The store as the client may see it, and as it is. */
  readonly seen: Store;
  readonly store: Store;
  /** Called when the subscription was taken over by another consumer, changed, paused or deleted. */
  readonly lost: (reason: string) => void;
}

/** Throws ResourceNotFound, Forbidden, and OperationNotSupported for a subscription that is not active or cannot be streamed. */
export type OpenExclusiveConsumer = (options: ExclusiveConsumerOptions) => Promise<ExclusiveConsumer>;

export function createExclusiveConsumers(world: World): OpenExclusiveConsumer {
  const holders = new Map<string, ExclusiveConsumerOptions>();
  return async (options) => {
    const { tenant, id, seen, store } = options;
    const key = `${tenant} ${id}`;
    // Watched before it is read: whatever changes in between is heard of.
    const unwatch = world.subscriptions.watch(tenant, id, () => void tellChange(options, world));
    try {
      const { plan, since } = await readSubject({ tenant, id, seen }, world);
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

async function tellChange({ store, id, lost }: ExclusiveConsumerOptions, world: World): Promise<void> {
  try {
    const kept = await store.collection(subscriptionCollection).get(id);
    if (kept === undefined) lost('deleted');
    else lost(statusOf(subscriptionIn(kept), world.clock.now()) === 'paused' ? 'paused' : 'changed');
  } catch (cause) {
    world.observe({ kind: 'failed', where: 'stream', cause });
    lost('changed');
  }
}

/** Writes one after the other, each the newest there is; those who came meanwhile share it. */
function createAcknowledge(collection: DocumentCollection, id: string): ExclusiveConsumer['acknowledge'] {
  let [wanted, durable] = [0, 0];
  let writing = Promise.resolve();
  const write = async (): Promise<void> => {
    if (durable >= wanted) return;
    const next = wanted;
    // A consumer at another broker may have come further.
    await changeDocument(collection, id, (now) => (typeof now === 'number' && now >= next ? undefined : next));
    durable = next;
  };
  return async (position) => {
    wanted = Math.max(wanted, position);
    const done = writing.then(write);
    // A write that failed is the concern of those who waited for it.
    writing = done.catch(() => undefined);
    await done;
    return durable;
  };
}
