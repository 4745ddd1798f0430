/** Defines changes: the record of what a write did to one entity. History, log, subscriptions and notifications use it. */
import type { Instance } from './attribute.ts';
import type { Entity } from './entity.ts';
import type { Instant } from './instant.ts';

/** What happened to one instance of an attribute. `rewritten`: written again with the same content (no notification is sent). */
export interface AttributeChange {
  /** Expanded name of the attribute. */
  readonly name: string;
  readonly datasetId?: string;
  readonly event: 'created' | 'updated' | 'rewritten' | 'deleted';
  /** The instance before the change; for `updated` and `deleted`. */
  readonly before?: Instance;
  /** The instance after the change; for all events but `deleted`. */
  readonly after?: Instance;
}

/** What one mutation did to one entity. */
export interface Change {
  readonly id: string;
  readonly at: Instant;
  readonly event: 'created' | 'updated' | 'deleted';
  /** The entity after the change; for a deletion, the entity before it. */
  readonly entity: Entity;
  /** Every instance that was written or removed. */
  readonly attrs: readonly AttributeChange[];
  /** True when the scope differs from before. */
  readonly scopeChanged: boolean;
  /** The time at which the new scope was observed, if it differs from the time of the write. */
  readonly scopeObservedAt?: Instant;
  /** The correlator that the request brought (header Fiware-Correlator). Absent: it brought none. */
  readonly correlator?: string;
  /** The id of the only subscription that is told of it, because a context source notified it of the change. Absent: all are told. */
  readonly onlyFor?: string;
}
