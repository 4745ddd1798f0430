/** What the core asks of persistence. Adapters compile plans and keep documents; meaning stays in the core. */
import type { Filter, TemporalQuery } from '../language/filter.ts';
import type { Retention } from '../language/retention.ts';
import type { Write } from '../language/write.ts';
import type { Change } from '../model/change.ts';
import type { Entity } from '../model/entity.ts';
import type { Instance } from '../model/attribute.ts';
import type { EntityHistory, Mismatch, Replacement } from '../model/history.ts';
import type { Instant } from '../model/instant.ts';
import type { Json } from '../model/json.ts';
import type { OneTimeStore } from './one-time-store.ts';
import type { Partitions, LeaseTerm } from './partitions.ts';
import type { InstanceChoice, Outcome } from '../model/mutation.ts';

/** A point in a tenant's change log: strictly increasing, 0 before the first change. */
export type Position = number;

/** Which entities, in which part of the order (creation order, oldest first). */
export interface Plan {
  readonly filter: Filter;
  /** At most this many entities. */
  readonly limit: number;
  /** How many to skip first. Costs time in proportion; `after` does not. */
  readonly offset?: number;
  /** Only entities behind this one in the order: the `cursor` of the last one seen. */
  readonly after?: number;
  /** The present time: entities and instances that have expired are not there any more (clause 4.22). */
  readonly now: Instant;
  /** True: large entities may be found without their content (`Stored.size`), so that a page of them is not held in memory. */
  readonly isLazy?: boolean;
}

/** An entity as found: parsed only when somebody asks. */
export interface Stored {
  readonly id: string;
  /** The position of the last change to this entity: the same version is the same content, unless `isPart`. */
  readonly version: Position;
  /** The place in the order of `find`, for `Plan.after`. */
  readonly cursor: number;
  /** Bytes of a large entity that a lazy plan has found: its content is not here but to be read by `get`, and `entity` throws. */
  readonly size?: number;
  /** True when its content depends on more than `version`: attributes left out for the caller, or something in it expires. */
  readonly isPart?: boolean;
  entity(): Entity;
}

/** Which part of whose history. */
export interface HistoryPlan extends Plan {
  /** Absent: all there is. */
  readonly temporal: TemporalQuery;
  /** Expanded names; absent: every attribute. */
  readonly attrs?: readonly string[];
  /** `@none` is the default instance; absent: all. */
  readonly datasetIds?: readonly string[];
  /**
   * Rollups of numbers may stand for instances (`HistoricInstance.tallies`): of the hours, or of the hours and days, of UTC.
   * Where instances are forgotten, and their rollups not, they do; elsewhere the same comes of them as of the instances.
   * Only with the times `observedAt` and `any`, and without `lastN`.
   */
  readonly rollup?: 'hour' | 'day';
  /** Of each series at most this many instances, the earliest ones by `timeproperty`. Only without `rollup` and `lastN`. */
  readonly limitEach?: number;
  /** At most this many instances (`weightOf`) in all, so that an answer is bounded; the rest is told by `truncated`. */
  readonly limitInstances: number;
}

/** A record of the change log. */
export interface LogRecord extends Change {
  readonly position: Position;
}

/** Which records of a log are kept: those from a time on, of them the newest. */
export interface LogKeep {
  readonly before: Instant;
  readonly records: number;
  /** As the store writes them; the oldest one that is kept may go beyond. Absent: any. */
  readonly bytes?: number;
}

/** The change log of a tenant: what happened, in order. */
export interface Log {
  /** The position of the newest change. */
  position(): Promise<Position>;
  /** The position up to which the log has been pruned: records at and before it are gone. */
  prunedTo(): Promise<Position>;
  /** At most `limit` records behind `after`, oldest first. */
  read(after: Position, limit: number): Promise<readonly LogRecord[]>;
  /** Calls back after each commit with the newest position. Returns the function that stops it. */
  follow(listener: (position: Position) => void): () => void;
  /** Removes records older than a time, and the oldest ones above a number or a sum of bytes. Answers how many are gone. */
  prune(keep: LogKeep): Promise<number>;
}

/**
 * A keyed collection of JSON documents: subscriptions, contexts, dead letters. What stands under a key and is no JSON, be it for a
 * fault of the disk, reads as null.
 */
export interface DocumentCollection {
  get(key: string): Promise<Json | undefined>;
  /** All keys, in order. */
  keys(): Promise<readonly string[]>;
  /** All documents, ordered by key. */
  list(): Promise<readonly { readonly key: string; readonly document: Json }[]>;
  put(key: string, document: Json): Promise<void>;
  /**
   * Puts documents, in this order, as the broker that has a part: false, and nothing is put, when that has ended. Once one call
   * has answered true, be it of no documents, nothing comes any more of brokers that had the part before.
   */
  putFenced(
    documents: readonly { readonly key: string; readonly document: Json }[],
    tenure: LeaseTerm,
  ): Promise<boolean>;
  /**
   * Puts a document in the place of the one that was read before, or removes that: an undefined one is none. False, and nothing
   * changes, when something else stands there by now, whichever broker has put it.
   */
  replace(key: string, before: Json | undefined, after: Json | undefined): Promise<boolean>;
  /** True when there was one. */
  delete(key: string): Promise<boolean>;
  /**
   * Calls back with the key of what another broker on the same persistence has put or deleted, within a second; without one
   * when it may be any. Own deletions may be among them. Returns the function that stops it.
   */
  follow(listener: (key?: string) => void): () => void;
}

