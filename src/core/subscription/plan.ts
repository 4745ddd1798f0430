/** What a subscription asks for, once it is read: which changes concern it, and what is said of them. */
import type { Filter } from '../language/filter.ts';
import type { Instant } from '../model/instant.ts';
import type { MinorVersion } from '../representation/conform.ts';
import type { View } from '../representation/view.ts';

/** The events that can set off a notification. `entityUpdated` is written out as the three events of attributes (clause 5.2.12). */
export const triggers = [
  'entityCreated',
  'entityDeleted',
  'attributeCreated',
  'attributeUpdated',
  'attributeDeleted',
] as const;
export type Trigger = (typeof triggers)[number];

/** How a change is told. */
export interface ChangeView {
  /** Plans of the same key tell a change with the same words, apart from the ids in the notification around them. */
  readonly key: string;
  readonly view: View;
  /** The version of the standard in whose words entities are told; absent: the broker's own (clause 4.3.6.8). */
  readonly version?: MinorVersion;
  /** Tell the previous values too (clause 5.2.14). */
  readonly showChanges: boolean;
  /**
   * How a deletion is told: `entity`: as `{id, type, deletedAt}`; `attributes`: as the entity with its watched attributes
   * deleted, for those who asked for `attributeDeleted` only; `none`: it is not told at all.
   */
  readonly loss: 'entity' | 'attributes' | 'none';
  /** Whether attributes that an update removed are shown as deleted. */
  readonly showsDeleted: boolean;
  /** The attributes whose deletion is told, where `loss` is `attributes`. Absent: all. */
  readonly watched?: ReadonlySet<string>;
}

/** A subscription that was read. Frozen data, but for the terms in its view. */
export interface SubscriptionPlan {
  /** The id that the client chose. */
  readonly id?: string;
  /** What the entity must be like after the change, or, when it was deleted, before. */
  readonly filter: Filter;
  /** Expanded names of the attributes whose events count. Absent: all. */
  readonly watched?: ReadonlySet<string>;
  readonly triggers: ReadonlySet<Trigger>;
  /** True when a change of scope alone is an update too: for those who asked for `entityUpdated` of any attribute. */
  readonly isOnScope: boolean;
  readonly expiresAt?: Instant;
  readonly changeView: ChangeView;
}
