/** Everything that one transaction does to a tenant's collections: collected in memory, written by `flush`. */
import type { AnyBulkWriteOperation, ClientSession } from 'mongodb';
import type { Change } from '../../../core/model/change.ts';
import { packChange } from '../../../core/model/packed-change.ts';
import type { Position } from '../../../core/port/store.ts';
import { createHistoryWriter, type HistoryWriter } from '../history/history-writer.ts';
import { entityIn } from '../own-text.ts';
import type { Collections, LogDocument, SeriesDocument, StateDocument, SubjectDocument } from '../schema.ts';
import { documentOf, type Present, type Subject } from '../subject-document.ts';
import { createTally, type Tally } from './tally.ts';

export interface Work {
  readonly collections: Collections;
  readonly session: ClientSession;
  /** Who was loaded, as the work has left them. */
  get(id: string): Subject | undefined;
  put(subject: Subject): void;
  readonly history: HistoryWriter;
  readonly tally: Tally;
  /** Appends a change to the log; `doc` is the text of its entity. Answers its position. */
  log(change: Change, doc: string): Position;
  /** A number that nothing has had before. */
  nextNumber(): number;
  state(): StateDocument;
  setPrunedTo(position: Position): void;
  /** Writes all that was collected, so that what is read afterwards in this transaction has it. */
  flush(): Promise<void>;
}

/**
 * Takes the tenant's state, so that no other transaction can end before this one does: what it reads is the newest, and
 * positions become visible in their order. Loads the subjects with these ids.
 */
export async function beginWork(
  collections: Collections,
  session: ClientSession,
  ids: readonly string[],
): Promise<Work> {
  const state = await collections.state.findOneAndUpdate(
    { _id: 'state' },
    { $inc: { turn: 1 } },
    { session, returnDocument: 'after' },
  );
  if (!state) throw new Error(`The database ${collections.state.dbName} has lost its state.`);
  const found =
    ids.length === 0 ? [] : await collections.subjects.find({ _id: { $in: [...new Set(ids)] } }, { session }).toArray();
  return createWork(collections, session, { state, ids, subjects: found.map(subjectIn) });
}

/** The subject of a document. */
export function subjectIn({ _id, subject, types, series, num, version, doc }: SubjectDocument): Subject {
  const known = { id: _id, subject, types, series };
  if (num === undefined || version === undefined || doc === undefined) return known;
  return { ...known, present: presentIn({ num, version, doc }) };
}

/** The entity is read when somebody asks for it. */
function presentIn(kept: Omit<Present, 'entity'>): Present {
  let entity: Present['entity'] | undefined;
  return {
    ...kept,
    get entity() {
      return (entity ??= entityIn(kept.doc));
    },
  };
}

interface Loaded {
  readonly state: StateDocument;
  /** Who was looked for. */
  readonly ids: readonly string[];
  /** Who was found. */
  readonly subjects: readonly Subject[];
}

function createWork(collections: Collections, session: ClientSession, loaded: Loaded): Work {
  const history = createHistoryWriter({ history: collections.history, session });
  const tally = createTally(collections.counts, session);
  const { putSeries, flush: flushSubjects, ...subjects } = createSubjects(collections, session, loaded);
  const { flush: flushLedger, ...ledger } = createLedger(collections, session, loaded.state);
  return {
    collections,
    session,
    history,
    tally,
    ...subjects,
    ...ledger,
    async flush() {
      putSeries(await history.flush());
      await flushSubjects();
      await tally.flush();
      await flushLedger();
    },
  };
}

interface Ledger extends Pick<Work, 'log' | 'nextNumber' | 'state' | 'setPrunedTo'> {
  readonly flush: () => Promise<void>;
}

/** Gives out positions and numbers, and keeps the records of the log until they are written. */
function createLedger({ log, state: kept }: Collections, session: ClientSession, first: StateDocument): Ledger {
  const records: LogDocument[] = [];
  let state = first;
  return {
    log(change, doc) {
      const { at, ...rest } = packChange(change);
      state = { ...state, position: state.position + 1 };
      records.push({ _id: state.position, at, doc, rest: JSON.stringify(rest) });
      return state.position;
    },
    nextNumber() {
      state = { ...state, number: state.number + 1 };
      return state.number;
    },
    state: () => state,
    setPrunedTo(prunedTo) {
      state = { ...state, prunedTo };
    },
    async flush() {
      if (records.length > 0) await log.insertMany(records, { session });
      records.length = 0;
      const { position, prunedTo, number } = state;
      await kept.updateOne({ _id: 'state' }, { $set: { position, prunedTo, number } }, { session });
    },
  };
}

interface Subjects extends Pick<Work, 'get' | 'put'> {
  readonly putSeries: (changed: ReadonlyMap<number, readonly SeriesDocument[]>) => void;
  readonly flush: () => Promise<void>;
}

function createSubjects({ subjects }: Collections, session: ClientSession, loaded: Loaded): Subjects {
  const held = new Map(loaded.subjects.map((subject) => [subject.id, subject]));
  const missing = new Set(loaded.ids.filter((id) => !held.has(id)));
  const changed = new Set<string>();
  const put = (subject: Subject): void => {
    held.set(subject.id, subject);
    changed.add(subject.id);
  };
  const writeOf = (id: string): readonly AnyBulkWriteOperation<SubjectDocument>[] => {
    const subject = held.get(id);
    if (!subject) return [];
    const document = documentOf(subject);
    if (missing.has(id)) return [{ insertOne: { document } }];
    return [{ replaceOne: { filter: { _id: id }, replacement: document } }];
  };
  return {
    get: (id) => held.get(id),
    put,
    putSeries(changes) {
      for (const subject of held.values()) {
        const series = changes.get(subject.subject);
        if (series)
          put({ ...subject, series: subject.series.map((one) => series.find(({ n }) => n === one.n) ?? one) });
      }
    },
    async flush() {
      const writes = [...changed].flatMap(writeOf);
      if (writes.length > 0) await subjects.bulkWrite(writes, { session });
      for (const id of changed) missing.delete(id);
      changed.clear();
    },
  };
}
