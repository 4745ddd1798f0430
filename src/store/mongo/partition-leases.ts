/** Assigns the partitions of background jobs to brokers, by leases in the database that last a few seconds. */
import { performance } from 'node:perf_hooks';
import type { ClientSession, Collection, Document, MongoClient } from 'mongodb';
import type { Observe } from '../../core/port/observe.ts';
import type { PartitionEvent, Partitions, LeaseTerm } from '../../core/port/partitions.ts';
import { isUnavailable } from './connection.ts';
import { type LeaseEvent, type LeaseStatus, leaseTransitions } from './lease-status.ts';

/** `_id` is `part 7`, or `node` and the id of a live broker. `term`: how often a partition was taken. */
interface LeaseDocument {
  readonly _id: string;
  readonly holder: string | null;
  /** Changes with each renewal. It is never compared with a clock. */
  readonly until: Date;
  readonly term?: number;
  /** Only of a broker: the ids of its sessions with transactions. */
  readonly sessions?: readonly SessionId[];
}
type SessionId = NonNullable<ClientSession['id']>;

export interface PartitionLeases {
  readonly partitions: Partitions;
  /** Starts a session for transactions. Others can end it when this broker dies: the servers would keep its locks for a minute. */
  readonly startSession: () => Promise<ClientSession>;
  /** Whether a lease term is still current, checked within a transaction. */
  readonly isCurrent: (leaseTerm: LeaseTerm, session: ClientSession) => Promise<boolean>;
  /** Releases all leases, so that others need not wait for their expiry. */
  readonly close: () => Promise<void>;
}

export interface PartitionLeasesOptions {
  readonly client: MongoClient;
  readonly leases: Collection<LeaseDocument>;
  /** The id of the broker: a new one after each start. */
  readonly node: string;
  readonly observe: Observe;
}

const count = 16;
/** The length of a lease, by each broker's monotonic clock: wall clocks may jump. A dead broker is replaced after it and a heartbeat. */
const leaseMs = 5000;
const heartbeatMs = 1000;
/** The holder stops relying on a lease this long before others may take it: timers may fire late, and messages take time. */
const marginMs = 1000;
/** The maximum number of published sessions; the oldest are dropped. The driver reuses sessions. */
const sessionsMax = 1000;
const ids = Array.from({ length: count }, (_, part) => `part ${part}`);
const ends = { $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: leaseMs } };

interface LeaseState extends PartitionLeasesOptions {
  /** The partitions that are not free, in the order in which they were taken. Only `transition` changes it. */
  readonly parts: Map<number, PartState>;
  readonly listeners: Set<(part: number, event: PartitionEvent) => Promise<void>>;
  readonly lapseListeners: Set<() => void>;
  /** The leases by id, as last read, each with the local time since when it is unchanged. */
  seen: ReadonlyMap<string, Seen>;
  /** The running notifications, by partition. */
  readonly notifying: Map<number, Promise<void>>;
  readonly sessions: Map<string, SessionId>;
  /** Until when the held leases are valid, by the local monotonic clock, counted from before their renewal; 0: not valid. */
  deadlineMs: number;
  lapse: NodeJS.Timeout | undefined;
  isClosed: boolean;
}

interface PartState {
  readonly status: LeaseStatus;
  /** How often the partition was taken, up to when this broker took it. */
  readonly term: number;
}

interface Seen {
  readonly lease: LeaseDocument;
  readonly sinceMs: number;
}

