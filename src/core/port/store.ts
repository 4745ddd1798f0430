/** What the core asks of persistence. Adapters compile plans to queries and store documents. The semantics stay in the core. */
import type { Filter, TemporalQuery } from '../language/filter.ts';
import type { Retention } from '../language/retention.ts';
import type { Write } from '../language/write.ts';
import type { Change } from '../model/change.ts';
import type { Entity } from '../model/entity.ts';
import type { Instance } from '../model/attribute.ts';
import type { EntityHistory, Mismatch, Replacement } from '../model/history.ts';
import type { Instant } from '../model/instant.ts';
import type { RollupChoice } from '../model/rollup.ts';
import type { Json } from '../model/json.ts';
import type { AuditTrail } from './audit.ts';
import type { OneTimeStore } from './one-time-store.ts';
import type { SubjectFindings, SubjectSlice } from './subject.ts';
import type { Partitions, LeaseTerm } from './partitions.ts';
import type { InstanceChoice, Outcome } from '../model/mutation.ts';

/** A point in a tenant's change log: strictly increasing, 0 before the first change. */
export type Position = number;

/** Which entities to find, and which page of them. The order is by creation, oldest first. */
export interface Plan {
  readonly filter: Filter;
  /** At most this many entities. */
  readonly limit: number;
  /** How many to skip first. The cost grows with this number. `after` costs nothing. */
  readonly offset?: number;
  /** Only entities after this place in the order: the `cursor` of the last entity of the previous page. */
  readonly after?: number;
  /** The current time. Entities and instances that expired before it are not found (clause 4.22). */
  readonly now: Instant;
  /** True: large entities may come without content (`Stored.size`), so that a page of them is not held in memory. */
  readonly isLazy?: boolean;
  /**
   * Finds in this order instead, if an index has it, and nothing if none has. Then `Stored.place` says so. A store without such indexes
   * ignores it. Without `after`.
   */
  readonly byValue?: ValueOrder | undefined;
  /** Is told how the entities were found. Stores that do not know call nothing. */
  readonly onDone?: (report: AccessReport) => void;
}

/** The order by the numbers of an attribute. Only entities whose default instance has a number are in it; equal ones are in creation order. */
export interface ValueOrder {
  /** The expanded name. */
  readonly attr: string;
  readonly isDescending: boolean;
}

/** How a store found entities. */
export interface AccessReport {
  /**
   * What was read. `ids`: the entities with some ids. `all`, `types`: all entities, or all of some types, in creation order. `list`: the
   * entities that an index lists. `order`: the entities of an index in creation order. `values`: those of an index in the order of a value.
   */
  readonly access: 'ids' | 'all' | 'types' | 'list' | 'order' | 'values';
  /** What the index is of: an attribute, `owner` or `place`. */
  readonly index?: string;
  /** The number of entities that were read and tested. */
  readonly read: number;
}

/** An entity that was found. `entity` parses it on demand. */
export interface Stored {
  readonly id: string;
  /** The position of the last change of this entity. Equal versions have equal content, unless `isPart` is true. */
  readonly version: Position;
  /** The place in the order of `find`, for `Plan.after`. */
  readonly cursor: number;
  /** The number by which it is in the order of `Plan.byValue`. Absent: it was found in creation order. */
  readonly place?: number;
  /** The size in bytes of an entity that a lazy plan found without its content. Read the content by `Store.get`: `entity` and `types` throw. */
  readonly size?: number;
  /** About how many bytes of memory the content takes that this holds. Absent: none that others do not hold anyway. */
  readonly held?: number;
  /** True when the content depends on more than `version` and `part`: something in it expires. */
  readonly isPart?: boolean;
  /** Names the attributes that were kept for the caller. Absent: all. */
  readonly part?: string;
  /** The types of the entity, at a lower cost than that of `entity`. */
  types(): readonly string[];
  entity(): Entity;
}

/** Which part of the history of which entities to read. */
export interface HistoryPlan extends Plan {
  /** Absent: the whole history. */
  readonly temporal: TemporalQuery;
  /** Expanded names. Absent: every attribute. */
  readonly attrs?: readonly string[];
  /** `@none` is the default instance. Absent: all. */
  readonly datasetIds?: readonly string[];
  /**
   * Rollups of numbers may stand for instances (`HistoricInstance.summaries`): hourly ones, or hourly and daily ones, in UTC. Daily ones stand
   * for no day in which a period begins. Rollups do stand for instances where these were deleted and their rollups were kept. Elsewhere the
   * result is the same as from instances. Only with the `timeproperty` `observedAt` or `any`, and without `lastN`.
   */
  readonly rollup?: RollupChoice;
  /** Most instances of each series, the earliest ones by `timeproperty`. Only without `rollup` and `lastN`. */
  readonly limitEach?: number;
  /** Most instances (`weightOf`) in all, so that the answer is bounded. `truncated` marks a history that was cut. */
  readonly limitInstances: number;
  /** Gets about the bytes of each instance that is read. What it throws ends the reading. */
  readonly onRead?: (bytes: number) => void;
}

