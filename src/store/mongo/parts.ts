/** Who of several brokers does what: leases in the database, each for a few seconds, by the clock of the database. */
import { performance } from 'node:perf_hooks';
import type { Collection, Document } from 'mongodb';
import type { Observe } from '../../core/port/observe.ts';
import type { PartEvent, Parts } from '../../core/port/parts.ts';
import { isAway } from './connection.ts';

/** `_id` is `part 7`, or `node` and a broker's name: every broker that lives has one of these. */
interface LeaseDocument {
  readonly _id: string;
  readonly holder: string | null;
  readonly until: Date;
}

export interface OpenParts {
  readonly parts: Parts;
  /** Gives everything back, so that others need not wait for it to expire. */
  readonly close: () => Promise<void>;
}

export interface PartsOptions {
  readonly leases: Collection<LeaseDocument>;
  /** The broker's name among all: another one after each start. */
  readonly node: string;
  readonly observe: Observe;
}

const count = 16;
/** How long a lease holds. A broker that died is replaced after so long at most, and a beat. */
const leaseMs = 5000;
const beatMs = 1000;
/** So long before its end a lease is no longer relied upon: the database's clock and ours run alike, but messages take time. */
const marginMs = 1000;

const ids = Array.from({ length: count }, (_, part) => `part ${part}`);
const ends = { $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: leaseMs } };
const isFree: Document = { $expr: { $or: [{ $eq: ['$holder', null] }, { $lte: ['$until', '$$NOW'] }] } };
const isAlive: Document = { $expr: { $gt: ['$until', '$$NOW'] } };

interface Holder extends PartsOptions {
  readonly held: Set<number>;
  readonly listeners: Set<(part: number, event: PartEvent) => Promise<void>>;
  /** Until when what is held is held, by this process's own clock. */
  deadlineMs: number;
  isClosed: boolean;
}

/** Takes a fair share of the parts before it answers, as far as others have left any. */
export async function openParts(options: PartsOptions): Promise<OpenParts> {
  const holder: Holder = { ...options, held: new Set(), listeners: new Set(), deadlineMs: 0, isClosed: false };
  await makeLeases(options.leases);
  let beating = beat(holder);
  await beating;
  const timer = setInterval(() => {
    beating = beating.then(() => beat(holder));
  }, beatMs);
  return {
    parts: {
      count,
      isMine: (part) => holder.held.has(part) && performance.now() < holder.deadlineMs,
      follow(listener) {
        holder.listeners.add(listener);
        return () => void holder.listeners.delete(listener);
      },
    },
    async close() {
      clearInterval(timer);
      holder.isClosed = true;
      await beating;
      await giveBack(holder).catch((cause: unknown) => report(holder, cause));
    },
  };
}

async function makeLeases(leases: Collection<LeaseDocument>): Promise<void> {
  const free = { holder: null, until: new Date(0) };
  await leases.bulkWrite(
    ids.map((_id) => ({ updateOne: { filter: { _id }, update: { $setOnInsert: free }, upsert: true } })),
    { ordered: false },
  );
}

/** Says that it lives, renews what it holds, and takes or leaves parts until it has its share. */
async function beat(holder: Holder): Promise<void> {
  if (holder.isClosed) return;
  try {
    const beganMs = performance.now();
    await renew(holder);
    holder.deadlineMs = beganMs + leaseMs - marginMs;
    const share = Math.ceil(count / (await countNodes(holder)));
    leaveBeyond(share, holder);
    await takeUpTo(share, holder);
  } catch (cause) {
    report(holder, cause);
    if (performance.now() >= holder.deadlineMs) await lose(holder, [...holder.held]);
  }
}

function report({ observe }: Holder, cause: unknown): void {
  // That the database is away is said by everybody else.
  if (!isAway(cause)) observe({ kind: 'failed', where: 'store: leases', cause });
}

async function renew(holder: Holder): Promise<void> {
  const { leases, node } = holder;
  await leases.updateOne({ _id: `node ${node}` }, [{ $set: { holder: node, until: ends } }], { upsert: true });
  await leases.updateMany({ _id: { $in: ids }, holder: node }, [{ $set: { until: ends } }]);
  const mine = await leases.find({ _id: { $in: ids }, holder: node }, { projection: { _id: 1 } }).toArray();
  const there = new Set(mine.map(({ _id }) => ids.indexOf(_id)));
  // A broker that slept for longer than a lease finds that others have taken over.
  await lose(
    holder,
    [...holder.held].filter((part) => !there.has(part)),
  );
}

/** Brokers that live. Those that do not any more are forgotten. */
async function countNodes({ leases }: Holder): Promise<number> {
  const isNode = { _id: { $regex: /^node / } };
  await leases.deleteMany({ ...isNode, $expr: { $lte: ['$until', '$$NOW'] } });
  return Math.max(1, await leases.countDocuments({ ...isNode, ...isAlive }));
}

/** What is under way may take its time: meanwhile the leases go on being renewed, those that are left too. */
function leaveBeyond(share: number, holder: Holder): void {
  for (const part of [...holder.held].slice(share))
    leave(holder, part).catch((cause: unknown) => report(holder, cause));
}

async function leave(holder: Holder, part: number): Promise<void> {
  const { leases, node } = holder;
  // No longer its own to begin with, so that nothing new is begun while what is under way comes to its end.
  holder.held.delete(part);
  await tell(holder, part, 'leaving');
  await leases.updateOne({ _id: `part ${part}`, holder: node }, { $set: { holder: null } });
}

async function takeUpTo(share: number, holder: Holder): Promise<void> {
  const { leases, node, held } = holder;
  while (held.size < share) {
    const free = await leases.findOneAndUpdate({ _id: { $in: ids }, ...isFree }, [
      { $set: { holder: node, until: ends } },
    ]);
    if (!free) return;
    const part = ids.indexOf(free._id);
    held.add(part);
    await tell(holder, part, 'gained');
  }
}

async function lose(holder: Holder, parts: readonly number[]): Promise<void> {
  for (const part of parts) holder.held.delete(part);
  for (const part of parts) await tell(holder, part, 'lost');
}

async function tell({ listeners, observe }: Holder, part: number, event: PartEvent): Promise<void> {
  for (const listener of [...listeners]) {
    await listener(part, event).catch((cause: unknown) => observe({ kind: 'failed', where: `part ${part}`, cause }));
  }
}

async function giveBack({ leases, node }: Holder): Promise<void> {
  await leases.updateMany({ _id: { $in: ids }, holder: node }, { $set: { holder: null } });
  await leases.deleteOne({ _id: `node ${node}` });
}
