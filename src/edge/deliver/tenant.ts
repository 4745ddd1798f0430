/** Runs the subscriptions of one tenant. Each active subscription has a runner. */
import { Problem } from '../../core/model/problem.ts';
import {
  noStatistics,
  type DeliveryStatistics,
  type SubscriptionDocument,
  statusOf,
  subscriptionIn,
} from '../../core/model/subscription.ts';
import type { Store } from '../../core/port/store.ts';
import { type Explanation, subscriptionCollection } from '../../core/port/subscriptions.ts';
import { shareLog } from '../../core/subscription/shared-log.ts';
import { createChangeRenderer } from '../../core/subscription/notification.ts';
import { deadLetterCollection, discardLetters } from '../../core/port/dead-letters.ts';
import { isFetched } from '../../core/subscription/read-endpoint.ts';
import { type PartitionEvent, partitionOf, type LeaseTerm } from '../../core/port/partitions.ts';
import { epochOf } from '../../core/port/position.ts';
import type { StoredPlan } from '../../core/subscription/read-stored.ts';
import { type ExplainTarget, explain } from './explain.ts';
import { createConsumer } from './consumer.ts';
import { openLogTailer } from './log-tailer.ts';
import type { Progress } from './progress.ts';
import { createProgressStore } from './progress-store.ts';
import type { EndpointScheduler } from './endpoint-scheduler.ts';
import { createReplay, type Replay } from './replay.ts';
import type { SubscriptionRunner } from './runner.ts';
import type { DeliveryWorld, DeliveryEnvironment } from './environment.ts';
import { createIntervalNotifier } from './interval-notifier.ts';

export interface Tenant {
  /** Puts the stored document of this id into effect. The previous runner starts nothing more from now on. */
  refresh(id: string): void;
  /** Calls `refresh` for all subscriptions. */
  refreshAll(): void;
  /** The delivery statistics of a subscription. */
  statistics(document: SubscriptionDocument): Promise<DeliveryStatistics>;
  /** Starts to send dead letters of a subscription again, by their keys. */
  replay(document: SubscriptionDocument, keys: readonly string[]): Promise<void>;
  /** Explains why an entity is notified or not. */
  explain(document: SubscriptionDocument, about: ExplainTarget): Promise<Explanation>;
  /** Starts nothing more. Resolves when everything in flight has ended. */
  end(): Promise<void>;
  /** Stores all progress. */
  close(): Promise<void>;
}

export interface TenantOptions {
  readonly tenant: string;
  readonly store: Store;
  readonly world: DeliveryWorld;
  readonly scheduler: EndpointScheduler;
  readonly attemptsMax: number;
  readonly deadLettersMax: number;
  /** Parses a document. Throws a Problem when the subscription cannot run, or cannot run now. */
  readonly read: (document: SubscriptionDocument) => Promise<StoredPlan>;
  /** Milliseconds of a monotonic clock. */
  readonly nowMs: () => number;
  /** A random number from 0 to 1. */
  readonly chance: () => number;
  /** Another broker on the same store has created, changed or deleted a subscription. */
  readonly changedElsewhere: (id: string) => void;
}

/** The collection of the progress of subscriptions, by id. */
const progressCollection = 'deliveries';
/** The delay before a subscription is read again after a failure, by type of Problem. */
const retryMs = { LdContextNotAvailable: 10_000, Unavailable: 1000 };

interface TenantState extends TenantOptions {
  readonly env: DeliveryEnvironment;
  /** By id. A runner that has ended stays until another replaces it, because it knows its progress. */
  readonly runners: Map<string, SubscriptionRunner>;
  /** Replays of dead letters, by id of the subscription in its current version. */
  readonly replays: Map<string, Promise<Replay>>;
  /** Running work by subscription id: one piece of work after the other. */
  readonly turns: Map<string, Promise<void>>;
  readonly timers: Set<NodeJS.Timeout>;
  /** Partitions that were released to other brokers, or are about to be. Nothing of them starts here. */
  readonly releasedPartitions: Set<number>;
  isEnded: boolean;
}

export async function openTenant(options: TenantOptions): Promise<Tenant> {
  const env = await openEnvironment(options);
  const state: TenantState = {
    ...options,
    env,
    runners: new Map(),
    replays: new Map(),
    turns: new Map(),
    timers: new Set(),
    releasedPartitions: new Set(),
    isEnded: false,
  };
  const { store, world } = options;
  const unfollow = [
    world.stores.partitions.follow((part, event) => onPartitionEvent(state, part, event)),
    store.collection(subscriptionCollection).follow((key) => refreshChanged(state, key)),
  ];
  for (const key of await store.collection(subscriptionCollection).keys()) refresh(state, key);
  return {
    refresh: (id) => refresh(state, id),
    refreshAll: () => void forAll(state, (id) => refresh(state, id)),
    statistics: async (document) => (await progressIn(state, document))?.statistics ?? noStatistics,
    explain: async (document, about) =>
      explain(about, {
        document,
        stored: await state.read(document).catch(problemIn),
        env,
        progress: await progressIn(state, document),
        runner: state.runners.get(document.id),
      }),
    replay: (document, keys) => replay(state, document, keys),
    end: () => {
      for (const stop of unfollow) stop();
      return end(state);
    },
    close: () => env.progressStore.flush(),
  };
}

