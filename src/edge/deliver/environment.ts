/** What the subscriptions of one tenant have in common when they are carried out. */
import type { World } from '../../core/operation/operation.ts';
import type { Log, Store } from '../../core/port/store.ts';
import type { ChangeRenderer } from '../../core/subscription/notification.ts';
import type { LogTailer } from './log-tailer.ts';
import type { ProgressStore } from './progress-store.ts';
import type { EndpointScheduler } from './endpoint-scheduler.ts';

/** What the broker is made of, without those who carry subscriptions out: that is us. */
export type DeliveryWorld = Omit<World, 'subscriptions'>;

export interface DeliveryEnvironment {
  readonly tenant: string;
  readonly store: Store;
  /** The change log of the store, of which records that are asked for together are shared. */
  readonly log: Log;
  /** The name of the store's log, which makes the ids of notifications unique. */
  readonly epoch: string;
  readonly world: DeliveryWorld;
  readonly tailer: LogTailer;
  readonly progressStore: ProgressStore;
  readonly scheduler: EndpointScheduler;
  /** Writes a change once for all who want it in the same words. */
  readonly renderer: ChangeRenderer;
  /** Attempts at a notification at which its receiver fails. */
  readonly attemptsMax: number;
  /** Dead letters that are kept of a subscription. */
  readonly deadLettersMax: number;
  /** Milliseconds of a clock that is never set. */
  readonly nowMs: () => number;
  /** A random number from 0 to 1. */
  readonly chance: () => number;
}
