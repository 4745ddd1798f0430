/**
 * Who of several brokers does what: leases in the database, each for a few seconds. Everybody measures them by a clock of its own that
 * is never set: whoever holds one relies on it for so long from when it asked for its renewal, and the others take it when they have
 * seen it unchanged for longer. So no wall clock that jumps, be it ours or the database's, ends a lease early or has it last.
 */
import { performance } from 'node:perf_hooks';
import type { ClientSession, Collection, Document, MongoClient } from 'mongodb';
import type { Observe } from '../../core/port/observe.ts';
import type { PartitionEvent, Partitions, LeaseTerm } from '../../core/port/partitions.ts';
import { isAway } from './connection.ts';

/** `_id` is `part 7`, or `node` and a broker's name: every broker that lives has one of these. */
interface LeaseDocument {
  readonly _id: string;
  readonly state: string | null;
  /** Another one after each renewal. Nobody compares it with a clock. */
  readonly until: Date;
  /** Of a part: how many times it was taken. */
  readonly term?: number;
  /** Of a broker: the ids of the sessions in which it has transactions. */
  readonly sessions?: readonly SessionId[];
}

type SessionId = NonNullable<ClientSession['id']>;

export interface PartitionLeases {
  readonly partitions: Partitions;
  /**
   * Starts a session for transactions. The servers keep the transaction of a broker that died for a minute, and what it
   * holds with it: others know by this whose they may end.
   */
  readonly startSession: () => Promise<ClientSession>;
  /** Whether a tenure goes on, as a transaction sees it. */
  readonly isCurrent: (leaseTerm: LeaseTerm, session: ClientSession) => Promise<boolean>;
  /** Gives everything back, so that others need not wait for it to expire. */
  readonly close: () => Promise<void>;
}

export interface PartitionLeasesOptions {
  readonly client: MongoClient;
  readonly leases: Collection<LeaseDocument>;
  /** The broker's name among all: another one after each start. */
  readonly node: string;
  readonly observe: Observe;
}

const count = 16;
/** How long a lease holds. A broker that died is replaced after so long at most, and a beat. */
const leaseMs = 5000;
const heartbeatMs = 1000;
/** So long before others may take it a lease is no longer relied upon: a timer may go off late, and a message takes time. */
const marginMs = 1000;
/** Sessions of a broker that others know of; the newest count. The driver uses them again and again. */
const sessionsMax = 1000;

const ids = Array.from({ length: count }, (_, part) => `part ${part}`);
const ends = { $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: leaseMs } };

interface LeaseState extends PartitionLeasesOptions {
  /** The parts that it has, with the terms. */
  readonly held: Map<number, number>;
  readonly listeners: Set<(part: number, event: PartitionEvent) => Promise<void>>;
  readonly lapseListeners: Set<() => void>;
  /** The leases as they were read last, by their ids: since when, by our own clock, they were seen to be so. */
  seen: ReadonlyMap<string, Seen>;
  /** Parts that are no longer its own to begin with, and not given back yet. */
  readonly leaving: Set<number>;
  /** What is being told, by part. */
  readonly notifying: Map<number, Promise<void>>;
  /** Sessions by their ids as text. */
  readonly sessions: Map<string, SessionId>;
  /** Until when what is held may be relied on, by this process's own clock; 0: not now. */
  deadlineMs: number;
  /** Goes off at the deadline. */
  lapse: NodeJS.Timeout | undefined;
  isClosed: boolean;
}

interface Seen {
  readonly lease: LeaseDocument;
  readonly sinceMs: number;
}

/** Takes a fair share of the parts before it answers, as far as others have left any. */
export async function openPartitionLeases(options: PartitionLeasesOptions): Promise<PartitionLeases> {
  const state: LeaseState = {
    ...options,
    held: new Map(),
    listeners: new Set(),
    lapseListeners: new Set(),
    seen: new Map(),
    leaving: new Set(),
    notifying: new Map(),
    sessions: new Map(),
    deadlineMs: 0,
    lapse: undefined,
    isClosed: false,
  };
  await makeLeases(options.leases);
  let beating: Promise<void> | undefined;
  const goOn = (): Promise<void> => (beating ??= heartbeat(state).finally(() => (beating = undefined)));
  await goOn();
  const timer = setInterval(() => void goOn(), heartbeatMs);
  return {
    partitions: partitionsOf(state),
    startSession: () => startSession(state),
    isCurrent: async ({ part, term }, session) => {
      const lease = { _id: `part ${part}`, state: state.node, term };
      return (await options.leases.findOne(lease, { session, projection: { _id: 1 } })) !== null;
    },
    async close() {
      clearInterval(timer);
      state.isClosed = true;
      await beating;
      clearTimeout(state.lapse);
      await Promise.all(state.notifying.values());
      await giveBack(state).catch((cause: unknown) => report(state, cause));
    },
  };
}