/** Returns a Problem as a value and throws any other error. */
function problemIn(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}

async function end(state: TenantState): Promise<void> {
  state.isEnded = true;
  for (const timer of state.timers) clearTimeout(timer);
  await Promise.all([
    state.env.tailer.stop(),
    ...state.turns.values(),
    ...[...state.runners.values()].map((runner) => runner.end()),
    ...[...state.replays.keys()].map((id) => endReplay(state, id)),
  ]);
}

/** The partition that a subscription belongs to. */
const partitionIn = ({ tenant, world }: Pick<TenantState, 'tenant' | 'world'>, id: string): number =>
  partitionOf(`${tenant} ${id}`, world.stores.partitions.count);

/** The lease under which this broker runs a subscription. Undefined: this broker must not run it. */
const leaseTermOf = (state: TenantState, id: string): LeaseTerm | undefined => {
  const part = partitionIn(state, id);
  return state.releasedPartitions.has(part) ? undefined : state.world.stores.partitions.leaseTerm(part);
};

/** Refreshes a subscription that another broker has changed. Undefined: any of them may have changed. */
function refreshChanged(state: TenantState, key: string | undefined): void {
  const take = (id: string): void => {
    refresh(state, id);
    state.changedElsewhere(id);
  };
  if (key === undefined) void forAll(state, take);
  else take(key);
}

/** Calls `act` for each subscription that exists or has a runner. Retries later when the store is unavailable. */
async function forAll(state: TenantState, act: (id: string) => void): Promise<void> {
  const { store, runners, world } = state;
  try {
    const keys = await store.collection(subscriptionCollection).keys();
    for (const id of new Set([...keys, ...runners.keys()])) act(id);
  } catch (cause) {
    world.observe({ kind: 'failed', where: 'subscriptions', cause });
    later(state, retryMs.Unavailable, () => void forAll(state, act));
  }
}

/** Takes over a partition, or releases it to another broker, which resumes from the stored progress. */
async function onPartitionEvent(state: TenantState, part: number, event: PartitionEvent): Promise<void> {
  const { runners, turns, env } = state;
  const isOfPart = (id: string): boolean => partitionIn(state, id) === part;
  if (event === 'gained') {
    state.releasedPartitions.delete(part);
    await forAll(state, (id) => {
      if (isOfPart(id)) refresh(state, id);
    });
    return;
  }
  state.releasedPartitions.add(part);
  await Promise.all([...turns].filter(([id]) => isOfPart(id)).map(([, turn]) => turn));
  const leaving = [...runners].filter(([id]) => isOfPart(id));
  // Messages in flight under a lease that has ended were abandoned already.
  await Promise.all(leaving.map(([, runner]) => runner.end()));
  for (const [id, runner] of leaving) {
    runners.delete(id);
    // A lost partition, and its stored progress, belong to another broker.
    if (event === 'leaving') env.progressStore.mark(runner);
    else await env.progressStore.drop(id, false);
  }
  if (event === 'leaving') await env.progressStore.flush();
  env.progressStore.release(part);
}

/** The progress of a subscription, whether it runs or not. */
const progressIn = async (
  { runners, env }: TenantState,
  document: SubscriptionDocument,
): Promise<Progress | undefined> =>
  ownOf(document, runners.get(document.id)?.progress() ?? (await env.progressStore.find(document.id)));

/** The progress, unless it belongs to a deleted subscription of the same id. */
const ownOf = ({ createdAt }: SubscriptionDocument, progress: Progress | undefined): Progress | undefined =>
  (progress?.madeAt ?? createdAt) === createdAt ? progress : undefined;

async function openEnvironment({
  read: _read,
  changedElsewhere: _changed,
  ...shared
}: TenantOptions): Promise<DeliveryEnvironment> {
  const { tenant, store, world } = shared;
  const epoch = await epochOf(store, world.ids);
  const log = shareLog(store.log);
  const tailer = await openLogTailer({ log, world, moved: () => progressStore.touch() });
  const progressStore = createProgressStore({
    collection: store.collection(progressCollection),
    partitionOf: (id) => partitionIn({ tenant, world }, id),
    position: tailer.matchedTo,
    observe: world.observe,
  });
  return { ...shared, log, epoch, tailer, progressStore, renderer: createChangeRenderer() };
}

function refresh(state: TenantState, id: string): void {
  const { runners, turns, world } = state;
  const ended = Promise.all([runners.get(id)?.end(), endReplay(state, id)]);
  const before = turns.get(id) ?? Promise.resolve();
  const turn: Promise<void> = before
    .then(() => ended)
    .then(() => replace(state, id, () => turns.get(id) === turn))
    .catch((cause: unknown) => {
      world.observe({ kind: 'failed', where: 'subscription', about: id, cause });
      if (!(cause instanceof Problem)) return;
      const { type } = cause;
      if (type === 'LdContextNotAvailable' || type === 'Unavailable')
        later(state, retryMs[type], () => refresh(state, id));
    })
    .finally(() => {
      if (turns.get(id) === turn) turns.delete(id);
    });
  turns.set(id, turn);
}

