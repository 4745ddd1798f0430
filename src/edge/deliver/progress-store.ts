/** Writes down how far subscriptions have come, now and then, so that delivery goes on from there after a crash. */
import { performance } from 'node:perf_hooks';
import type { Instant } from '../../core/model/instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';
import { statisticsIn, noStatistics, type DeliveryStatistics } from '../../core/model/subscription.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { LeaseTerm } from '../../core/port/partitions.ts';
import type { Position, DocumentCollection } from '../../core/port/store.ts';
import type { OpenNotification } from '../../core/subscription/queue.ts';

/** How far one subscription has come. */
export interface Progress {
  /** What concerned it up to here is delivered or given up. */
  readonly position: Position;
  /** True when nothing waited: it has then come as far as its tenant's log was read. */
  readonly isCaughtUp: boolean;
  readonly statistics: DeliveryStatistics;
  /** When the subscription was created that has come so far; unknown where an older version wrote it down. */
  readonly madeAt?: Instant;
  /** Of one that has ended with something open: how far the log was looked through, and what of it is open. */
  readonly seen?: Position;
  readonly open?: readonly OpenNotification[];
  /** The change that was told last. */
  readonly told?: Position;
  /** Why the last attempt failed that did. */
  readonly lastReason?: string;
  /** When the next notification by the clock is due. */
  readonly dueAt?: Instant;
}

/** Whoever's progress is written down. */
export interface ProgressSource {
  readonly id: string;
  progress(): Progress;
}

export interface ProgressStore {
  /**
   * To be called before anything of a part is resumed: from then on nobody who had the part before writes down anything. `ids`
   * answers all who are to be resumed. False when the part is another broker's by now, or is carried out here under an older tenure
   * until `leave`.
   */
  acquire(leaseTerm: LeaseTerm, ids: () => Promise<readonly string[]>): Promise<boolean>;
  /** What was written down of a subscription, as far as it can have come since; undefined: nothing. */
  find(id: string): Promise<Progress | undefined>;
  /**
   * The same, to be gone on with. The common position of the part stays where it is until all have been resumed or dropped: to
   * whoever had caught up before, it is all that says how far.
   */
  resume(id: string): Promise<Progress | undefined>;
  /** There is something new to be written down. */
  mark(subject: ProgressSource): void;
  /** The common position has moved. */
  touch(): void;
  /** It is not to be written down any more; what was is forgotten when `isGone`. */
  drop(id: string, isGone: boolean): Promise<void>;
  /** Nobody of a part is here any more: what is written down of it is no longer ours to write. */
  release(part: number): void;
  /** Writes down what is new, at once. */
  flush(): Promise<void>;
}

export interface ProgressStoreOptions {
  readonly collection: DocumentCollection;
  /** The part of all work to which a subscription belongs: its common position is that of its part. */
  readonly partitionOf: (id: string) => number;
  /** How far the tenant's log was read for those who have caught up. */
  readonly position: () => Position;
  readonly observe: Observe;
}

/** Time between two writings: five times what the last one took, within these bounds. */
const leastPauseMs = 100;
const mostPauseMs = 1000;
/** Documents of a part that are written at a time. */
const bundle = 200;
/** The key of the position of all of a part who have caught up. No id of a subscription is without a colon. */
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

/** A part that is carried out here. */
interface AcquiredPartition {
  readonly leaseTerm: LeaseTerm;
  /** Whether nobody else writes any more. */
  isSole: Promise<boolean>;
  /** The common position as those before left it. */
  left: Position;
  /** Those who have not been resumed; undefined: nobody has. */
  awaited: Set<string> | undefined;
  /** The common position that was written last. */
  written: Position;
}

async function acquire(
  { collection, acquired: entered }: ProgressStoreState,
  leaseTerm: LeaseTerm,
  ids: () => Promise<readonly string[]>,
): Promise<boolean> {
  const { part, term } = leaseTerm;
  const known = entered.get(part);
  if (known) return known.leaseTerm.term === term && known.isSole;
  const fresh: AcquiredPartition = {
    leaseTerm,
    isSole: collection.putFenced([], leaseTerm),
    left: 0,
    awaited: undefined,
    written: -1,
  };
  entered.set(part, fresh);
  fresh.isSole = fresh.isSole.then(async (isSole) => {
    fresh.left = await commonPosition(collection, part);
    fresh.awaited = new Set(await ids());
    return isSole;
  });
  // One that failed is tried again by the next.
  fresh.isSole.catch(() => entered.get(part) === fresh && entered.delete(part));
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

/** A subscription is among the news, or is not to be carried out: the common position need not wait for it. */
const settle = ({ acquired: entered, partitionOf: partOf }: ProgressStoreState, id: string): void =>
  void entered.get(partOf(id))?.awaited?.delete(id);

/** All taken down in one moment. */
async function write(state: ProgressStoreState): Promise<void> {
  const { changed: news, acquired: entered, partitionOf: partOf } = state;
  const reached = state.position();
  const subjects = [...news.values()];
  const documents = subjects.map((subject) => ({ key: subject.id, document: progressJson(subject.progress()) }));
  news.clear();
  const ofPart = Map.groupBy(documents, ({ key }) => partOf(key));
  try {
    await Promise.all([...entered].map(([part, one]) => writePartition(state, one, [ofPart.get(part) ?? [], reached])));
  } catch (cause) {
    for (const subject of subjects) if (!news.has(subject.id)) news.set(subject.id, subject);
    throw cause;
  }
}

/**
 * The common position comes last: whoever had something waiting then is known to have, so that nobody is thought to have come
 * further than it has.
 */
async function writePartition(
  { collection }: ProgressStoreState,
  entered: AcquiredPartition,
  [documents, reached]: readonly [Parameters<DocumentCollection['putFenced']>[0], Position],
): Promise<void> {
  const { leaseTerm, awaited, written } = entered;
  const isNew = awaited?.size === 0 && written !== reached;
  const all = isNew ? [...documents, { key: common(leaseTerm.part), document: { position: reached } }] : documents;
  for (let at = 0; at < all.length; at += bundle) {
    if (!(await collection.putFenced(all.slice(at, at + bundle), leaseTerm))) return;
  }
  if (isNew) entered.written = reached;
}

const progressJson = ({ statistics, open, ...rest }: Progress): Json => ({
  ...rest,
  account: { ...statistics },
  ...(open ? { open: open.map(({ position, entity }) => [position, entity]) } : undefined),
});

/** What was open; undefined when it is not known, so that all behind the position counts as open. */
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

/** What there is not always. */
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
