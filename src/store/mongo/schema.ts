/** The collections of a tenant's database: what their documents are. */
import type { ClientSession, Collection } from 'mongodb';
import type { Micros } from '../../core/model/instant.ts';
import type { Position } from '../../core/port/store.ts';

/**
 * An entity that is or was there, or is known by past instances only. Texts hold what has names of clients in it, so that
 * no such name is ever one of MongoDB's.
 */
export interface SubjectDocument {
  readonly _id: string;
  /** The place in the order in which the store first heard of entities. It stays when the entity goes and comes back. */
  readonly subject: number;
  /** As last known, like all that follows of an entity that is gone. */
  readonly types: readonly string[];
  /** The series of its history. */
  readonly series: readonly SeriesDocument[];
  /** The place in creation order; this and all that follows is there as long as the entity is. */
  readonly num?: number;
  readonly version?: Position;
  /** The JSON text of the model's Entity. */
  readonly doc?: string;
  /** The first moment at which a part of it expires. */
  readonly expires?: Micros;
  /** The attributes, each with its scalar values, or with none. */
  readonly values?: readonly { readonly n: string; readonly v?: string | number | boolean }[];
  /** Where its GeoProperties are: something around them that MongoDB takes. */
  readonly places?: readonly { readonly n: string; readonly at: CoverShape }[];
  /** Attributes that have more values, or greater geometries, than are listed: one has to look at them. */
  readonly unlisted?: readonly string[];
  readonly scopes?: readonly string[];
}

export type CoverShape =
  | { readonly type: 'Point'; readonly coordinates: readonly [number, number] }
  | { readonly type: 'Polygon'; readonly coordinates: readonly (readonly (readonly [number, number])[])[] };

/** One attribute and dataset of a subject. */
export interface SeriesDocument {
  readonly name: string;
  /** Absent: the default instance's. */
  readonly dataset?: string;
  /** Its number among the series of the subject. */
  readonly n: number;
  /** The bucket to which the next instance goes. `unknown`: one has to look. `null`: there is none yet. */
  readonly open: OpenBucket | 'unknown' | null;
  /**
   * False: all of its instances were observed or are deletions, so that rollups tell everything. True: some are not, or were not.
   * Absent: an earlier version has begun it, and nobody has looked yet.
   */
  readonly unobserved?: boolean;
}

export interface OpenBucket {
  readonly from: Micros;
  readonly count: number;
  /** UTF-16 units of its texts. */
  readonly size: number;
  /** The place of its last instance. */
  readonly last: Micros;
  /**
   * The newest day of the series in which something was observed. It is in no `RollupDocument`, or stale there, so that what is
   * appended to it has nothing to note. Absent: there is none, or it may be in one.
   */
  readonly day?: number;
}

/** Instances of one series that follow each other in time. Those at the same place are in the same bucket. */
export interface BucketDocument {
  readonly _id: BucketKey;
  /** JSON texts of `Row`s, ascending by place. */
  readonly rows: readonly string[];
  /** The ids of instances that were moved here from another place. */
  readonly moved?: readonly string[];
}

/** Subject, number of the series, place of the first instance. */
export interface BucketKey {
  readonly s: number;
  readonly n: number;
  readonly from: Micros;
}

/**
 * What is known of 32 days of a series (days are numbered since 1970): of every one in which something was observed, but for
 * the newest (`OpenBucket.day`). A day is here once: a stale one that is also kept is kept.
 */
export interface RollupDocument {
  readonly _id: RollupKey;
  /** The turn (`StateDocument`) in which something of it was changed by a write, and no longer is as it was worked out. */
  readonly turn: number;
  /** Some of the stale days can be worked out. */
  readonly due?: true;
  /** To be worked out anew; until then their instances answer. */
  readonly stale?: readonly number[];
  readonly days?: readonly RollupDay[];
}

/** Subject, number of the series, the first of the days. */
export type RollupKey = BucketKey;

export interface RollupDay {
  readonly day: number;
  /** A `rollupState`. */
  readonly state: number;
  /** `bytesOfSummaries`. Absent: its instances answer. */
  readonly whole?: Uint8Array;
  /** Of its hours. Absent: its instances tell them as quickly. */
  readonly hours?: Uint8Array;
}

export interface LogDocument {
  readonly _id: Position;
  readonly at: Micros;
  /** The JSON text of the change's entity, and of the rest of it. */
  readonly doc: string;
  readonly rest: string;
  /** The sum of the lengths of all records up to this one. Those of earlier versions have none. */
  readonly total?: number;
}

/** A count of entities. `t` is a type, or absent: of all types. `a` is an attribute, `k` a kind. */
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
  /** The broker that put it. */
  readonly by: string;
}

/** Numbers that only grow. Whoever writes takes this document first, and so is alone until the transaction ends. */
export interface StateDocument {
  readonly _id: 'state';
  readonly schema: number;
  /** Of the newest change. */
  readonly position: Position;
  readonly prunedTo: Position;
  /** The last number that was given to an entity, a subject or an instance. */
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
  readonly shelf: Collection<StoredDocument>;
  readonly state: Collection<StateDocument>;
}