/** Takes a fair share of the partitions before it returns, if others have left any. */
export async function openPartitionLeases(options: PartitionLeasesOptions): Promise<PartitionLeases> {
  const state: LeaseState = {
    ...options,
    parts: new Map(),
    listeners: new Set(),
    lapseListeners: new Set(),
    seen: new Map(),
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
      const lease = { _id: `part ${part}`, holder: state.node, term };
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
  const { parts, listeners, lapseListeners } = state;
  const leaseTerm = (part: number): LeaseTerm | undefined => {
    const known = performance.now() < state.deadlineMs ? parts.get(part) : undefined;
    return known?.status === 'held' ? { part, term: known.term } : undefined;
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
  const free = { holder: null, until: new Date(0) };
  await leases.bulkWrite(
    ids.map((_id) => ({ updateOne: { filter: { _id }, update: { $setOnInsert: free }, upsert: true } })),
    { ordered: false },
  );
}

/** Renews the broker's own lease and those it holds, then takes or releases partitions until it has its share. */
async function heartbeat(state: LeaseState): Promise<void> {
  if (state.isClosed) return;
  const beganMs = performance.now();
  try {
    await renew(state);
    relyUntil(beganMs + leaseMs - marginMs, state);
    await removeDeadBrokers(state);
    const nodes = [...state.seen.values()].filter(({ lease }) => isNode(lease));
    const share = Math.ceil(count / Math.max(1, nodes.length));
    releaseBeyond(share, state);
    await acquireUpTo(share, state);
  } catch (cause) {
    // The leases lapse at their deadline. They may still be ours when the database answers again.
    report(state, cause);
  }
}

/** Relies on the held leases until a time. Leases that had lapsed, and that nobody else has taken, count as gained again. */
function relyUntil(deadlineMs: number, state: LeaseState): void {
  const now = performance.now();
  const hasLapsed = now >= state.deadlineMs;
  // The renewal may have taken longer than the lease is valid.
  if (now >= deadlineMs) return;
  state.deadlineMs = deadlineMs;
  clearTimeout(state.lapse);
  tellLapseAtDeadline(state);
  if (hasLapsed) for (const part of partsWith('held', state)) void transition(state, { part, event: 'revived' });
}

/** A timer may fire slightly early, when the leases are still valid. In that case it is set again. */
function tellLapseAtDeadline(state: LeaseState): void {
  const leftMs = state.deadlineMs - performance.now();
  if (leftMs > 0) state.lapse = setTimeout(() => tellLapseAtDeadline(state), Math.ceil(leftMs));
  else tellLapse(state);
}

function tellLapse({ lapseListeners }: LeaseState): void {
  for (const listener of [...lapseListeners]) listener();
}

function report({ observe }: LeaseState, cause: unknown): void {
  // Other operations report that the database does not answer.
  if (!isUnavailable(cause)) observe({ kind: 'failed', where: 'store: leases', cause });
}

async function renew(state: LeaseState): Promise<void> {
  const { leases, node } = state;
  await renewNode(state);
  await leases.updateMany({ _id: { $in: ids }, holder: node }, [{ $set: { until: ends } }]);
  // Copied before the read: a lease may be released between the read and its result.
  const leaving = new Set(partsWith('leaving', state));
  const found = await leases.find().toArray();
  remember(state, found);
  const mine = found.filter((lease) => lease.holder === node && !isNode(lease));
  const terms = mine.map(({ _id, term = 0 }) => [ids.indexOf(_id), term] as const);
  settle(state, new Map(terms.filter(([part]) => !leaving.has(part))));
}

const isNode = ({ _id }: LeaseDocument): boolean => _id.startsWith('node ');

/** Remembers the leases as read, and since when each is unchanged. */
function remember(state: LeaseState, found: readonly LeaseDocument[]): void {
  const now = performance.now();
  const before = state.seen;
  state.seen = new Map(
    found.map((lease) => {
      const known = before.get(lease._id);
      const isSame = known?.lease.holder === lease.holder && known.lease.until.getTime() === lease.until.getTime();
      return [lease._id, { lease, sinceMs: isSame ? known.sinceMs : now }];
    }),
  );
}

/** True when a lease stayed unchanged for its whole length: its holder stopped relying on it some time before. */
const hasExpired = ({ sinceMs }: Seen): boolean => performance.now() - sinceMs >= leaseMs;
/** Matches a lease that nobody has renewed or taken since it was read. */
const asSeen = ({ lease: { _id, holder, until } }: Seen): Document => ({ _id, holder, until });

/** Applies the leases as read: some may be lost after a long pause, others may be ours without our knowledge after a lost reply. */
function settle(state: LeaseState, mine: ReadonlyMap<number, number>): void {
  const lost = partsWith('held', state).filter((part) => mine.get(part) !== state.parts.get(part)?.term);
  for (const part of lost) void transition(state, { part, event: 'missing' });
  // Listeners are told of the loss after this, because they wait for running work.
  if (lost.length > 0) tellLapse(state);
  for (const [part, term] of mine) void transition(state, { part, event: 'found', term });
}

const partsWith = (status: LeaseStatus, { parts }: LeaseState): readonly number[] =>
  [...parts.keys()].filter((part) => parts.get(part)?.status === status);

interface TransitionCause {
  readonly part: number;
  readonly event: LeaseEvent;
  /** The new term, when the lease is found. */
  readonly term?: number;
}

/** Applies an event to a partition. Ignores it when it means nothing there. Resolves when all listeners have dealt with it. */
function transition(state: LeaseState, { part, event, term }: TransitionCause): Promise<void> {
  const { parts } = state;
  const before: PartState = parts.get(part) ?? { status: 'free', term: 0 };
  const next = leaseTransitions[before.status][event];
  if (!next) return Promise.resolve();
  parts.delete(part);
  if (next.to !== 'free') parts.set(part, { status: next.to, term: term ?? before.term });
  return next.tell ? notify(state, part, next.tell) : Promise.resolve();
}

async function renewNode({ leases, node, sessions }: LeaseState): Promise<void> {
  const own = { holder: node, until: ends, sessions: [...sessions.values()] };
  await leases.updateOne({ _id: `node ${node}` }, [{ $set: own }], { upsert: true });
}

async function startSession(state: LeaseState): Promise<ClientSession> {
  const session = state.client.startSession();
  const { id } = session;
  const name = id?.id.toString('hex');
  if (!id || name === undefined || state.sessions.has(name)) return session;
  state.sessions.set(name, id);
  for (const oldest of state.sessions.keys()) if (state.sessions.size > sessionsMax) state.sessions.delete(oldest);
  await renewNode(state);
  return session;
}

/** Ends the open transactions of dead brokers. */
async function removeDeadBrokers(state: LeaseState): Promise<void> {
  const { leases, client, node, seen } = state;
  const dead = [...seen.values()].filter((one) => isNode(one.lease) && one.lease.holder !== node && hasExpired(one));
  if (dead.length === 0) return;
  const sessions = dead.flatMap(({ lease }) => lease.sessions ?? []);
  if (sessions.length > 0) await client.db('admin').command({ killSessions: sessions });
  await leases.deleteMany({ $or: dead.map(asSeen) });
  const gone = new Set(dead.map(({ lease }) => lease._id));
  state.seen = new Map([...seen].filter(([id]) => !gone.has(id)));
}

/** Running work may take long. Meanwhile all leases are renewed, including those being given up. */
function releaseBeyond(share: number, state: LeaseState): void {
  for (const part of partsWith('held', state).slice(share))
    release(state, part).catch((cause: unknown) => report(state, cause));
}

async function release(state: LeaseState, part: number): Promise<void> {
  const { leases, node } = state;
  try {
    await transition(state, { part, event: 'surplus' });
    await leases.updateOne({ _id: `part ${part}`, holder: node }, { $set: { holder: null } });
  } finally {
    void transition(state, { part, event: 'released' });
  }
}

async function acquireUpTo(share: number, state: LeaseState): Promise<void> {
  const { leases, node, parts, seen } = state;
  const taking = [{ $set: { holder: node, until: ends, term: { $add: [{ $ifNull: ['$term', 0] }, 1] } } }];
  for (const [part, id] of ids.entries()) {
    const one = seen.get(id);
    if (partsWith('held', state).length >= share) return;
    if (!one || parts.has(part) || !(one.lease.holder === null || hasExpired(one))) continue;
    const taken = await leases.findOneAndUpdate(asSeen(one), taking, { returnDocument: 'after' });
    if (taken) void transition(state, { part, event: 'found', term: taken.term ?? 0 });
  }
}

/** Sends the events of a partition in order. Leases do not wait for it: listeners may take long. */
function notify(state: LeaseState, part: number, event: PartitionEvent): Promise<void> {
  const { notifying } = state;
  const notified = (notifying.get(part) ?? Promise.resolve()).then(() => notifyAll(state, part, event));
  notifying.set(part, notified);
  return notified;
}

async function notifyAll({ listeners, observe }: LeaseState, part: number, event: PartitionEvent): Promise<void> {
  for (const listener of [...listeners]) {
    await listener(part, event).catch((cause: unknown) => observe({ kind: 'failed', where: `part ${part}`, cause }));
  }
}

async function giveBack({ leases, node }: LeaseState): Promise<void> {
  await leases.updateMany({ _id: { $in: ids }, holder: node }, { $set: { holder: null } });
  await leases.deleteOne({ _id: `node ${node}` });
}