/** A record of the change log. */
export interface LogRecord extends Change {
  readonly position: Position;
}

/** The place of a record that was not asked for. */
export interface SkippedRecord {
  readonly position: Position;
  readonly entity?: undefined;
}

/** Which records a log keeps: at most `records` of the newest, none older than `before`. */
export interface LogKeep {
  readonly before: Instant;
  readonly records: number;
  /** Most bytes, as the store writes them. The oldest record that is kept may exceed it. Absent: unlimited. */
  readonly bytes?: number;
}

/** The change log of a tenant: all changes, in order. Methods throw what `Store` throws. */
export interface Log {
  /** The position of the newest change. */
  position(): Promise<Position>;
  /** Records at and before this position have been pruned. */
  prunedTo(): Promise<Position>;
  /**
   * At most `limit` records after position `after`, oldest first. It ends earlier, after one record at least, when the records have more than
   * about 4 MiB (`core/port/log-page.ts`): read on until nothing comes.
   */
  read(after: Position, limit: number): Promise<readonly LogRecord[]>;
  /** As `read`. Records of entities of other types than the wanted ones come as their places only, so that nothing is parsed in vain. */
  readAbout(
    after: Position,
    limit: number,
    isWanted: (types: readonly string[]) => boolean,
  ): Promise<readonly (LogRecord | SkippedRecord)[]>;
  /** Calls back after each commit with the newest position. Returns the function that stops it. */
  follow(listener: (position: Position) => void): () => void;
  /** Prunes records older than a time, and the oldest ones above a number or a sum of bytes. Returns how many were pruned. */
  prune(keep: LogKeep): Promise<number>;
}

/**
 * A keyed collection of JSON documents, such as subscriptions, contexts or dead letters. A stored text that is not JSON, for example after
 * a disk error, reads as null. Methods throw what `Store` throws.
 */
export interface DocumentCollection {
  get(key: string): Promise<Json | undefined>;
  /** All keys, in order. */
  keys(): Promise<readonly string[]>;
  /** All documents, ordered by key. */
  list(): Promise<readonly { readonly key: string; readonly document: Json }[]>;
  put(key: string, document: Json): Promise<void>;
  /**
   * Puts documents in this order if this broker still holds the lease. Returns false and puts nothing when the lease has ended. Once a call
   * has returned true, even for an empty list, fenced writes by earlier holders of the partition are rejected.
   */
  putFenced(
    documents: readonly { readonly key: string; readonly document: Json }[],
    tenure: LeaseTerm,
  ): Promise<boolean>;
  /**
   * Compare and swap: puts `after` in place of `before`. An undefined document is an absent one. Returns false and changes nothing when
   * another writer, on this or another broker, changed the document.
   */
  replace(key: string, before: Json | undefined, after: Json | undefined): Promise<boolean>;
  /** Returns true when the document existed. */
  delete(key: string): Promise<boolean>;
  /**
   * Calls back within a second after another broker on the same persistence put or deleted a document, with its key. Without a key: any
   * document may have changed. It may also report deletions by this broker. Returns the function that stops it.
   */
  follow(listener: (key?: string) => void): () => void;
}

/** The number of entities and types in a store. The store maintains it with each write and never counts on demand. */
export interface Summary {
  readonly entities: number;
  readonly types: readonly TypeSummary[];
}
/** The entities of one type, and their attributes. */
export interface TypeSummary {
  /** Expanded. */
  readonly type: string;
  readonly entities: number;
  /** Expanded attribute names with the kinds seen and the number of entities of this type that have them. */
  readonly attrs: readonly { readonly name: string; readonly kinds: readonly string[]; readonly entities: number }[];
}

/**
 * The store of one tenant. A store is complete when the contract test suite passes. All methods may throw Unavailable (closed, overloaded,
 * or the database is away), TenantUnavailable (damaged file), InsufficientStorage (full disk), and TooComplexQuery where they take a
 * filter.
 */
