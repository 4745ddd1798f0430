/** What a write did to one entity: the record that history, log, subscriptions and notifications are made of. */
import type { Instance } from './attribute.ts';
import type { Entity } from './entity.ts';
import type { Instant } from './instant.ts';

/** What happened to one instance of an attribute. `rewritten`: written again with the same content (nobody is notified of it). */
export interface AttributeChange {
  /** Expanded name of the attribute. */
  readonly name: string;
  readonly datasetId?: string;
  readonly event: 'created' | 'updated' | 'rewritten' | 'deleted';
  /** The instance before; for `updated` and `deleted`. */
  readonly before?: Instance;
  /** The instance after; for all but `deleted`. */
  readonly after?: Instance;
}

/** What one mutation did to one entity. */
export interface Change {
  readonly id: string;
  readonly at: Instant;
  readonly event: 'created' | 'updated' | 'deleted';
  /** The entity after the change; of a deletion, as it was before. */
  readonly entity: Entity;
  /** Every instance that was written or removed. */
  readonly attrs: readonly AttributeChange[];
  /** True when the scope differs from before. */
  readonly scopeChanged: boolean;
  /** When the new scope was observed to hold, if that is not the time of the write. */
  readonly scopeObservedAt?: Instant;
}
