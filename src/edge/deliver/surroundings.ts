/** What the subscriptions of one tenant have in common when they are carried out. */
import type { World } from '../../core/operation/operation.ts';
import type { Log, Store } from '../../core/port/store.ts';
import type { Teller } from '../../core/subscription/notification.ts';
import type { Follower } from './follower.ts';
import type { Ledger } from './ledger.ts';
import type { Receivers } from './receivers.ts';

/** What the broker is made of, without those who carry subscriptions out: that is us. */
export type DeliveryWorld = Omit<World, 'subscriptions'>;

export interface Surroundings {
  readonly tenant: string;
  readonly store: Store;
  /** The change log of the store, of which records that are asked for together are shared. */
  readonly log: Log;
  /** The name of the store's log, which makes the ids of notifications unique. */
  readonly epoch: string;
  readonly world: DeliveryWorld;
  readonly follower: Follower;
  readonly ledger: Ledger;
  readonly receivers: Receivers;
  /** Writes a change once for all who want it in the same words. */
  readonly teller: Teller;
  /** Attempts at a notification at which its receiver fails. */
  readonly attemptsMax: number;
  /** Dead letters that are kept of a subscription. */
  readonly deadLettersMax: number;
  /** Milliseconds of a clock that is never set. */
  readonly nowMs: () => number;
  /** A random number from 0 to 1. */
  readonly chance: () => number;
}
