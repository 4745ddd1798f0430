/** The documents in the collections of a tenant's database. */
import type { ClientSession, Collection } from 'mongodb';
import type { Micros } from '../../core/model/instant.ts';
import type { Position } from '../../core/port/store.ts';

/**
 * An entity that exists or existed, or of which only past instances are known. Whatever contains names from clients is stored as text,
 * so that no such name becomes a MongoDB field name.
 */
export interface SubjectDocument {
  readonly _id: string;
  /** The place in the order in which the store first saw entities. It survives deletion and re-creation. */
  readonly subject: number;
  /** The last known types. */
  readonly types: readonly string[];
  /** The series of its history. */
  readonly series: readonly SeriesDocument[];
  /** The place in creation order. This field and all that follow exist only while the entity exists. */
  readonly num?: number;
  readonly version?: Position;
  /** The JSON text of the model's Entity. */
  readonly doc?: string;
  /** The first time at which a part of it expires. */
  readonly expires?: Micros;
  /** The attributes, each with its scalar values, or without `v` if it has none, and the owner under the name `owner`. */
  readonly values?: readonly { readonly n: string; readonly v?: string | number | boolean }[];
  /** Shapes that cover the values of its GeoProperties, in a form that MongoDB can index. */
  readonly places?: readonly { readonly n: string; readonly at: CoveringShape }[];
  /** Attributes whose values or geometries are not all in the lists: queries must check the entity. */
  readonly unlisted?: readonly string[];
  readonly scopes?: readonly string[];
}

export type CoveringShape =
  | { readonly type: 'Point'; readonly coordinates: readonly [number, number] }
  | { readonly type: 'Polygon'; readonly coordinates: readonly (readonly (readonly [number, number])[])[] };

/** One attribute and dataset of a subject. */
export interface SeriesDocument {
  readonly name: string;
  /** Absent: the default instance. */
  readonly dataset?: string;
  /** Its number among the series of the subject. */
  readonly n: number;
  /** The bucket of the next instance. `unknown`: to be looked up. `null`: there is no bucket yet. */
  readonly open: OpenBucket | 'unknown' | null;
  /**
   * False: all its instances are observed or deletions, so that rollups cover everything. True: some are not, or were not. Absent: an
   * earlier version created the series, and no reader has checked it yet.
   */
  readonly unobserved?: boolean;
}

export interface OpenBucket {
  readonly from: Micros;
  readonly count: number;
  /** UTF-16 units of its texts. */
  readonly size: number;
  /** The time of its last instance. */
  readonly last: Micros;
  /**
   * The newest day of the series with observed instances. No `RollupDocument` has it, except as stale, so appends to it set no mark.
   * Absent: there is none, or a document may have it.
   */
  readonly day?: number;
}

/** Consecutive instances of one series. Instances at the same time are in the same bucket. */
export interface BucketDocument {
  readonly _id: BucketKey;
  /** JSON texts of `Row`s, ascending by time. */
  readonly rows: readonly string[];
  /** The ids of instances that were moved here. */
  readonly moved?: readonly string[];
}

/** Subject, number of the series, time of the first instance. */
export interface BucketKey {
  readonly s: number;
  readonly n: number;
  readonly from: Micros;
}

/**
 * The state of 32 days of a series (days are numbered since 1970): of every day with observed instances, except the newest
 * (`OpenBucket.day`). A day is in one list only, except that a kept day may also be stale: then it counts as kept.
 */
export interface RollupDocument {
  readonly _id: RollupKey;
  /** The turn (`StateDocument`) of the last write that changed it. */
  readonly turn: number;
  /** Some stale days can be computed. */
  readonly due?: true;
  /** To be computed; until then, queries read the instances. */
  readonly stale?: readonly number[];
  readonly days?: readonly RollupDay[];
}

/** Subject, number of the series, the first day. */
export type RollupKey = BucketKey;

export interface RollupDay {
  readonly day: number;
  /** A `rollupState`. */
  readonly state: number;
  /** `bytesOfSummaries`. Absent: queries read the instances. */
  readonly whole?: Uint8Array;
  /** The same for its hours. Absent: reading the instances is as fast. */
  readonly hours?: Uint8Array;
}

export interface LogDocument {
  readonly _id: Position;
  readonly at: Micros;
  /** The JSON texts of the change's entity and of the rest of the change. */
  readonly doc: string;
  readonly rest: string;
  /** The sum of the lengths of all records up to this one. Records of earlier versions have none. */
  readonly total?: number;
}

/** A count of entities. `t`: a type, or null for all types. `a`: an attribute. `k`: a kind. */
export interface CountDocument {
  readonly _id: CountKey;
  readonly entities: number;
}

export interface CountKey {
  readonly t: string | null;
  readonly a: string | null;
  readonly k: string | null;
}

export interface StoredDocument {
  readonly _id: { readonly shelf: string; readonly key: string };
  readonly doc: string;
  /** The broker that wrote it. */
  readonly by: string;
}

/** Counters. Each writer updates this document first, which excludes other writers until its transaction ends. */
export interface StateDocument {
  readonly _id: 'state';
  readonly schema: number;
  /** The position of the newest change. */
  readonly position: Position;
  readonly prunedTo: Position;
  /** The last number given to an entity, a subject or an instance. */
  readonly number: number;
  readonly turn: number;
  /** The `total` of the newest record. */
  readonly logTotal?: number;
}

export interface Collections {
  /** Starts a session for transactions. */
  readonly startSession: () => Promise<ClientSession>;
  readonly subjects: Collection<SubjectDocument>;
  readonly history: Collection<BucketDocument>;
  readonly rollups: Collection<RollupDocument>;
  readonly log: Collection<LogDocument>;
  readonly counts: Collection<CountDocument>;
  readonly documents: Collection<StoredDocument>;
  readonly state: Collection<StateDocument>;
}
