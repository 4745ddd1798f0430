/** Works out rollups where there is time: outside of transactions, so that no write waits for it. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSession } from 'mongodb';
import { rollupState } from '../../../core/model/rollup.ts';
import type { Observe } from '../../../core/port/observe.ts';
import { isAway } from '../connection.ts';
import type { Collections, RollupDay, RollupDocument } from '../schema.ts';
import { rollDays } from './rollup-day.ts';
import { newestDay, type RollupOperation } from './rollup-leaf.ts';

/** Documents that are worked out together. */
const togetherMax = 20;

/**
 * Works out some of the days that are due. False: there are no more. A document in which something was noted meanwhile stays
 * as it is, and due.
 */
export async function workOutSome(collections: Collections): Promise<boolean> {
  // One session: what is read later is never older than what was read before.
  const session = await collections.startSession();
  try {
    const { rollups } = collections;
    const due = await rollups.find({ due: true }, { session, limit: togetherMax }).toArray();
    const worked: Worked[] = [];
    for (const leaf of due) worked.push(await workOut(leaf, collections, session));
    // Only now: whatever is appended to a day without a note has made it the newest one before.
    const newest = await newestDays(due, collections, session);
    const operations = worked.map((one) => settling(one, newest.get(keyText(one.leaf))));
    if (operations.length > 0) await rollups.bulkWrite(operations, { session, ordered: false });
    return due.length === togetherMax;
  } finally {
    await session.endSession();
  }
}

interface Worked {
  readonly leaf: RollupDocument;
  /** Of the days that were to be worked out. */
  readonly days: readonly RollupDay[];
}

async function workOut(leaf: RollupDocument, { history }: Collections, session: ClientSession): Promise<Worked> {
  const { s, n } = leaf._id;
  const days = staleDays(leaf).toSorted((a, b) => a - b);
  return { leaf, days: await rollDays({ history, session }, { s, n }, { days, isLast: false }) };
}

/** Of a day that is kept, the instances that came later do not count. */
const staleDays = ({ stale = [], days = [] }: RollupDocument): readonly number[] =>
  stale.filter((day) => !days.some((one) => one.day === day && one.state === rollupState.kept));

const keyText = ({ _id: { s, n } }: Pick<RollupDocument, '_id'>): string => `${s}/${n}`;

/** For each series, the day to which may be appended without a note. */
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

/** Puts what was worked out into a document, unless something was noted there meanwhile. */
function settling({ leaf, days }: Worked, newest: number | undefined): RollupOperation {
  const { _id, turn } = leaf;
  const all = [...(leaf.days ?? []), ...days.filter(({ day }) => day !== newest)].sort((a, b) => a.day - b.day);
  const stale = staleDays(leaf).filter((day) => day === newest);
  if (all.length + stale.length === 0) return { deleteOne: { filter: { _id, turn } } };
  return { updateOne: { filter: { _id, turn }, update: { $set: { days: all, stale }, $unset: { due: true } } } };
}

/** How often it is looked for what is due. */
const lookMs = 1000;

export interface Working {
  /** The stores that are open, each as a function that works out some of what is due in it. False: there is no more. */
  readonly stores: () => Promise<readonly (() => Promise<boolean>)[]>;
  /** True on the one broker that does it. */
  readonly isMine: () => boolean;
  readonly observe: Observe;
}

/** Works out what is due in all stores, in half of the time at most. Returns the function that stops it and waits until it has. */
export function startWorkingOut({ stores, isMine, observe }: Working): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
  const isOn = (): boolean => !signal.aborted && isMine();
  const workOutAll = async (): Promise<void> => {
    for (const workOut of await stores()) {
      for (let isMore = true; isMore && isOn(); ) {
        const began = performance.now();
        isMore = await workOut();
        if (isMore) await pause(performance.now() - began);
      }
    }
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await pause(lookMs);
      if (!isOn()) continue;
      // That the database is away is said by everybody else.
      await workOutAll().catch((cause: unknown) => {
        if (!isAway(cause)) observe({ kind: 'failed', where: 'store: rollups', cause });
      });
    }
  };
  const running = run();
  return async () => {
    stopping.abort();
    await running;
  };
}
