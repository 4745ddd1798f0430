/** Stored subscriptions on the stream: each has one consumer at a time, of which it is kept how far it has come. */
import { statusOf, subscriptionIn } from '../../core/model/subscription.ts';
import type { World } from '../../core/operation/operation.ts';
import { changeDocument } from '../../core/port/shelf.ts';
import type { Position, Shelf, Store } from '../../core/port/store.ts';
import { acknowledgedShelf, subscriptionShelf } from '../../core/port/subscriptions.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import { readSubject } from './stored.ts';

/** A stored subscription in the hands of its consumer; to be released once. */
export interface Claim {
  readonly plan: SubscriptionPlan;
  /** What concerns the subscription up to here was acknowledged, or came before it. */
  readonly leftAt: Position;
  /** Keeps that everything up to a position was taken in. Answers how far it is kept, once that is durable. */
  acknowledge(position: Position): Promise<Position>;
  release(): void;
}

interface Claiming {
  readonly tenant: string;
  readonly id: string;
  /** The store as the client may see it, and as it is. */
  readonly seen: Store;
  readonly store: Store;
  /** Called when the subscription was taken over by another consumer, changed, paused or deleted. */
  readonly lost: (reason: string) => void;
}

/** Throws ResourceNotFound, Forbidden, and OperationNotSupported for a subscription that is not active or cannot be streamed. */
export type TakeClaim = (claiming: Claiming) => Promise<Claim>;

export function createClaims(world: World): TakeClaim {
  const holders = new Map<string, Claiming>();
  return async (claiming) => {
    const { tenant, id, seen, store } = claiming;
    const key = `${tenant} ${id}`;
    // Watched before it is read: whatever changes in between is heard of.
    const unwatch = world.subscriptions.watch(tenant, id, () => void tellChange(claiming, world));
    try {
      const { plan, since } = await readSubject({ tenant, id, seen }, world);
      const shelf = store.shelf(acknowledgedShelf);
      const kept = await shelf.get(id);
      holders.get(key)?.lost('takenOver');
      holders.set(key, claiming);
      return {
        plan,
        leftAt: Math.max(since, typeof kept === 'number' ? kept : 0),
        acknowledge: createAcknowledge(shelf, id),
        release: () => {
          unwatch();
          if (holders.get(key) === claiming) holders.delete(key);
        },
      };
    } catch (error) {
      unwatch();
      throw error;
    }
  };
}

async function tellChange({ store, id, lost }: Claiming, world: World): Promise<void> {
  try {
    const kept = await store.shelf(subscriptionShelf).get(id);
    if (kept === undefined) lost('deleted');
    else lost(statusOf(subscriptionIn(kept), world.clock.now()) === 'paused' ? 'paused' : 'changed');
  } catch (cause) {
    world.observe({ kind: 'failed', where: 'stream', cause });
    lost('changed');
  }
}

/** Writes one after the other, each the newest there is; those who came meanwhile share it. */
function createAcknowledge(shelf: Shelf, id: string): Claim['acknowledge'] {
  let [wanted, durable] = [0, 0];
  let writing = Promise.resolve();
  const write = async (): Promise<void> => {
    if (durable >= wanted) return;
    const next = wanted;
    // A consumer at another broker may have come further.
    await changeDocument(shelf, id, (now) => (typeof now === 'number' && now >= next ? undefined : next));
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
