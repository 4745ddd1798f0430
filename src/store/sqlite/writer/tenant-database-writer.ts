/** Writes one tenant's file: executes groups of requests, each group in one transaction. */
import type { Database } from 'better-sqlite3';
import type { Outcome } from '../../../core/model/mutation.ts';
import type { Position } from '../../../core/port/store.ts';
import { executeWrite, recordSeries, sweepSome, type Tables } from './execute-write.ts';
import { openForWriting } from '../connection.ts';
import { failureOf } from '../failure.ts';
import { createEntities } from './entity-rows.ts';
import { createForget, type Forget } from '../history/forget.ts';
import { createRollupWriter } from '../history/rollup-writer.ts';
import { createUnobservedSeries } from '../history/unobserved-series.ts';
import { createHistoryWriter } from '../history-writer.ts';
import { createLogWriter } from './log-writer.ts';
import type { Answer, Job, Reply, Request } from '../message.ts';
import { createNames, type Names } from '../names.ts';
import { pastSeriesIn, retentionSliceIn, revisionIn, subjectSliceIn, writesIn } from '../own-text.ts';
import { createRevise, type Revise } from './revise.ts';
import { createSubjectWork, type SubjectWork } from '../subject/subject-work.ts';
import { createSequence } from './sequence.ts';
import { createCollectionWriter, type CollectionWriter } from '../document-collections.ts';
import type { Interruptible } from '../../../core/model/interruptible.ts';
import { inSteps } from './steps.ts';
import { createSubjects } from './subjects.ts';
import { createWal, type Wal } from './wal.ts';

export interface TenantDatabaseWriter {
  /** Executes requests in order and returns the replies when they are durable. Never throws: failures are in the replies. */
  commit(requests: readonly Request[]): Interruptible<readonly Reply[]>;
  position(): Position;
  /** Does deferred work: a checkpoint, a slice of an index or of rollups. False: nothing is left to do. Never runs during a commit. */
  doDeferredWork(): Interruptible<boolean>;
  close(): void;
}

/** Opens a tenant's file. Throws an Error when it cannot be opened, or when a newer program wrote it. */
export function openTenantDatabaseWriter(path: string): TenantDatabaseWriter {
  const database = openForWriting(path);
  const names = createNames(database);
  const tables = createTables(database, names);
  const run = createRunner(tables, {
    collections: createCollectionWriter(database),
    revise: createRevise(database, tables, names),
    forget: createForget(database, tables.rollups),
    subject: createSubjectWork(database, { tables, names }),
  });
  const wal = createWal(database);
  const inTransaction = createTransaction(database, {
    flush: () => tables.entities.flush(),
    reset() {
      names.reset();
      tables.sequence.reset();
      tables.entities.reset();
      tables.log.reset();
      tables.rollups.reset();
      tables.unobserved.reset();
    },
  });

  function* commit(requests: readonly Request[]): Interruptible<readonly Reply[]> {
    try {
      return yield* inTransaction(inSteps(requests, (request) => answer(request, run)));
    } catch (error) {
      // Run each request in its own transaction, so that one faulty request does not fail the others.
      if (requests.length > 1) return (yield* inSteps(requests, (request) => commit([request]))).flat();
      return requests.map(({ seq }) => ({ seq, failure: failureOf(error, path) }));
    }
  }

  return {
    commit,
    position: () => tables.sequence.position(),
    doDeferredWork: createDeferredWork(tables, { wal, inTransaction }),
    close() {
      wal.empty();
      database.close();
    },
  };
}

function* answer({ seq, job }: Request, run: Run): Interruptible<Reply> {
  return { seq, answer: yield* run(job) };
}

function createDeferredWork(
  { entities: { valueIndex }, rollups }: Tables,
  { wal, inTransaction }: { wal: Wal; inTransaction: InTransaction },
): TenantDatabaseWriter['doDeferredWork'] {
  return function* () {
    wal.keepShort();
    if (!valueIndex.areComplete()) {
      yield* inTransaction(valueIndex.buildSlice());
      return true;
    }
    const due = rollups.due();
    if (due.length > 0) yield* inTransaction(rollups.compute(due));
    return due.length > 0;
  };
}

function createTables(database: Database, names: Names): Tables {
  const sequence = createSequence(database);
  const unobserved = createUnobservedSeries(database);
  const rollups = createRollupWriter(database, unobserved);
  return {
    sequence,
    rollups,
    entities: createEntities(database, names),
    subjects: createSubjects(database, names),
    history: createHistoryWriter(database, { names, sequence, rollups, unobserved }),
    unobserved,
    log: createLogWriter(database, sequence),
  };
}

type InTransaction = <Result>(work: Interruptible<Result>) => Interruptible<Result>;

/** Runs work in a transaction. `flush` writes the changes in memory before the commit; `reset` discards them after a failure. */
function createTransaction(
  database: Database,
  { flush, reset }: { flush: () => Interruptible<undefined>; reset: () => void },
): InTransaction {
  const begin = database.prepare<[]>('BEGIN IMMEDIATE');
  const end = database.prepare<[]>('COMMIT');
  const undo = database.prepare<[]>('ROLLBACK');
  return function* (work) {
    try {
      begin.run();
      const result = yield* work;
      yield* flush();
      end.run();
      return result;
    } catch (error) {
      if (database.inTransaction) undo.run();
      reset();
      throw error;
    }
  };
}

type Run = (job: Job) => Interruptible<Answer>;

interface Works {
  readonly collections: CollectionWriter;
  readonly revise: Revise;
  readonly forget: Forget;
  readonly subject: SubjectWork;
}

function createRunner(tables: Tables, { collections, revise, forget, subject }: Works): Run {
  return function* (job) {
    switch (job.op) {
      case 'open':
        return tables.sequence.position();
      case 'close':
        return 1;
      case 'apply':
        return JSON.stringify(yield* applyAll(tables, job));
      case 'record':
        return yield* recordAll(tables, job);
      case 'revise':
        return JSON.stringify(yield* revise(revisionIn(job.revision), job.at));
      case 'sweep':
        return JSON.stringify(yield* sweepSome(tables, job.now, job.limit));
      case 'prune':
        return yield* tables.log.prune(job, job.limit);
      case 'forget':
        return JSON.stringify(forget(retentionSliceIn(job.slice), job.limit));
      case 'subject':
        return JSON.stringify(subject(subjectSliceIn(job.slice)));
      case 'put':
        return collections.put(job);
      case 'replace':
        return collections.replace(job);
      case 'drop':
        return collections.drop(job);
      case 'index':
        tables.entities.valueIndex.request(job.name);
        return 1;
    }
  };
}

function* applyAll(tables: Tables, { at, writes }: Extract<Job, { op: 'apply' }>): Interruptible<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const text of writes) {
    for (const write of writesIn(text)) outcomes.push(yield* executeWrite(tables, write, at));
    yield;
  }
  return outcomes;
}

function* recordAll(tables: Tables, { at, series }: Extract<Job, { op: 'record' }>): Interruptible<number> {
  let count = 0;
  for (const text of series) {
    const all = pastSeriesIn(text);
    for (const one of all) yield* recordSeries(tables, one, at);
    count += all.length;
    yield;
  }
  return count;
}
