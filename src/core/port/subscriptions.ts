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
}

/** The shelf on which subscriptions are kept, by id. */
export const subscriptionShelf = 'subscriptions';
