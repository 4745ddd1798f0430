/** Stores at intervals the progress of all subscriptions, so that delivery resumes from there after a crash. */
import { performance } from 'node:perf_hooks';
import type { Instant } from '../../core/model/instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';
import { statisticsIn, noStatistics, type DeliveryStatistics } from '../../core/model/subscription.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { LeaseTerm } from '../../core/port/partitions.ts';
import type { Position, DocumentCollection } from '../../core/port/store.ts';
import type { OpenNotification } from '../../core/subscription/queue.ts';

/** The progress of one subscription. */
export interface Progress {
  /** Everything up to this position is delivered or given up. */
  readonly position: Position;
  /** True when nothing waited. The subscription has then progressed as far as the tailer of its tenant. */
  readonly isCaughtUp: boolean;
  readonly statistics: DeliveryStatistics;
  /** When the subscription was created. Unknown in documents of older versions. */
  readonly madeAt?: Instant;
  /** For a subscription that ended with open notifications: how far the log was matched, and which notifications are open. */
  readonly seen?: Position;
  readonly open?: readonly OpenNotification[];
  /** The position of the last change that was delivered. */
  readonly told?: Position;
  /** Why the last failed attempt failed. */
  readonly lastReason?: string;
  /** When the next notification at an interval is due. */
  readonly dueAt?: Instant;
}

/** A subscription whose progress is stored. */
export interface ProgressSource {
  readonly id: string;
  progress(): Progress;
}

export interface ProgressStore {
  /**
   * Call this before anything of a partition is resumed. Afterwards no earlier holder of the partition can store progress. `ids` returns
   * all subscriptions that will be resumed. Returns false when another broker holds the lease, or when this broker still runs the partition
   * under an older lease, until `release`.
   */
  acquire(leaseTerm: LeaseTerm, ids: () => Promise<readonly string[]>): Promise<boolean>;
  /** The stored progress, advanced to the common position if the subscription had caught up. Undefined: nothing is stored. */
  find(id: string): Promise<Progress | undefined>;
  /**
   * As `find`, for a subscription that now resumes. The common position of the partition is not stored again until all subscriptions were
   * resumed or dropped, because it is the only record of the progress of those that had caught up.
   */
  resume(id: string): Promise<Progress | undefined>;
  /** Marks a subscription whose progress must be stored. */
  mark(subject: ProgressSource): void;
  /** The common position has advanced. */
  touch(): void;
  /** Stops storing the progress of a subscription. `isGone`: also deletes what was stored. */
  drop(id: string, isGone: boolean): Promise<void>;
  /** No subscription of the partition runs here any more. Nothing more is stored for it. */
  release(part: number): void;
  /** Stores everything new at once. */
  flush(): Promise<void>;
}

export interface ProgressStoreOptions {
  readonly collection: DocumentCollection;
  /** The partition of a subscription. Subscriptions of a partition share its common position. */
  readonly partitionOf: (id: string) => number;
  /** How far the log was matched for subscriptions that have caught up. */
  readonly position: () => Position;
  readonly observe: Observe;
}

/** The delay between two writes: five times the duration of the last one, within these bounds. */
const leastPauseMs = 100;
const mostPauseMs = 1000;
/** Most documents of a partition per write. */
const bundle = 200;
/** The key of the common position of a partition. Subscription ids contain a colon, so they never collide with it. */
const common = (part: number): string => (part === 0 ? 'log' : `log ${part}`);

export function createProgressStore(options: ProgressStoreOptions): ProgressStore {
  const { collection, observe } = options;
  const state: ProgressStoreState = { ...options, changed: new Map(), acquired: new Map() };
  let running = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let pauseMs = leastPauseMs;
  const writeDown = async (): Promise<void> => {
    const beganMs = performance.now();
    await write(state);
    pauseMs = Math.min(mostPauseMs, Math.max(leastPauseMs, 5 * (performance.now() - beganMs)));
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    running = running.then(writeDown).catch((cause: unknown) => observe({ kind: 'failed', where: 'ledger', cause }));
    return running;
  };
  const touch = (): void => {
    timer ??= setTimeout(() => void flush(), pauseMs);
  };
  return {
    acquire: (leaseTerm, ids) => acquire(state, leaseTerm, ids),
    find: (id) => findProgress(options, id, () => commonPosition(collection, options.partitionOf(id))),
    resume: (id) => resume(state, id).finally(touch),
    mark(subject) {
      state.changed.set(subject.id, subject);
      settle(state, subject.id);
      touch();
    },
    touch,
    async drop(id, isGone) {
      settle(state, id);
      state.changed.delete(id);
      await running;
      if (isGone) await collection.delete(id);
    },
    release: (part) => void state.acquired.delete(part),
    flush,
  };
}

interface ProgressStoreState extends ProgressStoreOptions {
  readonly changed: Map<string, ProgressSource>;
  readonly acquired: Map<number, AcquiredPartition>;
}

/** A partition that this broker runs. */
interface AcquiredPartition {
  readonly leaseTerm: LeaseTerm;
  /** Whether the lease was valid, so that no other broker stores progress any more. */
  isSole: Promise<boolean>;
  /** The common position that the earlier holder stored. */
  left: Position;
  /** Subscriptions that were not resumed yet. Undefined: not known yet. */
  awaited: Set<string> | undefined;
  /** The last common position that was stored. */
  written: Position;
}