function partitionsOf(state: LeaseState): Partitions {
  const { held, listeners, lapseListeners } = state;
  const leaseTerm = (part: number): LeaseTerm | undefined => {
    const term = performance.now() < state.deadlineMs ? held.get(part) : undefined;
    return term === undefined ? undefined : { part, term };
  };
  return {
    count,
    holds: (part) => leaseTerm(part) !== undefined,
    leaseTerm,
    follow(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onLapse(listener) {
      lapseListeners.add(listener);
      return () => void lapseListeners.delete(listener);
    },
  };
}

async function makeLeases(leases: Collection<LeaseDocument>): Promise<void> {
  const free = { state: null, until: new Date(0) };
  await leases.bulkWrite(
    ids.map((_id) => ({ updateOne: { filter: { _id }, update: { $setOnInsert: free }, upsert: true } })),
    { ordered: false },
  );
}

/** Says that it lives, renews what it holds, and takes or leaves parts until it has its share. */
async function heartbeat(state: LeaseState): Promise<void> {
  if (state.isClosed) return;
  const beganMs = performance.now();
  try {
    await renew(state);
    relyUntil(beganMs + leaseMs - marginMs, state);
    await buryDead(state);
    const nodes = [...state.seen.values()].filter(({ lease }) => isNode(lease));
    const share = Math.ceil(count / Math.max(1, nodes.length));
    releaseBeyond(share, state);
    await acquireUpTo(share, state);
  } catch (cause) {
    // What is held is lapsed at its deadline, and may be ours still when the database is there again.
    report(state, cause);
  }
}

/** What could not be relied on for a while is gained anew, where nobody else has taken it: in between nothing was begun. */
function relyUntil(deadlineMs: number, state: LeaseState): void {
  const now = performance.now();
  const hasLapsed = now >= state.deadlineMs;
  // The renewal itself may have taken longer than it holds.
  if (now >= deadlineMs) return;
  state.deadlineMs = deadlineMs;
  clearTimeout(state.lapse);
  state.lapse = setTimeout(() => tellLapse(state), deadlineMs - now + 1);
  if (hasLapsed) for (const part of state.held.keys()) void notify(state, part, 'gained');
}

function tellLapse({ lapseListeners }: LeaseState): void {
  for (const listener of [...lapseListeners]) listener();
}

function report({ observe }: LeaseState, cause: unknown): void {
  // That the database is away is said by everybody else.
  if (!isAway(cause)) observe({ kind: 'failed', where: 'store: leases', cause });
}

async function renew(state: LeaseState): Promise<void> {
  const { leases, node, leaving } = state;
  await live(state);
  await leases.updateMany({ _id: { $in: ids }, state: node }, [{ $set: { until: ends } }]);
  // Taken down before: what is found may have been given back by the time it is told.
  const left = new Set(leaving);
  const found = await leases.find().toArray();
  look(state, found);
  const mine = found.filter((lease) => lease.state === node && !isNode(lease));
  const terms = mine.map(({ _id, term = 0 }) => [ids.indexOf(_id), term] as const);
  settle(state, new Map(terms.filter(([part]) => !left.has(part))));
}

const isNode = ({ _id }: LeaseDocument): boolean => _id.startsWith('node ');

/** Takes down what others' leases are like. */
function look(state: LeaseState, found: readonly LeaseDocument[]): void {
  const now = performance.now();
  const before = state.seen;
  state.seen = new Map(
    found.map((lease) => {
      const known = before.get(lease._id);
      const isSame = known?.lease.state === lease.state && known.lease.until.getTime() === lease.until.getTime();
      return [lease._id, { lease, sinceMs: isSame ? known.sinceMs : now }];
    }),
  );
}

/** The lease of a broker that has not renewed it for as long as it holds: who held it has not relied on it for a while. */
const hasExpired = ({ sinceMs }: Seen): boolean => performance.now() - sinceMs >= leaseMs;

/** The lease as it was seen: nobody has renewed or taken it since. */
const asSeen = ({ lease: { _id, state, until } }: Seen): Document => ({ _id, state, until });

/**
 * A broker that slept for longer than a lease finds that others have taken over. What it has taken, or could not give back,
 * without hearing of it because the database went away, is its own.
 */
function settle(state: LeaseState, mine: ReadonlyMap<number, number>): void {
  const { held } = state;
  const lost = [...held].filter(([part, term]) => mine.get(part) !== term);
  for (const [part] of lost) held.delete(part);
  // At once, for whoever hears of a part's loss waits for what is under way.
  if (lost.length > 0) tellLapse(state);
  for (const [part] of lost) void notify(state, part, 'lost');
  for (const [part, term] of mine) if (!held.has(part)) gain(state, part, term);
}

function gain(state: LeaseState, part: number, term: number): void {
  state.held.set(part, term);
  void notify(state, part, 'gained');
}

async function live({ leases, node, sessions }: LeaseState): Promise<void> {
  const own = { state: node, until: ends, sessions: [...sessions.values()] };
  await leases.updateOne({ _id: `node ${node}` }, [{ $set: own }], { upsert: true });
}

async function startSession(state: LeaseState): Promise<ClientSession> {
  const session = state.client.startSession();
  const { id } = session;
  const name = id?.id.toString('hex');
  if (!id || name === undefined || state.sessions.has(name)) return session;
  state.sessions.set(name, id);
  for (const oldest of state.sessions.keys()) if (state.sessions.size > sessionsMax) state.sessions.delete(oldest);
  await live(state);
  return session;
}

/** Of brokers that do not live any more, transactions are ended that they have left open. */
async function buryDead(state: LeaseState): Promise<void> {
  const { leases, client, node, seen } = state;
  const dead = [...seen.values()].filter((one) => isNode(one.lease) && one.lease.state !== node && hasExpired(one));
  if (dead.length === 0) return;
  const sessions = dead.flatMap(({ lease }) => lease.sessions ?? []);
  if (sessions.length > 0) await client.db('admin').command({ killSessions: sessions });
  await leases.deleteMany({ $or: dead.map(asSeen) });
  const gone = new Set(dead.map(({ lease }) => lease._id));
  state.seen = new Map([...seen].filter(([id]) => !gone.has(id)));
}

/** What is under way may take its time: meanwhile the leases go on being renewed, those that are left too. */
function releaseBeyond(share: number, state: LeaseState): void {
  for (const part of [...state.held.keys()].slice(share))
    release(state, part).catch((cause: unknown) => report(state, cause));
}

async function release(state: LeaseState, part: number): Promise<void> {
  const { leases, node, held, leaving } = state;
  // So that nothing new is begun while what is under way comes to its end.
  held.delete(part);
  leaving.add(part);
  try {
    await notify(state, part, 'leaving');
    await leases.updateOne({ _id: `part ${part}`, state: node }, { $set: { state: null } });
  } finally {
    leaving.delete(part);
  }
}

async function acquireUpTo(share: number, state: LeaseState): Promise<void> {
  const { leases, node, held, seen } = state;
  const taking = [{ $set: { state: node, until: ends, term: { $add: [{ $ifNull: ['$term', 0] }, 1] } } }];
  for (const [part, id] of ids.entries()) {
    const one = seen.get(id);
    if (held.size >= share) return;
    if (!one || held.has(part) || !(one.lease.state === null || hasExpired(one))) continue;
    const taken = await leases.findOneAndUpdate(asSeen(one), taking, { returnDocument: 'after' });
    if (taken) gain(state, part, taken.term ?? 0);
  }
}

/** What becomes of a part is told one thing after the other. No lease waits for it: whoever hears it may take long. */
function notify(state: LeaseState, part: number, event: PartitionEvent): Promise<void> {
  const { notifying: telling } = state;
  const told = (telling.get(part) ?? Promise.resolve()).then(() => notifyAll(state, part, event));
  telling.set(part, told);
  return told;
}

async function notifyAll({ listeners, observe }: LeaseState, part: number, event: PartitionEvent): Promise<void> {
  for (const listener of [...listeners]) {
    await listener(part, event).catch((cause: unknown) => observe({ kind: 'failed', where: `part ${part}`, cause }));
  }
}

async function giveBack({ leases, node }: LeaseState): Promise<void> {
  await leases.updateMany({ _id: { $in: ids }, state: node }, { $set: { state: null } });
  await leases.deleteOne({ _id: `node ${node}` });
}