export interface Store {
  /** The entity. Undefined when it does not exist or expired before `now`. */
  get(id: string, now: Instant): Promise<Stored | undefined>;
  find(plan: Plan): Promise<readonly Stored[]>;
  count(plan: Plan): Promise<number>;
  /**
   * Applies writes in order and resolves after they are durable. Each is atomic. Concurrent calls share one commit. Returns one outcome per
   * write (by `applyWrite` of core/language/write.ts). All share `at`, the time stamp of the change (clause 4.8).
   */
  apply(writes: readonly Write[], at: Instant): Promise<readonly Outcome[]>;
  /**
   * Reads the history of entities that have at least one instance in the interval, with those instances. The order is that in which the
   * store first saw them. `after` is ignored. Deleted entities keep their history and their types. A filter of content (`q`, `geo`,
   * `scopeQ`) finds present entities only. `attrs` and `datasetIds` of the filter ask for a selected instance (clause 5.7.4), not for one
   * in the present entity. Instances ascend by `timeproperty`. The entity that reaches `limitInstances` is `truncated` and the last.
   */
  history(plan: HistoryPlan): Promise<readonly EntityHistory[]>;
  /** Adds past instances without changing the present entity: bulk import of old measurements. `types` count for an unknown entity. */
  record(instances: readonly PastInstance[], at: Instant): Promise<void>;
  /** Changes the history only. Resolves after the change is durable. */
  revise(revision: Revision, at: Instant): Promise<Revised>;
  summary(): Promise<Summary>;
  /**
   * Deletes entities and instances whose `expiresAt` has passed. Returns the number of deleted entities. This is not a change: it is not
   * logged and keeps versions. An expired instance loses its history, an expired entity does not (clause 4.22). A write to an entity also
   * removes the expired parts of it.
   */
  sweep(now: Instant): Promise<number>;
  /**
   * Deletes one slice of history beyond its retention, or only counts it. Present entities stay as they are. For the next slice, call again
   * with `next` until it is absent. A scope that still applies is kept, however old it is.
   */
  forgetHistory(slice: RetentionSlice): Promise<Forgotten>;
  /**
   * Looks through one slice for what names a subject, and perhaps erases it. It takes little time, so that other writes get in between. An
   * erasure can be repeated. Where it was carried out to the end of `rest`, the store does not return the text of the id any more, and
   * SQLite has overwritten it.
   */
  subject(slice: SubjectSlice): Promise<SubjectFindings>;
  collection(name: string): DocumentCollection;
  readonly log: Log;
}

/** Which history to delete, and where the slice starts. */
export interface RetentionSlice {
  readonly retention: Retention;
  /**
   * How long rollups are kept after their instances were deleted. Absent: rollups are deleted with the instances. Such series are deleted
   * by whole UTC days. A day of which only rollups are left no longer changes: instances of it that arrive later do not enter the rollups,
   * and the next run deletes them.
   */
  readonly rollups?: Retention;
  /** True: only count. */
  readonly isDryRun?: boolean;
  /** The `next` of the previous slice. */
  readonly after?: string;
}

/** What a slice deleted, or would delete. */
export interface Forgotten {
  /** Numbers of instances by expanded attribute name. */
  readonly instances: Readonly<Record<string, number>>;
  /** The `after` of the next slice. Absent: this was the last slice. */
  readonly next?: string;
}

/** A change to the history only, apart from the present entity (clauses 5.6.13 to 5.6.16). Names are expanded. */
export type Revision =
  | { readonly op: 'deleteHistory'; readonly id: string }
  | { readonly op: 'deleteSeries'; readonly id: string; readonly name: string; readonly which: InstanceChoice }
  | { readonly op: 'deleteInstance'; readonly id: string; readonly name: string; readonly instanceId: string }
  /** The new instance keeps what `replacementOf` keeps, even if its time changes. */
  | (Replacement & { readonly op: 'replaceInstance'; readonly id: string; readonly instanceId: string });

/** The result of a revision: carried out, target not found, or a new value that does not fit the target. */
export type Revised = 'done' | 'absent' | Mismatch;

/** A past instance to add to the history. It replaces one with the same entity, attribute, dataset and `observedAt`. */
export interface PastInstance {
  readonly id: string;
  readonly types: readonly string[];
  readonly name: string;
  readonly instance: Instance;
}

/** The disk usage of a tenant in bytes, by the storage areas of the persistence. */
export interface TenantSize {
  readonly tenant: string;
  readonly bytes: Readonly<Record<string, number>>;
}

/** All tenants of one persistence. The default tenant is named '' and always exists. Methods throw what `Store` throws. */
export interface Stores {
  /** The store of a tenant. Undefined when the tenant does not exist and `create` is false (clause 4.14). */
  open(tenant: string, create: boolean): Promise<Store | undefined>;
  tenants(): Promise<readonly string[]>;
  /** Tenants of which something is open or in memory. Periodic work on other tenants can wait. */
  tenantsInUse(): Promise<readonly string[]>;
  /** Tenants that have, or may have, documents in this collection. */
  tenantsWith(collection: string): Promise<readonly string[]>;
  /** The disk usage of each tenant, known without reading data. Empty for a persistence without disks. */
  sizes(): Promise<readonly TenantSize[]>;
  /** The leases of this broker, where several brokers share the persistence. */
  /**
   * Deletes a tenant with everything in it. Running operations on it end first. Later calls of its store throw NonexistentTenant. Nothing
   * happens when there is no such tenant.
   */
  drop(tenant: string): Promise<void>;
  readonly partitions: Partitions;
  readonly oneTimeStore: OneTimeStore;
  readonly audit: AuditTrail;
  /** Waits for running operations, then releases everything. */
  close(): Promise<void>;
}
