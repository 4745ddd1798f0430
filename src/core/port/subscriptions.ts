/** What operations ask of whoever carries stored subscriptions out. */
import type { Change } from '../model/change.ts';
import type { Terms } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import type { DeliveryStatistics, SubscriptionDocument } from '../model/subscription.ts';

export interface Subscriptions {
  /**
   * Makes sure that the subscription can be carried out as it is. Throws BadRequestData that names the faulty member,
   * OperationNotSupported for what this broker does not do, and what loading its `jsonldContext` throws.
   */
  check(tenant: string, document: SubscriptionDocument): Promise<void>;
  /** Puts into force what now stands on the tenant's shelf under this id, be it new, changed or gone. */
  refresh(tenant: string, id: string): Promise<void>;
  /** Calls back whenever `refresh` was asked for. Answers the function that stops it. */
  watch(tenant: string, id: string, listener: () => void): () => void;
  /** What came of the subscription so far; undefined as long as nothing was sent. */
  statistics(tenant: string, document: SubscriptionDocument): Promise<DeliveryStatistics | undefined>;
  /**
   * Begins to send dead letters again, by their keys, in this order, whatever the state of the subscription. Those that the
   * receiver takes are gone then. Throws what `check` throws.
   */
  replay(tenant: string, document: SubscriptionDocument, keys: readonly string[]): Promise<void>;
  /**
   * Says why notifications of an entity come, or do not; without an entity, why any do. Names are written with the terms. Of a
   * subscription that cannot be carried out it says that.
   */
  explain(
    tenant: string,
    document: SubscriptionDocument,
    about: { readonly entity: string | undefined; readonly terms: Terms },
  ): Promise<Explanation>;
}

/** Why the last change of an entity was told, will be, or never will be. */
export interface Explanation {
  /** The answer in one sentence. */
  readonly verdict: string;
  /** The change; undefined when it is not in the log (any more). */
  readonly change: { readonly position: string; readonly at: Instant; readonly event: Change['event'] } | undefined;
  /** What must hold for it to be told now: all of it. */
  readonly clauses: readonly Clause[];
  readonly delivery: DeliveryStatus;
}

/** Something that a subscription asks for, whether it holds, and what there is instead. */
export interface Clause {
  /** The member of the subscription that asks, or a part of it. */
  readonly clause: string;
  readonly isMet: boolean;
  readonly asks: string;
  readonly finds?: string;
  readonly parts?: readonly Clause[];
}

/** How far a subscription has come in the change log, and how its receiver fares. */
export interface DeliveryStatus extends DeliveryStatistics {
  /** What concerned it up to here is delivered or given up. */
  readonly position: string;
  /** The newest change. */
  readonly newest: string;
  /** Changes that were not looked through yet. */
  readonly unread: number;
  /** Notifications of what was looked through that are not delivered. */
  readonly waiting: number;
  readonly deadLetters: number;
  /** Why the last attempt failed that did. */
  readonly lastReason: string | undefined;
  /** Nothing is sent before. */
  readonly notBefore: Instant | undefined;
}

/** The shelf on which subscriptions are kept, by id. */
export const subscriptionCollection = 'subscriptions';

/** The shelf on which it is kept, by id, up to which position whoever streams a subscription has acknowledged it. */
export const acknowledgedCollection = 'acknowledged';
