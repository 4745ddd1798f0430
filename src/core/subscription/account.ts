/** Keeps the account of a subscription (clauses 5.2.14, 5.8.6): what is counted when an attempt begins, and when it ends. */
import type { Instant } from '../model/instant.ts';
import type { SubscriptionAccount } from '../model/subscription.ts';

/** An attempt to notify begins. */
export const attempted = (account: SubscriptionAccount, now: Instant): SubscriptionAccount => ({
  ...account,
  timesSent: account.timesSent + 1,
  lastNotification: now,
});

/** An attempt ends, well or not. */
export const ended = (account: SubscriptionAccount, isWell: boolean, now: Instant): SubscriptionAccount =>
  isWell
    ? { ...account, lastSuccess: now, status: 'ok' }
    : { ...account, timesFailed: account.timesFailed + 1, lastFailure: now, status: 'failed' };
