/** The collections of a tenant's database: what their documents are, and their indexes. */
import { type ClientSession, type Collection, type Db, type IndexDescription, MongoServerError } from 'mongodb';
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
}

export interface OpenBucket {
  readonly from: Micros;
  readonly count: number;
  /** UTF-16 units of its texts. */
  readonly size: number;
  /** The place of its last instance. */
  readonly last: Micros;
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

export interface LogDocument {
  readonly _id: Position;
  readonly at: Micros;
  /** The JSON text of the change's entity, and of the rest of it. */
  readonly doc: string;
  readonly rest: string;
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

export interface ShelfDocument {
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
}

export interface Collections {
  /** Starts a session for transactions. */
  readonly startSession: () => Promise<ClientSession>;
  readonly subjects: Collection<SubjectDocument>;
  readonly history: Collection<BucketDocument>;
  readonly log: Collection<LogDocument>;
  readonly counts: Collection<CountDocument>;
  readonly shelf: Collection<ShelfDocument>;
  readonly state: Collection<StateDocument>;
}

/** The form of the documents. Whoever changes it writes the step from the one before in `openCollections`. */
const schema = 1;

const subjectIndexes: readonly IndexDescription[] = [
  { key: { num: 1 }, sparse: true },
  { key: { subject: 1 } },
  { key: { types: 1, num: 1 } },
  { key: { types: 1, subject: 1 } },
  { key: { 'values.n': 1, 'values.v': 1, num: 1 } },
  { key: { 'places.n': 1, 'places.at': '2dsphere' } },
  { key: { unlisted: 1, num: 1 }, partialFilterExpression: { unlisted: { $exists: true } } },
  { key: { scopes: 1 }, sparse: true },
  { key: { expires: 1 }, sparse: true },
];

const historyIndexes: readonly IndexDescription[] = [{ key: { moved: 1 }, sparse: true }];

/** Opens a tenant's database, and makes what is not there. Throws an Error when a newer program has written it. */
export async function openCollections(db: Db, startSession: Collections['startSession']): Promise<Collections> {
  const collections: Collections = {
    startSession,
    subjects: db.collection('subjects'),
    history: db.collection('history'),
    log: db.collection('log'),
    counts: db.collection('counts'),
    shelf: db.collection('shelf'),
    state: db.collection('state'),
  };
  const state = await collections.state.findOne({ _id: 'state' });
  if (!state) await makeCollections(db, collections);
  if (state && state.schema > schema) {
    throw new Error(
      `The database ${db.databaseName} was written by a newer Mlaka: its form is ${state.schema}, not ${schema}.`,
    );
  }
  return collections;
}

/** Several nodes may do so at the same time. */
async function makeCollections(db: Db, { subjects, history, state }: Collections): Promise<void> {
  await Promise.all([
    subjects.createIndexes([...subjectIndexes]),
    history.createIndexes([...historyIndexes]),
    // A transaction that makes a collection would be in the way of others.
    ...['log', 'counts', 'shelf'].map((name) => makeCollection(db, name)),
  ]);
  const first = { schema, position: 0, prunedTo: 0, number: 0, turn: 0 };
  await state.updateOne({ _id: 'state' }, { $setOnInsert: first }, { upsert: true });
}

const namespaceExists = 48;

async function makeCollection(db: Db, name: string): Promise<void> {
  try {
    await db.createCollection(name);
  } catch (error) {
    if (!(error instanceof MongoServerError && error.code === namespaceExists)) throw error;
  }
}
