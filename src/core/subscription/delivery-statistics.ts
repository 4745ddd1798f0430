/** Keeps the account of a subscription (clauses 5.2.14, 5.8.6): what is counted when an attempt begins, and when it ends. */
import type { Instant } from '../model/instant.ts';
import type { DeliveryStatistics } from '../model/subscription.ts';

/** An attempt to notify begins. */
export const attempted = (statistics: DeliveryStatistics, now: Instant): DeliveryStatistics => ({
  ...statistics,
  timesSent: statistics.timesSent + 1,
  lastNotification: now,
});

/** An attempt ends, well or not. */
export const ended = (statistics: DeliveryStatistics, isWell: boolean, now: Instant): DeliveryStatistics =>
  isWell
    ? { ...statistics, lastSuccess: now, status: 'ok' }
    : { ...statistics, timesFailed: statistics.timesFailed + 1, lastFailure: now, status: 'failed' };
