/** Explains in one sentence why the last change of an entity was notified, will be, or never will be. */
import type { Instant } from '../model/instant.ts';
import type { SubscriptionStatus } from '../model/subscription.ts';
import type { Clause } from '../port/subscriptions.ts';

/** The state of the notification of a change. */
export type ChangeOutcome =
  /** The change happened before the subscription was created or activated again. */
  | { readonly kind: 'before' }
  | { readonly kind: 'buried'; readonly letter: string; readonly reason: string }
  /** The notification is still to be delivered. */
  | { readonly kind: 'open'; readonly tries: number }
  | { readonly kind: 'delivered' }
  /** Nothing is sent: the client that streams the subscription reads the change from the log. */
  | { readonly kind: 'fetched' }
  /** Throttling dropped the notification. */
  | { readonly kind: 'throttled' }
  /** It is not known whether the notification was delivered, dropped by throttling, or given up and then discarded. */
  | { readonly kind: 'done' };

export interface Evidence {
  readonly entity: string;
  readonly status: SubscriptionStatus;
  /** False when the entity does not exist. */
  readonly isThere: boolean;
  /** All conditions except those that only say whether something is sent now (throttling, endpoint). */
  readonly clauses: readonly Clause[];
  /** When the next notification at an interval is due. Undefined: the subscription notifies changes. */
  readonly dueAt: Instant | undefined;
  /** Undefined: the change is no longer in the log. */
  readonly outcome: ChangeOutcome | undefined;
  readonly lastReason: string | undefined;
  readonly notBefore: Instant | undefined;
}

export function explainOutcome(evidence: Evidence): string {
  const { entity, status, isThere, clauses, dueAt, outcome } = evidence;
  if (status !== 'active') return `Nothing is notified, because the subscription is ${status}.`;
  if (!isThere) return `There is no entity ${entity}, so that nothing can be said of it.`;
  const unmet = clauses.find(({ isMet }) => !isMet);
  const subject = dueAt === undefined ? `The last change of ${entity}` : entity;
  if (unmet) return `${subject} is not notified, because ${reasonIn(unmet)}.`;
  if (dueAt !== undefined) return `${entity} is in the next notification by the clock, due at ${dueAt}.`;
  if (!outcome)
    return `${entity} is as the subscription asks, but its last change is in the log no more, so that nothing can be said of it.`;
  return `The last change of ${entity} ${outcomeText(outcome, evidence)}.`;
}

/** The explanation without an entity. */
export function explainState({
  status,
  notBefore,
  lastReason,
}: Pick<Evidence, 'status' | 'notBefore' | 'lastReason'>): string {
  if (status !== 'active') return `Nothing is notified, because the subscription is ${status}.`;
  if (notBefore !== undefined) return `Nothing is sent to the endpoint before ${notBefore}${failureIn(lastReason)}.`;
  return 'The subscription is in force; the parameter entity asks why an entity is notified, or is not.';
}

const failureIn = (lastReason: string | undefined): string =>
  lastReason === undefined ? '' : ` (last failure: ${lastReason})`;

/** Goes down to the unmet part while there is only one part. */
function reasonIn({ clause, asks, finds, parts = [] }: Clause): string {
  const unmet = parts.filter(({ isMet }) => !isMet);
  const [only] = unmet;
  if (only && parts.length === 1) return reasonIn({ ...only, ...(finds === undefined ? undefined : { finds }) });
  return `${clause} asks for ${asks}${finds === undefined ? '' : `, but finds: ${finds}`}`;
}

function outcomeText(outcome: ChangeOutcome, { lastReason, notBefore }: Evidence): string {
  switch (outcome.kind) {
    case 'before':
      return 'came before the subscription was made, or made active again';
    case 'buried':
      return `was given up (${outcome.reason}); it is the dead letter ${outcome.letter}`;
    case 'fetched':
      return 'is in the log for whoever streams the subscription; nothing is sent to an endpoint "ws:"';
    case 'delivered':
      return 'was notified';
    case 'throttled':
      return 'came too soon after a notification, so that throttling kept it back';
    case 'done':
      return 'is done with: it was notified, or throttling kept it back, or it was given up and then discarded';
    case 'open': {
      const reason = failureIn(lastReason);
      if (notBefore !== undefined) return `waits, because nothing is sent to the endpoint before ${notBefore}${reason}`;
      return outcome.tries > 0 ? `was tried ${outcome.tries} times and will be tried again${reason}` : 'is on its way';
    }
  }
}
