/** The changes of one transaction to a tenant's collections: collected in memory, written by `flush`. */
import type { ClientSession } from 'mongodb';
import type { Change } from '../../../core/model/change.ts';
import type { Pause } from '../../../core/model/interruptible.ts';
import { packChange } from '../../../core/model/packed-change.ts';
import type { Position } from '../../../core/port/store.ts';
import { createHistoryWriter, type HistoryWriter } from '../history/history-writer.ts';
import type { Collections, LogDocument, StateDocument, SubjectDocument } from '../schema.ts';
import { createSubjects, type Subjects } from './subjects.ts';
import { createEntityCounts, type EntityCounts } from './entity-counts.ts';

export interface UnitOfWork extends Pick<Subjects, 'get' | 'put' | 'adopt'> {
  readonly collections: Collections;
  readonly session: ClientSession;
  readonly history: HistoryWriter;
  readonly counts: EntityCounts;
  /** Appends a change to the log; `doc` is the text of its entity. Returns its position. */
  log(change: Change, doc: string): Position;
  /** True when no more should be added to this transaction. */
  isFull(): boolean;
  /** A number that was never used before. */
  nextNumber(): number;
  state(): StateDocument;
  setPrunedTo(position: Position): void;
  /** Writes the collected changes, so that later reads in this transaction include them. */
  flush(): Promise<void>;
}

/**
 * Updates the tenant's state document. This excludes other transactions until this one ends: its reads are up to date, and positions
 * become visible in order. Loads the subjects with these ids.
 */
export async function beginUnitOfWork(
  collections: Collections,
  session: ClientSession,
  { ids, pause }: { readonly ids: readonly string[]; readonly pause: Pause },
): Promise<UnitOfWork> {
  const state = await collections.state.findOneAndUpdate(
    { _id: 'state' },
    { $inc: { turn: 1 } },
    { session, returnDocument: 'after' },
  );
  if (!state) throw new Error(`The database ${collections.state.dbName} has lost its state.`);
  const found =
    ids.length === 0 ? [] : await collections.subjects.find({ _id: { $in: [...new Set(ids)] } }, { session }).toArray();
  return createUnitOfWork(collections, session, { state, subjects: found, pause });
}

interface Loaded {
  readonly pause: Pause;
  readonly state: StateDocument;
  readonly subjects: readonly SubjectDocument[];
}

function createUnitOfWork(collections: Collections, session: ClientSession, loaded: Loaded): UnitOfWork {
  const { pause } = loaded;
  const { turn } = loaded.state;
  const history = createHistoryWriter({
    history: collections.history,
    rollups: collections.rollups,
    session,
    turn,
    pause,
  });
  const counts = createEntityCounts(collections.counts, session);
  const {
    putSeries,
    flush: flushSubjects,
    ...subjects
  } = createSubjects(collections.subjects, session, loaded.subjects);
  const { flush: flushLog, ...log } = createLogAppender(collections, session, loaded.state);
  return {
    collections,
    session,
    history,
    counts,
    ...subjects,
    ...log,
    async flush() {
      putSeries(await history.flush());
      await flushSubjects(pause);
      await counts.flush();
      await flushLog();
    },
  };
}

/**
 * Characters of log records from which on a transaction is full. MongoDB aborts a transaction that fills a fifth of its cache, which has
 * 256 MB at least, and each change is written to the log and to its entity.
 */
const fullCharacters = 2 ** 23;

interface LogAppender extends Pick<UnitOfWork, 'log' | 'isFull' | 'nextNumber' | 'state' | 'setPrunedTo'> {
  readonly flush: () => Promise<void>;
}

/** Assigns positions and numbers, and collects log records until they are written. */
function createLogAppender(
  { log, state: kept }: Collections,
  session: ClientSession,
  first: StateDocument,
): LogAppender {
  const records: LogDocument[] = [];
  let state = first;
  return {
    log(change, doc) {
      const { at, ...rest } = packChange(change);
      const text = JSON.stringify(rest);
      const total = (state.logTotal ?? 0) + doc.length + text.length;
      state = { ...state, position: state.position + 1, logTotal: total };
      records.push({ _id: state.position, at, doc, rest: text, total });
      return state.position;
    },
    isFull: () => (state.logTotal ?? 0) - (first.logTotal ?? 0) >= fullCharacters,
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
      const { position, prunedTo, number, logTotal = 0 } = state;
      await kept.updateOne({ _id: 'state' }, { $set: { position, prunedTo, number, logTotal } }, { session });
    },
  };
}
