/** What all subscriptions of one tenant share at delivery. */
import type { Services } from '../../core/operation/operation.ts';
import type { Store } from '../../core/port/store.ts';
import type { SharedLog } from '../../core/subscription/shared-log.ts';
import type { Subscriptions } from '../../core/port/subscriptions.ts';
import type { ChangeRenderer } from '../../core/subscription/notification.ts';
import type { LogTailer } from './log-tailer.ts';
import type { ProgressStore } from './progress-store.ts';
import type { EndpointScheduler } from './endpoint-scheduler.ts';

/** The services of the operations without `subscriptions` and `registrationSubscriptions`, which this folder implements. */
export type DeliveryServices = Omit<Services, 'subscriptions' | 'registrationSubscriptions'>;

export interface DeliveryEnvironment {
  readonly tenant: string;
  /** The id of the snapshot whose store it is. Absent: it is the store of the tenant. */
  readonly snapshot?: string;
  /** What the subscriptions are about. */
  readonly about: Subscriptions['about'];
  readonly store: Store;
  /** The change log of the store, with a cache of records that several consumers read. */
  readonly log: SharedLog;
  /** The id of the change log of this store, which makes the ids of notifications unique. */
  readonly epoch: string;
  readonly services: DeliveryServices;
  readonly tailer: LogTailer;
  readonly progressStore: ProgressStore;
  readonly scheduler: EndpointScheduler;
  /** Renders a change once for all subscriptions with equal views. */
  readonly renderer: ChangeRenderer;
  /** The maximum of failed attempts at a notification. An attempt at an unreachable receiver does not count (`decideRetry`). */
  readonly attemptsMax: number;
  /** Most dead letters that are kept for a subscription. */
  readonly deadLettersMax: number;
  /** Milliseconds of a monotonic clock. */
  readonly nowMs: () => number;
  /** A random number from 0 to 1. */
  readonly chance: () => number;
}