async function acquire(
  { collection, acquired }: ProgressStoreState,
  leaseTerm: LeaseTerm,
  ids: () => Promise<readonly string[]>,
): Promise<boolean> {
  const { part, term } = leaseTerm;
  const known = acquired.get(part);
  if (known) return known.leaseTerm.term === term && known.isSole;
  const fresh: AcquiredPartition = {
    leaseTerm,
    isSole: collection.putFenced([], leaseTerm),
    left: 0,
    awaited: undefined,
    written: -1,
  };
  acquired.set(part, fresh);
  fresh.isSole = fresh.isSole.then(async (isSole) => {
    fresh.left = await commonPosition(collection, part);
    fresh.awaited = new Set(await ids());
    return isSole;
  });
  // A failed attempt is repeated by the next call.
  fresh.isSole.catch(() => acquired.get(part) === fresh && acquired.delete(part));
  return fresh.isSole;
}

async function resume(state: ProgressStoreState, id: string): Promise<Progress | undefined> {
  const left = state.acquired.get(state.partitionOf(id))?.left ?? 0;
  const progress = await findProgress(state, id, () => Promise.resolve(left));
  if (progress && !state.changed.has(id))
    state.changed.set(id, { id, progress: () => ({ ...progress, isCaughtUp: false }) });
  settle(state, id);
  return progress;
}

/** The subscription is marked or is not run. The common position need not wait for it. */
const settle = ({ acquired, partitionOf }: ProgressStoreState, id: string): void =>
  void acquired.get(partitionOf(id))?.awaited?.delete(id);

/** Stores a consistent snapshot of all marked progress. */
async function write(state: ProgressStoreState): Promise<void> {
  const { changed, acquired, partitionOf } = state;
  const reached = state.position();
  const subjects = [...changed.values()];
  const documents = subjects.map((subject) => ({ key: subject.id, document: progressJson(subject.progress()) }));
  changed.clear();
  const ofPart = Map.groupBy(documents, ({ key }) => partitionOf(key));
  try {
    await Promise.all(
      [...acquired].map(([part, one]) => writePartition(state, one, [ofPart.get(part) ?? [], reached])),
    );
  } catch (cause) {
    for (const subject of subjects) if (!changed.has(subject.id)) changed.set(subject.id, subject);
    throw cause;
  }
}

/**
 * Stores the common position last. A subscription that had something waiting at the snapshot is then already stored as such, and is never
 * taken for further than it is.
 */
async function writePartition(
  { collection }: ProgressStoreState,
  acquired: AcquiredPartition,
  [documents, reached]: readonly [Parameters<DocumentCollection['putFenced']>[0], Position],
): Promise<void> {
  const { leaseTerm, awaited, written } = acquired;
  const isNew = awaited?.size === 0 && written !== reached;
  const all = isNew ? [...documents, { key: common(leaseTerm.part), document: { position: reached } }] : documents;
  for (let at = 0; at < all.length; at += bundle) {
    if (!(await collection.putFenced(all.slice(at, at + bundle), leaseTerm))) return;
  }
  if (isNew) acquired.written = reached;
}

const progressJson = ({ statistics, open, ...rest }: Progress): Json => ({
  ...rest,
  account: { ...statistics },
  ...(open ? { open: open.map(({ position, entity }) => [position, entity]) } : undefined),
});

/** The open notifications. Undefined when they are unknown: everything after the position then counts as open. */
function openIn(json: Json | undefined): readonly OpenNotification[] | undefined {
  if (!isArray(json)) return undefined;
  const open = json.flatMap((one): readonly OpenNotification[] => {
    const [position, entity] = isArray(one) ? one : [];
    return typeof position === 'number' && typeof entity === 'string' ? [{ position, entity }] : [];
  });
  return open.length === json.length ? open : undefined;
}

async function findProgress(
  { collection }: ProgressStoreOptions,
  id: string,
  shared: () => Promise<Position>,
): Promise<Progress | undefined> {
  const json = await collection.get(id);
  if (!isObject(json)) return undefined;
  const { position, isCaughtUp, account } = json;
  const reached = typeof position === 'number' ? position : 0;
  return {
    ...progressRestIn(json),
    position: isCaughtUp === true ? Math.max(reached, await shared()) : reached,
    isCaughtUp: isCaughtUp === true,
    statistics: isObject(account) ? statisticsIn(account) : noStatistics,
  };
}

/** The optional members. */
function progressRestIn({
  told,
  lastReason,
  dueAt,
  madeAt,
  seen,
  open: openJson,
}: JsonObject): Omit<Progress, 'position' | 'isCaughtUp' | 'statistics'> {
  const open = openIn(openJson);
  return {
    ...(typeof madeAt === 'string' ? { madeAt } : undefined),
    ...(typeof seen === 'number' && open ? { seen, open } : undefined),
    ...(typeof told === 'number' ? { told } : undefined),
    ...(typeof lastReason === 'string' ? { lastReason } : undefined),
    ...(typeof dueAt === 'string' ? { dueAt } : undefined),
  };
}

async function commonPosition(collection: DocumentCollection, part: number): Promise<Position> {
  const json = await collection.get(common(part));
  const position = isObject(json) ? json['position'] : undefined;
  return typeof position === 'number' ? position : 0;
}
