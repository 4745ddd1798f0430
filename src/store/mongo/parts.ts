/** Who of several brokers does what: leases in the database, each for a few seconds, by the clock of the database. */
import { performance } from 'node:perf_hooks';
import type { ClientSession, Collection, Document, MongoClient } from 'mongodb';
import type { Observe } from '../../core/port/observe.ts';
import type { PartEvent, Parts } from '../../core/port/parts.ts';
import { isAway } from './connection.ts';

/** `_id` is `part 7`, or `node` and a broker's name: every broker that lives has one of these. */
interface LeaseDocument {
  readonly _id: string;
  readonly holder: string | null;
  readonly until: Date;
  /** Of a broker: the ids of the sessions in which it has transactions. */
  readonly sessions?: readonly SessionId[];
}

type SessionId = NonNullable<ClientSession['id']>;

export interface OpenParts {
  readonly parts: Parts;
  /**
   * Starts a session for transactions. The servers keep the transaction of a broker that died for a minute, and what it
   * holds with it: others know by this whose they may end.
   */
  readonly startSession: () => Promise<ClientSession>;
  /** Gives everything back, so that others need not wait for it to expire. */
  readonly close: () => Promise<void>;
}

export interface PartsOptions {
  readonly client: MongoClient;
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
/** Sessions of a broker that others know of; the newest count. The driver uses them again and again. */
const sessionsMax = 1000;

const ids = Array.from({ length: count }, (_, part) => `part ${part}`);
const ends = { $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: leaseMs } };
const isFree: Document = { $expr: { $or: [{ $eq: ['$holder', null] }, { $lte: ['$until', '$$NOW'] }] } };
const isOver: Document = { $expr: { $lte: ['$until', '$$NOW'] } };
const isAlive: Document = { $expr: { $gt: ['$until', '$$NOW'] } };

interface Holder extends PartsOptions {
  readonly held: Set<number>;
  readonly listeners: Set<(part: number, event: PartEvent) => Promise<void>>;
  /** Sessions by their ids as text. */
  readonly sessions: Map<string, SessionId>;
  /** Until when what is held may be relied on, by this process's own clock; 0: not now. */
  deadlineMs: number;
  isClosed: boolean;
}

/** Takes a fair share of the parts before it answers, as far as others have left any. */
export async function openParts(options: PartsOptions): Promise<OpenParts> {
  const holder: Holder = {
    ...options,
    held: new Set(),
    listeners: new Set(),
    sessions: new Map(),
    deadlineMs: 0,
    isClosed: false,
  };
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
    startSession: () => startSession(holder),
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
  const beganMs = performance.now();
  try {
    await renew(holder);
    await relyUntil(beganMs + leaseMs - marginMs, holder);
    const share = Math.ceil(count / (await countNodes(holder)));
    leaveBeyond(share, holder);
    await takeUpTo(share, holder);
  } catch (cause) {
    report(holder, cause);
    if (holder.deadlineMs === 0 || performance.now() < holder.deadlineMs) return;
    holder.deadlineMs = 0;
    for (const part of holder.held) await tell(holder, part, 'lost');
  }
}

/** What could not be relied on for a while is gained anew, where nobody else has taken it: in between nothing was begun. */
async function relyUntil(deadlineMs: number, holder: Holder): Promise<void> {
  const hasLapsed = performance.now() >= holder.deadlineMs;
  holder.deadlineMs = deadlineMs;
  if (hasLapsed) for (const part of holder.held) await tell(holder, part, 'gained');
}

function report({ observe }: Holder, cause: unknown): void {
  // That the database is away is said by everybody else.
  if (!isAway(cause)) observe({ kind: 'failed', where: 'store: leases', cause });
}

async function renew(holder: Holder): Promise<void> {
  const { leases, node } = holder;
  await live(holder);
  await leases.updateMany({ _id: { $in: ids }, holder: node }, [{ $set: { until: ends } }]);
  const mine = await leases.find({ _id: { $in: ids }, holder: node }, { projection: { _id: 1 } }).toArray();
  const there = new Set(mine.map(({ _id }) => ids.indexOf(_id)));
  // A broker that slept for longer than a lease finds that others have taken over.
  await lose(
    holder,
    [...holder.held].filter((part) => !there.has(part)),
  );
}

async function live({ leases, node, sessions }: Holder): Promise<void> {
  const own = { holder: node, until: ends, sessions: [...sessions.values()] };
  await leases.updateOne({ _id: `node ${node}` }, [{ $set: own }], { upsert: true });
}

async function startSession(holder: Holder): Promise<ClientSession> {
  const session = holder.client.startSession();
  const { id } = session;
  const name = id?.id.toString('hex');
  if (!id || name === undefined || holder.sessions.has(name)) return session;
  holder.sessions.set(name, id);
  for (const oldest of holder.sessions.keys()) if (holder.sessions.size > sessionsMax) holder.sessions.delete(oldest);
  await live(holder);
  return session;
}

/** Brokers that live. Of those that do not any more, transactions are ended that they have left open. */
async function countNodes({ leases, client }: Holder): Promise<number> {
  const isNode = { _id: { $regex: /^node / } };
  const dead = await leases.find({ ...isNode, ...isOver }).toArray();
  const sessions = dead.flatMap((one) => one.sessions ?? []);
  if (sessions.length > 0) await client.db('admin').command({ killSessions: sessions });
  if (dead.length > 0) await leases.deleteMany({ _id: { $in: dead.map(({ _id }) => _id) }, ...isOver });
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