function later({ timers, isEnded }: TenantState, waitMs: number, act: () => void): void {
  if (isEnded) return;
  const timer = setTimeout(() => {
    timers.delete(timer);
    act();
  }, waitMs);
  timers.add(timer);
}

/** Replaces the runner, which has ended, by one for the current document, unless a later turn will do that. */
async function replace(state: TenantState, id: string, isLatest: () => boolean): Promise<void> {
  const { store, runners, world } = state;
  const old = runners.get(id);
  // An earlier turn may have installed a runner since this turn was requested.
  await old?.end();
  const json = await store.collection(subscriptionCollection).get(id);
  if (json === undefined) {
    await forget(state, id);
    return;
  }
  const document = subscriptionIn(json);
  // The subscription was deleted and created again with the same id before its runner was removed.
  if (old && !ownOf(document, old.progress())) await forget(state, id);
  const leaseTerm = await enter(state, id);
  // The ended runner stays: it knows its progress, in case the lease is valid again.
  if (!leaseTerm) return;
  const progress = await resume(state, document);
  if (state.isEnded || statusOf(document, world.clock.now()) !== 'active') return;
  const runner = await runnerOf(state, document, { progress, leaseTerm });
  // Any change since the document was read has its own turn.
  if (runner && isLatest()) install(state, runner);
}

function install({ runners, isEnded }: TenantState, runner: SubscriptionRunner): void {
  runners.set(runner.id, runner);
  if (!isEnded) runner.start();
}

/**
 * The lease under which this broker may run the subscription, after no other broker can store its progress any more. Undefined: this broker
 * must not run it.
 */
async function enter(state: TenantState, id: string): Promise<LeaseTerm | undefined> {
  const leaseTerm = leaseTermOf(state, id);
  const ids = (): Promise<readonly string[]> => idsOfPartition(state, partitionIn(state, id));
  return leaseTerm && (await state.env.progressStore.acquire(leaseTerm, ids)) ? leaseTerm : undefined;
}

/** The progress to resume from. */
async function resume({ runners, env }: TenantState, document: SubscriptionDocument): Promise<Progress | undefined> {
  const old = runners.get(document.id);
  if (old) env.progressStore.mark(old);
  return ownOf(document, old?.progress() ?? (await env.progressStore.resume(document.id)));
}

/** Deletes everything of a deleted subscription. */
async function forget({ store, env, runners }: TenantState, id: string): Promise<void> {
  runners.delete(id);
  await env.progressStore.drop(id, true);
  await discardLetters(store.collection(deadLetterCollection(id)));
}

const idsOfPartition = async (state: TenantState, part: number): Promise<readonly string[]> =>
  (await state.store.collection(subscriptionCollection).keys()).filter((id) => partitionIn(state, id) === part);

/** The runner of a subscription. Undefined when nothing is to be done here. */
async function runnerOf(
  state: TenantState,
  document: SubscriptionDocument,
  { progress, leaseTerm }: { readonly progress: Progress | undefined; readonly leaseTerm: LeaseTerm },
): Promise<SubscriptionRunner | undefined> {
  const { env, read } = state;
  const { id, createdAt: madeAt } = document;
  const stored = await read(document);
  const { partitions } = state.world.stores;
  const isOurs = (): boolean => partitions.leaseTerm(leaseTerm.part)?.term === leaseTerm.term;
  if (isFetched(stored.endpoint) || state.releasedPartitions.has(leaseTerm.part) || !isOurs()) return undefined;
  const options = { id, stored, progress: startOf(document, progress), env, madeAt, isOurs };
  const { intervalMs } = stored;
  return intervalMs === undefined
    ? createConsumer(options)
    : createIntervalNotifier({ ...options, intervalMs, since: document.modifiedAt });
}

/** Where a subscription starts or resumes. Changes before `since` do not concern it. */
function startOf({ since, createdAt: madeAt }: SubscriptionDocument, progress: Progress | undefined): Progress {
  const { position = since, statistics: statistics = noStatistics, seen = position, open = [] } = progress ?? {};
  return {
    ...progress,
    statistics,
    madeAt,
    position: Math.max(since, position),
    seen: Math.max(since, seen),
    open: open.filter((one) => one.position > since),
    isCaughtUp: false,
  };
}

async function replay(state: TenantState, document: SubscriptionDocument, keys: readonly string[]): Promise<void> {
  const { replays, env, read } = state;
  if (state.isEnded) return;
  const { id } = document;
  const known = replays.get(id) ?? read(document).then((stored) => createReplay({ id, stored, env }));
  replays.set(id, known);
  // A subscription that cannot be parsed now may be later.
  known.catch(() => replays.delete(id));
  (await known).add(keys);
}

async function endReplay({ replays }: TenantState, id: string): Promise<void> {
  const known = replays.get(id);
  replays.delete(id);
  await known?.then(
    (one) => one.end(),
    () => undefined,
  );
}
