/** Opens a tenant's database: creates missing collections and indexes, and upgrades older schemas. */
import { type Db, type Document, type IndexDescription, MongoServerError } from 'mongodb';
import { dayMicros } from '../../core/model/instant.ts';
import { leafDays } from './history/rollup-documents.ts';
import type { Collections } from './schema.ts';

/** The version of the schema. A change needs a step in `upgrade`. */
const schema = 3;

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

const rollupIndexes: readonly IndexDescription[] = [{ key: { due: 1 }, sparse: true }];

const historyIndexes: readonly IndexDescription[] = [{ key: { moved: 1 }, sparse: true }];

/** Opens a tenant's database, and creates what is missing. Throws an Error when a newer program wrote it. */
export async function openCollections(db: Db, startSession: Collections['startSession']): Promise<Collections> {
  const collections: Collections = {
    startSession,
    subjects: db.collection('subjects'),
    history: db.collection('history'),
    rollups: db.collection('rollups', { promoteBuffers: true }),
    log: db.collection('log'),
    counts: db.collection('counts'),
    documents: db.collection('shelf'),
    state: db.collection('state'),
  };
  const state = await collections.state.findOne({ _id: 'state' });
  if (!state) await makeCollections(db, collections);
  if (state && state.schema > schema) {
    throw new Error(
      `The database ${db.databaseName} was written by a newer Mlaka: its form is ${state.schema}, not ${schema}.`,
    );
  }
  if (state && state.schema < schema) await upgrade(db, collections, state.schema);
  return collections;
}

/** Several brokers may run this at the same time. */
async function makeCollections(db: Db, { subjects, history, rollups, state }: Collections): Promise<void> {
  await Promise.all([
    subjects.createIndexes([...subjectIndexes]),
    history.createIndexes([...historyIndexes]),
    rollups.createIndexes([...rollupIndexes]),
    // Created here, because the creation of a collection within a transaction would block others.
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

/** From 2 to 3: series record whether all their instances are observed. For older series, the first reader finds out. */
async function upgrade(db: Db, collections: Collections, from: number): Promise<void> {
  const { history, rollups, state } = collections;
  await makeCollections(db, collections);
  if (from < 2) await history.aggregate(daysIn(rollups.collectionName)).toArray();
  await state.updateOne({ _id: 'state', schema: { $lt: schema } }, { $set: { schema } });
}

/** From 1 to 2: marks the days of all instances as stale, so that their rollups are computed. Existing documents stay. */
const daysIn = (into: string): Document[] => {
  // The time is the first number in a row's text, after a bracket.
  const place = { $substrBytes: ['$rows', 1, { $subtract: [{ $indexOfBytes: ['$rows', ','] }, 1] }] };
  const day = { $floor: { $divide: [{ $toDouble: place }, dayMicros] } };
  const from = { $multiply: [{ $floor: { $divide: ['$day', leafDays] } }, leafDays] };
  return [
    { $unwind: '$rows' },
    { $project: { day } },
    { $group: { _id: { s: '$_id.s', n: '$_id.n', from }, stale: { $addToSet: '$day' } } },
    { $addFields: { due: true, turn: 0 } },
    { $merge: { into, whenMatched: 'keepExisting' } },
  ];
};