/** What is in a store, kept as it is written and never counted on demand. */
export interface Summary {
  readonly entities: number;
  readonly types: readonly TypeSummary[];
}
export interface TypeSummary {
  /** Expanded. */
  readonly type: string;
  readonly entities: number;
  /** Expanded attribute names with the kinds seen and the number of entities of this type that have them. */
  readonly attrs: readonly { readonly name: string; readonly kinds: readonly string[]; readonly entities: number }[];
}

/**
 * One tenant's store. `apply` carries out writes in order, each whole or not at all, and answers after they are
 * durable; writes that arrive together share one commit. A store is done when the contract suite is green.
 */
export interface Store {
  get(id: string, now: Instant): Promise<Stored | undefined>;
  find(plan: Plan): Promise<readonly Stored[]>;
  count(plan: Plan): Promise<number>;
  /** One outcome per write (by `carryOutWrite` of core/language/write.ts), in order. All share `at`, the time stamp of the change (clause 4.8). */
  apply(writes: readonly Write[], at: Instant): Promise<readonly Outcome[]>;
  /**
   * Entities that have at least one instance in the interval, with those instances, in the order in which the store
   * first heard of them; `after` has no meaning here. Entities that are gone keep their history and the types they had;
   * a filter of content (`q`, `geo`, `scopeQ`) finds present ones only. The filter's own `attrs` and `datasetIds` ask
   * for an instance among those selected (clause 5.7.4), not in the present entity. Instances are ascending by
   * `timeproperty`. The entity at which `limitInstances` is reached is `truncated` and the last.
   */
  history(plan: HistoryPlan): Promise<readonly EntityHistory[]>;
  /** Adds past instances that are not a change of the present entity: bulk import of old measurements. `types` count for an unknown entity. */
  record(instances: readonly PastInstance[], at: Instant): Promise<void>;
  revise(revision: Revision, at: Instant): Promise<Revised>;
  summary(): Promise<Summary>;
  /**
   * Removes entities and instances whose `expiresAt` has passed. Answers how many entities went. That is no change:
   * nothing is logged, versions stay. An expired attribute instance takes its history along, an expired entity does not
   * (clause 4.22). A write to an entity does the same for what has expired in it.
   */
  sweep(now: Instant): Promise<number>;
  /**
   * Removes a slice of what history is not to be kept of, or only counts it; the present entities stay as they are. Whoever
   * wants it all calls again with `next` until there is none. A scope that still holds stays, however old it is.
   */
  forgetHistory(slice: RetentionSlice): Promise<Forgotten>;
  collection(name: string): DocumentCollection;
  readonly log: Log;
}

/** What is to be forgotten, and of it the part behind another. */
export interface RetentionSlice {
  readonly retention: Retention;
  /**
   * For how long rollups stay where the instances that they are of are forgotten; absent: they go with these. What is
   * forgotten of such a series are whole days of UTC. A day that is kept as rollups only stays as it is: what is observed
   * in it and arrives later does not come in, and is forgotten with the next run.
   */
  readonly rollups?: Retention;
  /** True: nothing is removed. */
  readonly isDryRun?: boolean;
  /** Where the slice before this one ended: its `next`. */
  readonly after?: string;
}

/** What went in a slice, or would have gone. */
export interface Forgotten {
  /** Numbers of instances by expanded attribute name. */
  readonly instances: Readonly<Record<string, number>>;
  /** For `after` of the next slice; absent: this was the last one. */
  readonly next?: string;
}

/** A change to what history holds, apart from the present entity (clauses 5.6.13 to 5.6.16). Names are expanded. */
export type Revision =
  | { readonly op: 'deleteHistory'; readonly id: string }
  | { readonly op: 'deleteSeries'; readonly id: string; readonly name: string; readonly which: InstanceChoice }
  | { readonly op: 'deleteInstance'; readonly id: string; readonly name: string; readonly instanceId: string }
  /** The instance keeps what `replacementOf` keeps, also where its place in time changes. */
  | (Replacement & { readonly op: 'replaceInstance'; readonly id: string; readonly instanceId: string });

/** What became of a revision: it was carried out, there is nothing that it could be done to, or it does not fit that. */
export type Revised = 'done' | 'absent' | Mismatch;

/** A past instance to be added to a history. The same entity, attribute, dataset and `observedAt` again replaces (conflict 14). */
export interface PastInstance {
  readonly id: string;
  readonly types: readonly string[];
  readonly name: string;
  readonly instance: Instance;
}

/** What a tenant takes of disks, in bytes by the persistence's own names of the places. */
export interface TenantSize {
  readonly tenant: string;
  readonly bytes: Readonly<Record<string, number>>;
}

/** All tenants of one persistence. The default tenant is named '' and always exists. */
export interface Stores {
  /** The store of a tenant; undefined when there is none and `create` is false (clause 4.14). */
  open(tenant: string, create: boolean): Promise<Store | undefined>;
  tenants(): Promise<readonly string[]>;
  /** Those of which something is in memory or open. What the others need done now and then can wait. */
  tenantsInUse(): Promise<readonly string[]>;
  /** Those that have documents on a shelf, or may have some. */
  tenantsWith(collection: string): Promise<readonly string[]>;
  /** What each tenant takes of disks, told without reading it; of a persistence that is on none, nothing. */
  sizes(): Promise<readonly TenantSize[]>;
  /** Who does what, where there are several brokers on the persistence. */
  readonly partitions: Partitions;
  readonly oneTimeStore: OneTimeStore;
  /** Waits for what is under way, then releases everything. */
  close(): Promise<void>;
}
