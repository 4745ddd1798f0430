/** Carries out the subscriptions of one tenant: each that is active has a runner. */
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
import { createProgressStore, type Progress } from './progress-store.ts';
import type { EndpointScheduler } from './endpoint-scheduler.ts';
import { createReplay, type Replay } from './replay.ts';
import type { SubscriptionRunner } from './runner.ts';
import type { DeliveryWorld, DeliveryEnvironment } from './environment.ts';
import { createIntervalNotifier } from './interval-notifier.ts';

export interface Tenant {
  /** Puts into force what stands on the shelf under an id. What was in force before begins nothing more from now on. */
  refresh(id: string): void;
  /** The same for all subscriptions. */
  refreshAll(): void;
  /** What came of a subscription. */
  statistics(document: SubscriptionDocument): Promise<DeliveryStatistics>;
  /** Begins to send dead letters of a subscription again, by their keys. */
  replay(document: SubscriptionDocument, keys: readonly string[]): Promise<void>;
  /** Why notifications of an entity come, or do not. */
  explain(document: SubscriptionDocument, about: ExplainTarget): Promise<Explanation>;
  /** Begins nothing more; resolves when what was under way has ended. */
  end(): Promise<void>;
  /** Writes down how far all have come. */
  close(): Promise<void>;
}

export interface TenantOptions {
  readonly tenant: string;
  readonly store: Store;
  readonly world: DeliveryWorld;
  readonly scheduler: EndpointScheduler;
  readonly attemptsMax: number;
  readonly deadLettersMax: number;
  /** Reads a document. Throws a Problem when it cannot be carried out, or not now. */
  readonly read: (document: SubscriptionDocument) => Promise<StoredPlan>;
  /** Milliseconds of a clock that is never set. */
  readonly nowMs: () => number;
  /** A random number from 0 to 1. */
  readonly chance: () => number;
  /** Another broker on the same store has put, changed or deleted a subscription. */
  readonly changedElsewhere: (id: string) => void;
}

/** The shelf on which it is kept how far subscriptions have come, by id. */
const progressCollection = 'deliveries';
/** How long to wait before a subscription is read again that could not be: because of an @context, or of the store. */
const retryMs = { LdContextNotAvailable: 10_000, Unavailable: 1000 };

interface TenantState extends TenantOptions {
  readonly env: DeliveryEnvironment;
  /** By id. One that has ended stays until another takes its place: it knows how far it came. */
  readonly runners: Map<string, SubscriptionRunner>;
  /** Replays of dead letters, by subscription as it is now. */
  readonly replays: Map<string, Promise<Replay>>;
  /** What is being done about a subscription: one thing after the other. */
  readonly turns: Map<string, Promise<void>>;
  readonly timers: Set<NodeJS.Timeout>;
  /** Parts that are left to others, or about to be: nothing of them begins here. */
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

/** A problem as a value; any other error is thrown on. */
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

/** The part of all brokers' work to which a subscription belongs. */
const partitionIn = ({ tenant, world }: Pick<TenantState, 'tenant' | 'world'>, id: string): number =>
  partitionOf(`${tenant} ${id}`, world.stores.partitions.count);

/** The tenure under which a subscription is this broker's to carry out; undefined: it is not. */
const leaseTermOf = (state: TenantState, id: string): LeaseTerm | undefined => {
  const part = partitionIn(state, id);
  return state.releasedPartitions.has(part) ? undefined : state.world.stores.partitions.leaseTerm(part);
};

/** Puts into force what another broker has changed: a subscription, or any of them. */
function refreshChanged(state: TenantState, key: string | undefined): void {
  const take = (id: string): void => {
    refresh(state, id);
    state.changedElsewhere(id);
  };
  if (key === undefined) void forAll(state, take);
  else take(key);
}

/** Does something for each subscription that is there, or was: later, when the store cannot be asked now. */
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

/** Takes over a part, or leaves it to another broker, which goes on where this one has written down that it was. */
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
  // What was under way under a tenure that has ended is given up already.
  await Promise.all(leaving.map(([, runner]) => runner.end()));
  for (const [id, runner] of leaving) {
    runners.delete(id);
    // What was lost is another's by now, and so is what is written down of it.
    if (event === 'leaving') env.progressStore.mark(runner);
    else await env.progressStore.drop(id, false);
  }
  if (event === 'leaving') await env.progressStore.flush();
  env.progressStore.release(part);
}

