/** A subscription after parsing: which changes concern it, and how it renders them. */
import type { Filter } from '../language/filter.ts';
import type { Change } from '../model/change.ts';
import type { Instant } from '../model/instant.ts';
import type { MinorVersion } from '../representation/conform.ts';
import type { View } from '../representation/view.ts';

/** The events that can trigger a notification. `entityUpdated` is expanded to the three attribute events (clause 5.2.12). */
export const triggers = [
  'entityCreated',
  'entityDeleted',
  'attributeCreated',
  'attributeUpdated',
  'attributeDeleted',
] as const;
export type Trigger = (typeof triggers)[number];

/** How a subscription renders a change. */
export interface ChangeView {
  /** Plans with equal keys render a change to equal text, apart from the ids in the notification around it. */
  readonly key: string;
  readonly view: View;
  /** The version of the standard to which entities are converted. Absent: the version of the broker (clause 4.3.6.8). */
  readonly version?: MinorVersion;
  /** Include previous values (clause 5.2.14). */
  readonly showChanges: boolean;
  /**
   * How the deletion of an entity is rendered. `entity`: as `{id, type, deletedAt}`. `attributes`: as the entity with its watched
   * attributes deleted, for subscriptions with the trigger `attributeDeleted` only. `none`: not at all.
   */
  readonly loss: 'entity' | 'attributes' | 'none';
  /** Whether attributes that an update removed are shown as deleted. */
  readonly showsDeleted: boolean;
  /** The attributes whose deletion is shown when `loss` is `attributes`. Absent: all. */
  readonly watched?: ReadonlySet<string>;
}

/** A subscription after parsing. It is immutable, apart from the terms in its view. */
export interface SubscriptionPlan {
  /** The id that the client chose. */
  readonly id?: string;
  /** The condition on the entity after the change, or before it when the change deleted the entity. */
  readonly filter: Filter;
  /** Expanded names of the attributes whose events count. Absent: all. */
  readonly watched?: ReadonlySet<string>;
  readonly triggers: ReadonlySet<Trigger>;
  /** True when a change of the scope alone counts as an update: for the trigger `entityUpdated` without watched attributes. */
  readonly isOnScope: boolean;
  readonly expiresAt?: Instant;
  readonly changeView: ChangeView;
  /**
   * The whole condition of a subscription of another API. `filter`, `watched` and `triggers` then only find candidates: every change that
   * meets the condition has the ids, types and attributes in them.
   */
  readonly isConcerned?: (change: Change) => boolean;
}

/** The plan without conditions: every change concerns it. */
export const everyChange = ({ watched: _watched, ...plan }: SubscriptionPlan): SubscriptionPlan => ({
  ...plan,
  filter: {},
  triggers: new Set(triggers),
});
