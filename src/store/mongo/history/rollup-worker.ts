/** Computes stale rollups in the background, outside of transactions, so that no write waits. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSession } from 'mongodb';
import { rollupState } from '../../../core/model/rollup.ts';
import type { Observe } from '../../../core/port/observe.ts';
import { isUnavailable } from '../connection.ts';
import type { Collections, RollupDay, RollupDocument } from '../schema.ts';
import { rollDays } from './rollup-day.ts';
import { newestDay, type RollupOperation } from './rollup-documents.ts';

/** Documents per batch. */
const togetherMax = 20;

/** Computes a batch of due documents. False: no more are due. A document that a write changed meanwhile stays unchanged, and due. */
export async function computeSome(collections: Collections): Promise<boolean> {
  // One session with causal consistency: later reads are never older than earlier ones.
  const session = await collections.startSession();
  try {
    const { rollups } = collections;
    const due = await rollups.find({ due: true }, { session, limit: togetherMax }).toArray();
    const worked: ComputedLeaf[] = [];
    for (const leaf of due) worked.push(await compute(leaf, collections, session));
    // Read this last: an append to a day without a mark has made it the newest day before.
    const newest = await newestDays(due, collections, session);
    const operations = worked.map((one) => settling(one, newest.get(keyText(one.leaf))));
    if (operations.length > 0) await rollups.bulkWrite(operations, { session, ordered: false });
    return due.length === togetherMax;
  } finally {
    await session.endSession();
  }
}

interface ComputedLeaf {
  readonly leaf: RollupDocument;
  /** The days that were stale. */
  readonly days: readonly RollupDay[];
}

async function compute(leaf: RollupDocument, { history }: Collections, session: ClientSession): Promise<ComputedLeaf> {
  const { s, n } = leaf._id;
  const days = staleDays(leaf).toSorted((a, b) => a - b);
  return { leaf, days: await rollDays({ history, session }, { s, n }, { days, isLast: false }) };
}

/** For a day of which only rollups are left, later instances do not count. */
const staleDays = ({ stale = [], days = [] }: RollupDocument): readonly number[] =>
  stale.filter((day) => !days.some((one) => one.day === day && one.state === rollupState.kept));

const keyText = ({ _id: { s, n } }: Pick<RollupDocument, '_id'>): string => `${s}/${n}`;

/** The newest day of each series: appends to it set no mark. */
async function newestDays(
  leaves: readonly RollupDocument[],
  { subjects }: Collections,
  session: ClientSession,
): Promise<ReadonlyMap<string, number | undefined>> {
  const of = [...new Set(leaves.map(({ _id }) => _id.s))];
  const found = await subjects
    .find({ subject: { $in: of } }, { session, projection: { subject: 1, series: 1 } })
    .toArray();
  return new Map(
    found.flatMap(({ subject, series }) => series.map(({ n, open }) => [`${subject}/${n}`, newestDay(open)] as const)),
  );
}

/** Writes the result into the document, unless a write changed it meanwhile. */
function settling({ leaf, days }: ComputedLeaf, newest: number | undefined): RollupOperation {
  const { _id, turn } = leaf;
  const all = [...(leaf.days ?? []), ...days.filter(({ day }) => day !== newest)].sort((a, b) => a.day - b.day);
  const stale = staleDays(leaf).filter((day) => day === newest);
  if (all.length + stale.length === 0) return { deleteOne: { filter: { _id, turn } } };
  return { updateOne: { filter: { _id, turn }, update: { $set: { days: all, stale }, $unset: { due: true } } } };
}

/** The interval of checks for due documents. */
const lookMs = 1000;

export interface RollupWorkerOptions {
  /** One function per open store, which computes a batch. False: no more are due. */
  readonly stores: () => Promise<readonly (() => Promise<boolean>)[]>;
  /** True on the one broker that runs this job. */
  readonly isMine: () => boolean;
  readonly observe: Observe;
}

/** Computes due rollups in all stores, for at most half of the time. Returns a function that stops this and waits for the end. */
export function startRollupWorker({ stores, isMine, observe }: RollupWorkerOptions): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
  const isOn = (): boolean => !signal.aborted && isMine();
  const computeAll = async (): Promise<void> => {
    for (const compute of await stores()) {
      for (let isMore = true; isMore && isOn(); ) {
        const began = performance.now();
        isMore = await compute();
        if (isMore) await pause(performance.now() - began);
      }
    }
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await pause(lookMs);
      if (!isOn()) continue;
      // Other operations report that the database does not answer.
      await computeAll().catch((cause: unknown) => {
        if (!isUnavailable(cause)) observe({ kind: 'failed', where: 'store: rollups', cause });
      });
    }
  };
  const running = run();
  return async () => {
    stopping.abort();
    await running;
  };
}