/** How far a subscription has come, be it carried out now or not. */
const progressIn = async (
  { runners, env }: TenantState,
  document: SubscriptionDocument,
): Promise<Progress | undefined> =>
  ownOf(document, runners.get(document.id)?.progress() ?? (await env.progressStore.find(document.id)));

/** The progress, unless it is that of a deleted subscription of the same id. */
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

/** Puts the present document in the place of what was there, which has ended; unless another turn is to do that by now. */
async function replace(state: TenantState, id: string, isLatest: () => boolean): Promise<void> {
  const { store, runners, world } = state;
  const old = runners.get(id);
  // Another turn may have put a runner there since this one was asked for.
  await old?.end();
  const json = await store.collection(subscriptionCollection).get(id);
  if (json === undefined) {
    await forget(state, id);
    return;
  }
  const document = subscriptionIn(json);
  // It was deleted, and another of the same id was made, before the first was forgotten.
  if (old && !ownOf(document, old.progress())) await forget(state, id);
  const leaseTerm = await enter(state, id);
  // What has ended stays: it knows how far it came, should the tenure be relied on again.
  if (!leaseTerm) return;
  const progress = await resume(state, document);
  if (state.isEnded || statusOf(document, world.clock.now()) !== 'active') return;
  const runner = await runnerOf(state, document, { progress, leaseTerm });
  // Whatever has changed while the document was read is in force already.
  if (runner && isLatest()) install(state, runner);
}

function install({ runners, isEnded }: TenantState, runner: SubscriptionRunner): void {
  runners.set(runner.id, runner);
  if (!isEnded) runner.start();
}

/**
 * The tenure under which the subscription is ours to carry out, when nobody else writes down any more how far it has come;
 * undefined: it is not ours.
 */
async function enter(state: TenantState, id: string): Promise<LeaseTerm | undefined> {
  const leaseTerm = leaseTermOf(state, id);
  const ids = (): Promise<readonly string[]> => idsOfPartition(state, partitionIn(state, id));
  return leaseTerm && (await state.env.progressStore.acquire(leaseTerm, ids)) ? leaseTerm : undefined;
}

/** How far the subscription has come. */
async function resume({ runners, env }: TenantState, document: SubscriptionDocument): Promise<Progress | undefined> {
  const old = runners.get(document.id);
  if (old) env.progressStore.mark(old);
  return ownOf(document, old?.progress() ?? (await env.progressStore.resume(document.id)));
}

/** Nothing is left of a subscription that was deleted. */
async function forget({ store, env, runners }: TenantState, id: string): Promise<void> {
  runners.delete(id);
  await env.progressStore.drop(id, true);
  await discardLetters(store.collection(deadLetterCollection(id)));
}

const idsOfPartition = async (state: TenantState, part: number): Promise<readonly string[]> =>
  (await state.store.collection(subscriptionCollection).keys()).filter((id) => partitionIn(state, id) === part);

/** Whoever carries the subscription out; undefined when nothing is to be done here. */
async function runnerOf(
  state: TenantState,
  document: SubscriptionDocument,
  { progress, leaseTerm }: { readonly progress: Progress | undefined; readonly leaseTerm: LeaseTerm },
): Promise<SubscriptionRunner | undefined> {
  const { env, read } = state;
  const { id, createdAt: madeAt } = document;
  const stored = await read(document);
  const { partitions: parts } = state.world.stores;
  const isOurs = (): boolean => parts.leaseTerm(leaseTerm.part)?.term === leaseTerm.term;
  if (isFetched(stored.endpoint) || state.releasedPartitions.has(leaseTerm.part) || !isOurs()) return undefined;
  const options = { id, stored, progress: startOf(document, progress), env, madeAt, isOurs };
  const { intervalMs } = stored;
  return intervalMs === undefined
    ? createConsumer(options)
    : createIntervalNotifier({ ...options, intervalMs, since: document.modifiedAt });
}

/** Where a subscription begins or goes on: nothing from before `since` concerns it. */
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
  // A subscription that cannot be read now may be later.
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
