/** What a subscription of another API than NGSI-LD does in its own way at delivery. Its condition is `SubscriptionPlan.isConcerned`. */
import type { Change } from '../model/change.ts';
import type { Entity } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import type { DeliveryStatistics } from '../model/subscription.ts';
import type { SerializedNotification } from '../port/dead-letters.ts';
import type { Delivery, Message } from '../port/messenger.ts';
import type { Clause } from '../port/subscriptions.ts';

/** What a notification says besides the change. */
export interface Sending {
  readonly tenant: string;
  readonly subscriptionId: string;
  /** The position of the change in the form that clients get. It is the same at each attempt. */
  readonly position: string;
  readonly now: Instant;
}

export interface SubscriptionDialect {
  /** The message of a change. */
  write(change: Change, sending: Sending): Message;
  /** The message again, of a notification that was kept as a dead letter. */
  address(serialized: SerializedNotification): Message;
  /** The part of a message that is kept as a dead letter. */
  serialize(message: Message): SerializedNotification;
  /** The statistics after an attempt. */
  ended(statistics: DeliveryStatistics, delivery: Delivery, now: Instant): DeliveryStatistics;
  /** True when the subscription has sent its only notification, or has failed too often, so that it becomes inactive. */
  isOver(statistics: DeliveryStatistics, isFinished: boolean): boolean;
  /** True when it notifies once: nothing else may be sent while a notification is in flight. */
  readonly isOneTime: boolean;
  /** Its conditions on an entity, and on the change if there is one. */
  explain(entity: Entity, change: Change | undefined): readonly Clause[];
}
