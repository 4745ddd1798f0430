/** One tenant's store on a replica set. */
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { Store } from '../../core/port/store.ts';
import { runWithPauses } from '../../core/model/interruptible.ts';
import { microsOfInstant } from '../../core/model/instant.ts';
import type { Outcome } from '../../core/model/mutation.ts';
import { withDatabase } from './connection.ts';
import { createFollowers } from './followers.ts';
import { forgetSome } from './history/forget.ts';
import { readHistories } from './history/history-reader.ts';
import { revise } from './history/revise.ts';
import { computeSome } from './history/rollup-worker.ts';
import { createLog } from './log.ts';
import type { PartitionLeases } from './partition-leases.ts';
import type { Collections } from './schema.ts';
import { countEntities, findEntities, getEntity } from './search/search.ts';
import { countKept, readSummary } from './search/summary.ts';
import { createDocumentCollections } from './document-collections.ts';
import { createSubjectWork } from './subject/subject-work.ts';
import { executeSome, recordPast, sweepSome } from './writer/execute-write.ts';
import { createWriter, type Writer, type WriterLimits } from './writer/writer.ts';

/** A store, and how to close it. */
export interface OpenStore {
  readonly store: Store;
  /** Computes a batch of due rollups. False: no more are due. */
  readonly computeRollups: () => Promise<boolean>;
  /** Waits for running writes. */
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly limits: WriterLimits;
  readonly observe: Observe;
  readonly yieldToEventLoop: YieldToEventLoop;
  /** The id of this broker. */
  readonly node: string;
  readonly isCurrent: PartitionLeases['isCurrent'];
}

export async function openStore(collections: Collections, options: StoreOptions): Promise<OpenStore> {
  const { limits, observe, yieldToEventLoop } = options;
  const state = await collections.state.findOne({ _id: 'state' });
  const followers = createFollowers(collections, { newest: state?.position ?? 0, observe });
  const writer = createWriter(collections, {
    limits,
    yieldToEventLoop,
    announce: (position) => followers.announce(position),
  });
  const documentCollections = createDocumentCollections(collections, { ...options, writer });
  return {
    store: {
      ...createReading(collections, yieldToEventLoop),
      ...createWriting(collections, { writer, yieldToEventLoop }),
      subject: createSubjectWork(collections, writer),
      collection: documentCollections.open,
      log: createLog(collections, { writer, followers }),
    },
    computeRollups: () => computeSome(collections),
    close: async () => {
      await writer.close();
      followers.close();
      documentCollections.close();
    },
  };
}

function createReading(
  collections: Collections,
  pause: YieldToEventLoop,
): Pick<Store, 'get' | 'find' | 'count' | 'history' | 'summary'> {
  const { subjects, counts } = collections;
  const count: Store['count'] = async (plan) => {
    const expired = { expires: { $lte: microsOfInstant(plan.now) } };
    const kept = await countKept(counts, plan);
    const isKept = kept !== undefined && (await subjects.findOne(expired, { projection: { _id: 1 } })) === null;
    return isKept ? kept : countEntities(subjects, plan, pause);
  };
  return {
    get: (id, now) => withDatabase(getEntity(subjects, id, now)),
    find: (plan) => withDatabase(findEntities(subjects, plan, pause)),
    count: (plan) => withDatabase(count(plan)),
    history: (plan) => withDatabase(readHistories(plan, collections)),
    summary: () => withDatabase(readSummary(counts)),
  };
}

/** Entities that one transaction sweeps: other writes must get in between. */
const sweepMax = 200;

function createWriting(
  { subjects }: Collections,
  { writer, yieldToEventLoop }: { readonly writer: Writer; readonly yieldToEventLoop: YieldToEventLoop },
): Pick<Store, 'apply' | 'record' | 'revise' | 'sweep' | 'forgetHistory'> {
  return {
    apply: async (writes, at) => {
      const outcomes: Outcome[] = [];
      while (outcomes.length < writes.length) {
        const rest = writes.slice(outcomes.length);
        const ids = rest.map(({ mutation }) => mutation.id);
        const some = await writer.send({ ids, run: (work) => executeSome(work, rest, { at, yieldToEventLoop }) });
        for (const outcome of some) outcomes.push(outcome);
      }
      return outcomes;
    },
    record: async (instances, at) => {
      if (instances.length === 0) return;
      const ids = [...new Set(instances.map(({ id }) => id))];
      await writer.send({ ids, run: (work) => runWithPauses(recordPast(work, instances, at), yieldToEventLoop) });
    },
    revise: (revision, at) => writer.send({ ids: [revision.id], run: (work) => revise(work, revision, at) }),
    sweep: async (now) => {
      const due = { expires: { $lte: microsOfInstant(now) } };
      let gone = 0;
      for (;;) {
        const found = await withDatabase(subjects.find(due, { limit: sweepMax, projection: { _id: 1 } }).toArray());
        if (found.length === 0) return gone;
        const ids = found.map(({ _id }) => _id);
        gone += await writer.send({ ids, run: (work) => runWithPauses(sweepSome(work, ids, now), yieldToEventLoop) });
      }
    },
    forgetHistory: (slice) => writer.send({ ids: [], run: (work) => forgetSome(work, slice) }),
  };
}
