/** What operations ask of the delivery engine, which runs stored subscriptions. */
import type { Change } from '../model/change.ts';
import type { Terms } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import type { DeliveryStatistics, SubscriptionDocument } from '../model/subscription.ts';

/**
 * Runs stored subscriptions: matches changes, delivers notifications and replays dead letters. A tenant is named by the name of its store; so is a
 * snapshot, but for `check`, which asks for the tenant that has it.
 */
export interface Subscriptions {
  /**
   * What the subscriptions are about: entities (clause 5.8), registrations of context sources (clause 5.11), or what sources notify of
   * entities (clause 5.8.6).
   */
  readonly about: 'entities' | 'registrations' | 'sources';
  /**
   * Checks that the subscription can be run as it is. Throws BadRequestData that names the faulty member, OperationNotSupported for what
   * this broker does not support, and what loading its `jsonldContext` throws.
   */
  check(tenant: string, document: SubscriptionDocument): Promise<void>;
  /** Puts the stored document of this id into effect after it was created, changed or deleted. */
  refresh(tenant: string, id: string): Promise<void>;
  /** Calls back whenever `refresh` was called for this id. Returns the function that stops it. */
  watch(tenant: string, id: string, listener: () => void): () => void;
  /** The delivery statistics. Undefined until a notification was sent. */
  statistics(tenant: string, document: SubscriptionDocument): Promise<DeliveryStatistics | undefined>;
  /**
   * Starts to send dead letters again, by their keys and in this order, whatever the status of the subscription. A letter is deleted when
   * the receiver accepts it. Throws what `check` throws.
   */
  replay(tenant: string, document: SubscriptionDocument, keys: readonly string[]): Promise<void>;
  /**
   * Forgets the changes that are in memory, after the log was rewritten: all subscriptions of the tenant read it again from where they were.
   * Notifications that are being sent end first.
   */
  forgetChanges(tenant: string): Promise<void>;
  /**
   * Explains why an entity is notified or not. Without an entity, explains the state of the subscription. Compacts names with the terms. It
   * also explains a subscription that cannot be run. Throws what the store throws.
   */
  explain(
    tenant: string,
    document: SubscriptionDocument,
    about: { readonly entity: string | undefined; readonly terms: Terms },
  ): Promise<Explanation>;
}

/** Why the last change of an entity was notified, will be, or never will be. */
export interface Explanation {
  /** The answer in one sentence. */
  readonly verdict: string;
  /** The change. Undefined when it is no longer in the log. */
  readonly change: { readonly position: string; readonly at: Instant; readonly event: Change['event'] } | undefined;
  /** All conditions for a notification. */
  readonly clauses: readonly Clause[];
  readonly delivery: DeliveryStatus;
}

/** One condition of a subscription: what it requires, what was found, and whether it is met. */
export interface Clause {
  /** The member of the subscription, or a part of it. */
  readonly clause: string;
  readonly isMet: boolean;
  readonly asks: string;
  readonly finds?: string;
  readonly parts?: readonly Clause[];
}

/** How far a subscription has come in the change log, and the state of its receiver. */
export interface DeliveryStatus extends DeliveryStatistics {
  /** Everything up to this position is delivered or given up. */
  readonly position: string;
  /** The position of the newest change. */
  readonly newest: string;
  /** Changes that were not matched yet. */
  readonly unread: number;
  /** Notifications of matched changes that are not delivered yet. */
  readonly waiting: number;
  readonly deadLetters: number;
  /** Why the last failed attempt failed. */
  readonly lastReason: string | undefined;
  /** Nothing is sent before this time. */
  readonly notBefore: Instant | undefined;
}

/** The collection of subscriptions, by id. */
export const subscriptionCollection = 'subscriptions';

/** The collection of acknowledged positions: how far the client that streams a subscription has acknowledged it, by subscription id. */
export const acknowledgedCollection = 'acknowledged';

/** The collection of places that are reserved while subscriptions are created, by the subject of the owner: an object of reservation to id and time. */
export const placeCollection = 'subscriptionPlaces';
