/** Updates the delivery statistics of a subscription when an attempt starts and when it ends (clauses 5.2.14, 5.8.6). */
import type { Instant } from '../model/instant.ts';
import type { DeliveryStatistics } from '../model/subscription.ts';

/** An attempt to notify starts. */
export const attempted = (statistics: DeliveryStatistics, now: Instant): DeliveryStatistics => ({
  ...statistics,
  timesSent: statistics.timesSent + 1,
  lastNotification: now,
});

/** An attempt ends, with success or failure. */
export const ended = (statistics: DeliveryStatistics, isWell: boolean, now: Instant): DeliveryStatistics =>
  isWell
    ? { ...statistics, lastSuccess: now, status: 'ok' }
    : { ...statistics, timesFailed: statistics.timesFailed + 1, lastFailure: now, status: 'failed' };
