/** Reads subscriptions for the delivery of what context sources notify (clause 5.8.6). */
import type { SubscriptionDocument } from '../model/subscription.ts';
import type { Messenger } from '../port/messenger.ts';
import { everyChange } from './plan.ts';
import { readStored, type StoredContexts, type StoredPlan } from './read-stored.ts';

/**
 * The subscription with the changes that are addressed to it, in place of its conditions: the source has tested these, or this broker when
 * the notification came. Notifications of a subscription at intervals are sent on as they come. Throws what `readStored` throws.
 */
export function readAddressed(
  document: SubscriptionDocument,
  contexts: StoredContexts,
  messenger: Messenger,
): StoredPlan {
  const { linked: _linked, intervalMs: _intervalMs, ...stored } = readStored(document, contexts, messenger);
  return { ...stored, plan: { ...everyChange(stored.plan), isConcerned: ({ onlyFor }) => onlyFor === document.id } };
}
