/** One tenant's store: reads on this thread's own connection, writes by the writer's thread. */
import type { Database } from 'better-sqlite3';
import type { Filter } from '../../core/language/filter.ts';
import { Problem } from '../../core/model/problem.ts';
import { microsOfInstant } from '../../core/model/instant.ts';
import type { Breathe } from '../../core/port/clock.ts';
import type { PastInstance, Position, Store } from '../../core/port/store.ts';
import { createChoose } from './candidates.ts';
import { openForReading } from './connection.ts';
import { indexTerms } from './index-terms.ts';
import { createLog } from './log.ts';
import { createNameReader } from './names.ts';
import { outcomesIn } from './own-text.ts';
import { createHistoryReader } from './read-history.ts';
import { createRows, storedIn } from './rows.ts';
import { createSearch } from './search.ts';
import { createSeriesReader } from './series-reader.ts';
import { createShelves } from './shelf.ts';
import { createSubjects } from './subject-pages.ts';
import { createSummaryReader } from './summary.ts';
import { createSweep } from './sweep.ts';
import type { SendJob, Writer } from './writer.ts';

/** A store and how to let go of its file. */
export interface OpenStore {
  readonly store: Store;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/** Opens a file that the writer has opened before. */
export function openStore(path: string, { writer, breathe }: { writer: Writer; breathe: Breathe }): OpenStore {
  const database = openForReading(path);
  const { send, close: closeFile } = createSender(path, writer);
  const reads = createReads(database, breathe, send);
  const reading = createTracker();
  const store: Store = {
    get: (id, now) => {
      const row = reads.rows.byId(id);
      return Promise.resolve(row && storedIn(row, now));
    },
    find: (plan) => reading.track(reads.search.find(plan)),
    count: (plan) => {
      const isKept = !reads.rows.hasExpired(microsOfInstant(plan.now));
      const kept = isKept ? reads.summary.count(plan) : undefined;
      return kept === undefined ? reading.track(reads.search.count(plan)) : Promise.resolve(kept);
    },
    history: (plan) => reading.track(reads.history(plan)),
    apply: async (writes, at) => {
      if (writes.length === 0) return [];
      return outcomesIn(String(await send({ op: 'apply', at, writes: JSON.stringify(writes) }, writes.length)));
    },
    record: async (instances: readonly PastInstance[], at) => {
      if (instances.length === 0) return;
      await send({ op: 'record', at, instances: JSON.stringify(instances) }, instances.length);
    },
    summary: () => Promise.resolve(reads.summary.read()),
    sweep: createSweep(send),
    shelf: createShelves(database, send),
    log: createLog(database, {
      send,
      follow: (listener: (position: Position) => void) => writer.follow(path, listener),
    }),
  };
  const close = async (): Promise<void> => {
    await reading.settled();
    const isClosed = closeFile();
    // The writer's connection is the last one: it leaves a file that has everything in it.
    database.close();
    await isClosed;
  };
  return { store, close };
}

/** Sends jobs for one file until that is closed. */
function createSender(path: string, writer: Writer): { readonly send: SendJob; close(): Promise<unknown> } {
  let isOpen = true;
  return {
    send: (job, weight) =>
      isOpen ? writer.send(path, job, weight) : Promise.reject(new Problem('Unavailable', 'The store is closed.')),
    close() {
      isOpen = false;
      return writer.send(path, { op: 'close' }, 0);
    },
  };
}

interface Tracker {
  track<T>(read: Promise<T>): Promise<T>;
  /** Waits for all that is under way. */
  settled(): Promise<unknown>;
}

function createTracker(): Tracker {
  const underWay = new Set<Promise<unknown>>();
  return {
    track(read) {
      const done = read.finally(() => underWay.delete(done));
      underWay.add(done);
      return done;
    },
    settled: () => Promise.allSettled(underWay),
  };
}

/** Everything that reads present and past entities. */
function createReads(database: Database, breathe: Breathe, send: SendJob) {
  const rows = createRows(database);
  const names = createNameReader(database);
  const choose = createChoose(database, { names, rows });
  const series = createSeriesReader(database, names);
  const subjects = createSubjects(database, { names, choose });
  return {
    rows,
    summary: createSummaryReader(database, names),
    search: createSearch({ choose, breathe, onLooked: createDemand(send) }),
    history: createHistoryReader({ subjects, series, names, breathe }),
  };
}

/** So many entities a query must have looked at before it counts as one that wants an index. */
const manyLooked = 1000;

/** So many such queries before the index is made. */
const manyQueries = 3;

/** Asks for the index of an attribute when queries keep looking at many entities for want of it. */
function createDemand(send: SendJob): (filter: Filter, looked: number) => void {
  const queries = new Map<string, number>();
  return ({ q }, looked) => {
    if (!q || looked < manyLooked) return;
    for (const { attr } of indexTerms(q)) {
      const count = (queries.get(attr) ?? 0) + 1;
      if (queries.size < 1000) queries.set(attr, count);
      // Nobody waits for it: when it is refused now, the next query asks again.
      if (count >= manyQueries && count % manyQueries === 0) send({ op: 'index', name: attr }).catch(() => undefined);
    }
  };
}
