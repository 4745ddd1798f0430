/** One tenant's store: reads on a connection of this thread, writes through the writer's thread. */
import type { Database } from 'better-sqlite3';
import { Problem } from '../../core/model/problem.ts';
import { microsOfInstant } from '../../core/model/instant.ts';
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import type { Store } from '../../core/port/store.ts';
import { createReadInOrder } from './search/value-order.ts';
import { createQueryPlanner } from './search/query-planner.ts';
import { openForReading } from './connection.ts';
import { createIndexAdvisor } from './search/index-advisor.ts';
import { createReadConditions } from './search/index-readers.ts';
import { createLog } from './log.ts';
import { seriesOf } from './message.ts';
import { createNameReader } from './names.ts';
import { forgottenIn, outcomesIn, revisedIn, subjectFindingsIn } from './own-text.ts';
import { createHistoryReader, type HistoryReader } from './history/read-history.ts';
import { createRows, type Rows, storedIn } from './search/rows.ts';
import { createSearch, type Search } from './search/search.ts';
import { createSeriesReader } from './history/series-reader.ts';
import { createCollections } from './document-collections.ts';
import { createSubjects } from './search/subject-pages.ts';
import { createSummaryReader, type SummaryReader } from './search/summary.ts';
import { createSweep } from './writer/sweep.ts';
import { createTexts, type Texts } from './writer/texts.ts';
import type { SendJob, Writer } from './writer/writer.ts';

/** A store, and how to close its file. */
export interface OpenStore {
  readonly store: Store;
  /** Waits for running reads and writes. */
  close(): Promise<void>;
}

/** Opens a file that the writer has opened before. */
export function openStore(
  path: string,
  { writer, yieldToEventLoop }: { writer: Writer; yieldToEventLoop: YieldToEventLoop },
): OpenStore {
  const database = openForReading(path);
  const sender = createSender(path, writer);
  const reading = createTracker();
  const reads = createReads(database, yieldToEventLoop, sender.send);
  const store: Store = {
    ...createReading(reads, reading.track),
    ...createWriting(sender.send, createTexts(yieldToEventLoop)),
    collection: createCollections(database, sender.send),
    log: createLog(database, { send: sender.send, follow: (listener) => writer.follow(path, listener) }),
  };
  const close = async (): Promise<void> => {
    await reading.settled();
    const closed = sender.close();
    // The writer's connection closes last, and checkpoints everything into the file.
    database.close();
    await closed;
  };
  return { store, close };
}

function createReading(
  { rows, search, summary, history }: Reads,
  track: Tracker['track'],
): Pick<Store, 'get' | 'find' | 'count' | 'history' | 'summary'> {
  return {
    get: (id, now) => {
      const row = rows.byId(id);
      return Promise.resolve(row && storedIn(row, now));
    },
    find: (plan) => track(search.find(plan)),
    count: (plan) => {
      const isKept = !rows.hasExpired(microsOfInstant(plan.now));
      const kept = isKept ? summary.count(plan) : undefined;
      return kept === undefined ? track(search.count(plan)) : Promise.resolve(kept);
    },
    history: (plan) => track(history(plan)),
    summary: () => track(summary.read()),
  };
}

/** Rows and series that one slice of retention looks at: a few milliseconds of the writer's time. */
const forgetMax = 1000;

function createWriting(
  send: SendJob,
  textsOf: Texts,
): Pick<Store, 'apply' | 'record' | 'revise' | 'sweep' | 'forgetHistory' | 'subject'> {
  return {
    apply: async (writes, at) => {
      if (writes.length === 0) return [];
      const texts = textsOf(writes);
      const job = { op: 'apply', at, writes: texts instanceof Promise ? await texts : texts } as const;
      return outcomesIn(String(await send(job, writes.length)));
    },
    record: async (instances, at) => {
      if (instances.length === 0) return;
      await send({ op: 'record', at, series: await textsOf(seriesOf(instances)) }, instances.length);
    },
    revise: async (revision, at) =>
      revisedIn(String(await send({ op: 'revise', at, revision: JSON.stringify(revision) }, 1))),
    sweep: createSweep(send),
    forgetHistory: async (slice) =>
      forgottenIn(String(await send({ op: 'forget', slice: JSON.stringify(slice), limit: forgetMax }))),
    subject: async (slice) => subjectFindingsIn(String(await send({ op: 'subject', slice: JSON.stringify(slice) }))),
  };
}

interface Sender {
  readonly send: SendJob;
  /** Never fails: a writer that has crashed has closed its files. */
  readonly close: () => Promise<unknown>;
}

/** Sends jobs for one file until it is closed. */
function createSender(path: string, writer: Writer): Sender {
  let isOpen = true;
  return {
    send: (job, weight) =>
      isOpen ? writer.send(path, job, weight) : Promise.reject(new Problem('Unavailable', 'The store is closed.')),
    close: () => {
      isOpen = false;
      return writer.send(path, { op: 'close' }, 0).catch(() => undefined);
    },
  };
}

interface Tracker {
  readonly track: <T>(read: Promise<T>) => Promise<T>;
  /** Waits for all running reads. */
  readonly settled: () => Promise<unknown>;
}

function createTracker(): Tracker {
  const underWay = new Set<Promise<unknown>>();
  return {
    track: (read) => {
      const done = read.finally(() => underWay.delete(done));
      underWay.add(done);
      return done;
    },
    settled: () => Promise.allSettled(underWay),
  };
}

interface Reads {
  readonly rows: Rows;
  readonly search: Search;
  readonly summary: SummaryReader;
  readonly history: HistoryReader;
}

/** Everything that reads present and past entities. */
function createReads(database: Database, yieldToEventLoop: YieldToEventLoop, send: SendJob): Reads {
  const rows = createRows(database);
  const names = createNameReader(database);
  const conditionsOf = createReadConditions(database, names);
  const planQuery = createQueryPlanner({ names, rows, conditionsOf });
  const readInOrder = createReadInOrder(database, { names, conditionsOf });
  const series = createSeriesReader(database, names);
  const subjects = createSubjects(database, { names, planQuery, rows });
  return {
    rows,
    summary: createSummaryReader(database, { names, yieldToEventLoop }),
    search: createSearch({ planQuery, readInOrder, rows, yieldToEventLoop, onRead: createIndexAdvisor(send) }),
    history: createHistoryReader({ subjects, series, names, yieldToEventLoop }),
  };
}
