/** Stores at intervals the progress of all subscriptions, so that delivery resumes from there after a crash. */
import { performance } from 'node:perf_hooks';
import type { Observe } from '../../core/port/observe.ts';
import type { LeaseTerm } from '../../core/port/partitions.ts';
import type { Position, DocumentCollection } from '../../core/port/store.ts';
import {
  type CommonPosition,
  commonPositionDocument,
  createCommonPosition,
  readCommonPosition,
} from './common-position.ts';
import { type Progress, progressIn, progressJson } from './progress.ts';

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
  /** Stores nothing more. Resolves when nothing is being stored. */
  abandon(): Promise<void>;
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
const pauseMinMs = 100;
const pauseMaxMs = 1000;
/** The maximum number of documents of a partition per write. */
const batchSize = 200;

export function createProgressStore(options: ProgressStoreOptions): ProgressStore {
  const { collection } = options;
  const state: ProgressStoreState = { ...options, changed: new Map(), acquired: new Map() };
  const { touch, flush, written, abandon } = createWriteLoop(state);
  return {
    acquire: (leaseTerm, ids) => acquire(state, leaseTerm, ids),
    find: (id) => findProgress(collection, id, () => readCommonPosition(collection, options.partitionOf(id))),
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
      await written();
      if (isGone) await collection.delete(id);
    },
    release: (part) => void state.acquired.delete(part),
    flush,
    abandon,
  };
}

interface WriteLoop extends Pick<ProgressStore, 'touch' | 'flush' | 'abandon'> {
  /** Waits for the writes that have begun. */
  readonly written: () => Promise<void>;
}

/** Writes at intervals while there is something new. */
function createWriteLoop(state: ProgressStoreState): WriteLoop {
  let running = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let pauseMs = pauseMinMs;
  let isAbandoned = false;
  const writeDown = async (): Promise<void> => {
    if (isAbandoned) return;
    const beganMs = performance.now();
    await write(state);
    pauseMs = Math.min(pauseMaxMs, Math.max(pauseMinMs, 5 * (performance.now() - beganMs)));
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    running = running
      .then(writeDown)
      .catch((cause: unknown) => state.observe({ kind: 'failed', where: 'progress', cause }));
    return running;
  };
  return {
    flush,
    touch() {
      timer ??= setTimeout(() => void flush(), pauseMs);
    },
    written: () => running,
    abandon() {
      isAbandoned = true;
      return flush();
    },
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
  /** Undefined: not known yet. */
  common: CommonPosition | undefined;
}

async function acquire(
  { collection, acquired }: ProgressStoreState,
  leaseTerm: LeaseTerm,
  ids: () => Promise<readonly string[]>,
): Promise<boolean> {
  const { part, term } = leaseTerm;
  const known = acquired.get(part);
  if (known) return known.leaseTerm.term === term && known.isSole;
  const fresh: AcquiredPartition = { leaseTerm, isSole: collection.putFenced([], leaseTerm), common: undefined };
  acquired.set(part, fresh);
  fresh.isSole = fresh.isSole.then(async (isSole) => {
    const start = await readCommonPosition(collection, part);
    fresh.common = createCommonPosition(start, await ids());
    return isSole;
  });
  // A failed attempt is repeated by the next call.
  fresh.isSole.catch(() => acquired.get(part) === fresh && acquired.delete(part));
  return fresh.isSole;
}

async function resume(state: ProgressStoreState, id: string): Promise<Progress | undefined> {
  const start = state.acquired.get(state.partitionOf(id))?.common?.start ?? 0;
  const progress = await findProgress(state.collection, id, () => Promise.resolve(start));
  if (progress && !state.changed.has(id))
    state.changed.set(id, { id, progress: () => ({ ...progress, isCaughtUp: false }) });
  settle(state, id);
  return progress;
}

/** The subscription is marked or is not run. The common position need not wait for it. */
const settle = ({ acquired, partitionOf }: ProgressStoreState, id: string): void =>
  acquired.get(partitionOf(id))?.common?.settle(id);

/** Stores a consistent snapshot of all marked progress. */
async function write(state: ProgressStoreState): Promise<void> {
  const { changed, acquired, partitionOf } = state;
  const matched = state.position();
  const subjects = [...changed.values()];
  const documents = subjects.map((subject) => ({ key: subject.id, document: progressJson(subject.progress()) }));
  changed.clear();
  const ofPart = Map.groupBy(documents, ({ key }) => partitionOf(key));
  try {
    await Promise.all(
      [...acquired].map(([part, one]) => writePartition(state, one, [ofPart.get(part) ?? [], matched])),
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
  { leaseTerm, common }: AcquiredPartition,
  [documents, matched]: readonly [Parameters<DocumentCollection['putFenced']>[0], Position],
): Promise<void> {
  const next = common?.next(matched);
  const all = next === undefined ? documents : [...documents, commonPositionDocument(leaseTerm.part, next)];
  for (let at = 0; at < all.length; at += batchSize) {
    if (!(await collection.putFenced(all.slice(at, at + batchSize), leaseTerm))) return;
  }
  if (next !== undefined) common?.onStored(next);
}

async function findProgress(
  collection: DocumentCollection,
  id: string,
  common: () => Promise<Position>,
): Promise<Progress | undefined> {
  const progress = progressIn(await collection.get(id));
  if (!progress?.isCaughtUp) return progress;
  return { ...progress, position: Math.max(progress.position, await common()) };
}
