/** What operations ask of whoever carries stored subscriptions out. */
import type { SubscriptionAccount, SubscriptionDocument } from '../model/subscription.ts';

export interface Subscriptions {
  /**
   * Makes sure that the subscription can be carried out as it is. Throws BadRequestData that names the faulty member,
   * OperationNotSupported for what this broker does not do, and what loading its `jsonldContext` throws.
   */
  check(tenant: string, document: SubscriptionDocument): Promise<void>;
  /** Puts into force what now stands on the tenant's shelf under this id, be it new, changed or gone. */
  refresh(tenant: string, id: string): Promise<void>;
  /** What came of the subscription so far; undefined as long as nothing was sent. */
  account(tenant: string, id: string): Promise<SubscriptionAccount | undefined>;
  /**
   * Begins to send dead letters again, by their keys, in this order, whatever the state of the subscription. Those that the
   * receiver takes are gone then. Throws what `check` throws.
   */
  replay(tenant: string, document: SubscriptionDocument, keys: readonly string[]): Promise<void>;
}

/** The shelf on which subscriptions are kept, by id. */
export const subscriptionShelf = 'subscriptions';
