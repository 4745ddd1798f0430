/** Runs the subscriptions of one tenant. Each has a slot. */
import { Problem } from '../../core/model/problem.ts';
import { noStatistics, type DeliveryStatistics, type SubscriptionDocument } from '../../core/model/subscription.ts';
import { epochOf } from '../../core/port/position.ts';
import type { PartitionEvent } from '../../core/port/partitions.ts';
import type { Store } from '../../core/port/store.ts';
import { type Explanation, subscriptionCollection } from '../../core/port/subscriptions.ts';
import { createChangeRenderer } from '../../core/subscription/notification.ts';
import type { StoredPlan } from '../../core/subscription/read-stored.ts';
import { shareLog } from '../../core/subscription/shared-log.ts';
import type { EndpointScheduler } from './endpoint-scheduler.ts';
import type { DeliveryEnvironment, DeliveryServices } from './environment.ts';
import { type ExplainTarget, explain } from './explain.ts';
import { openLogTailer } from './log-tailer.ts';
import { ownProgress, type Progress } from './progress.ts';
import { createProgressStore } from './progress-store.ts';
import { createSubscriptionSlot, type SlotContext, type SubscriptionSlot } from './subscription-slot.ts';
import { createTenantPartitions, type TenantPartitions } from './tenant-partitions.ts';

export interface Tenant {
  /** Puts the stored document of this id into effect. The previous runner starts nothing more from now on. */
  refresh(id: string): void;
  /** Calls `refresh` for all subscriptions. */
  refreshAll(): void;
  /** Forgets the changes that are in memory, and reads the log again. */
  forgetChanges(): Promise<void>;
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
  /** Starts nothing more and stores no progress any more: the store is deleted. Does not wait for notifications in flight. */
  abandon(): Promise<void>;
}

export interface TenantOptions {
  readonly tenant: string;
  /** The id of the snapshot whose store it is. Absent: it is the store of the tenant. */
  readonly snapshot?: string;
  readonly about: DeliveryEnvironment['about'];
  readonly store: Store;
  readonly services: DeliveryServices;
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
/** The delay before the subscriptions are listed again after a failure of the store. */
const retryMs = 1000;

interface TenantState extends TenantOptions {
  readonly env: DeliveryEnvironment;
  readonly partitions: TenantPartitions;
  /** By id of the subscription. */
  readonly slots: Map<string, SubscriptionSlot>;
  readonly slotContext: SlotContext;
  readonly timers: Set<NodeJS.Timeout>;
  isEnded: boolean;
}

export async function openTenant(options: TenantOptions): Promise<Tenant> {
  const state = await createState(options);
  const { store, services } = options;
  const { env } = state;
  const unfollow = [
    services.stores.partitions.follow((part, event) => onPartitionEvent(state, part, event)),
    store.collection(subscriptionCollection).follow((key) => refreshChanged(state, key)),
    services.access.follow(() => {
      for (const slot of [...state.slots.values()]) slot.reconsider();
    }),
  ];
  for (const key of await store.collection(subscriptionCollection).keys()) slotOf(state, key).refresh();
  return {
    refresh: (id) => slotOf(state, id).refresh(),
    refreshAll: () => void forAll(state, (id) => slotOf(state, id).refresh()),
    forgetChanges: () => {
      env.log.forget();
      return forAll(state, (id) => slotOf(state, id).refresh());
    },
    statistics: async (document) => (await progressOf(state, document))?.statistics ?? noStatistics,
    explain: async (document, about) =>
      explain(about, {
        document,
        stored: await state.read(document).catch(problemIn),
        env,
        progress: await progressOf(state, document),
        runner: state.slots.get(document.id)?.runner(),
      }),
    replay: (document, keys) => slotOf(state, document.id).replay(document, keys),
    end: () => end(state, unfollow),
    close: () => env.progressStore.flush(),
    async abandon() {
      void end(state, unfollow);
      await env.progressStore.abandon();
    },
  };
}

async function createState(options: TenantOptions): Promise<TenantState> {
  const { tenant, store, services, read } = options;
  const partitions = createTenantPartitions({ tenant, store, partitions: services.stores.partitions });
  const env = await openEnvironment(options, partitions);
  const state: TenantState = {
    ...options,
    env,
    partitions,
    slots: new Map(),
    slotContext: {
      env,
      partitions,
      read,
      isEnded: () => state.isEnded,
      onEmpty: (slot) => {
        if (state.slots.get(slot.id) === slot) state.slots.delete(slot.id);
      },
    },
    timers: new Set(),
    isEnded: false,
  };
  return state;
}

function slotOf({ slots, slotContext }: TenantState, id: string): SubscriptionSlot {
  const known = slots.get(id);
  if (known) return known;
  const slot = createSubscriptionSlot(id, slotContext);
  slots.set(id, slot);
  return slot;
}

/** Returns a Problem as a value and throws any other error. */
function problemIn(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}

async function end(state: TenantState, unfollow: readonly (() => void)[]): Promise<void> {
  for (const stop of unfollow) stop();
  state.isEnded = true;
  for (const timer of state.timers) clearTimeout(timer);
  await Promise.all([state.env.tailer.stop(), ...[...state.slots.values()].map((slot) => slot.end())]);
}

/** Refreshes a subscription that another broker has changed. Undefined: any of them may have changed. */
function refreshChanged(state: TenantState, key: string | undefined): void {
  const take = (id: string): void => {
    slotOf(state, id).refresh();
    state.changedElsewhere(id);
  };
  if (key === undefined) void forAll(state, take);
  else take(key);
}

/** Calls `act` for each subscription that exists or has a slot. Retries later when the store is unavailable. */
async function forAll(state: TenantState, act: (id: string) => void): Promise<void> {
  const { store, slots, services } = state;
  try {
    const keys = await store.collection(subscriptionCollection).keys();
    for (const id of new Set([...keys, ...slots.keys()])) act(id);
  } catch (cause) {
    services.observe({ kind: 'failed', where: 'subscriptions', cause });
    later(state, () => void forAll(state, act));
  }
}

function later({ timers, isEnded }: TenantState, act: () => void): void {
  if (isEnded) return;
  const timer = setTimeout(() => {
    timers.delete(timer);
    act();
  }, retryMs);
  timers.add(timer);
}

/** Takes over a partition, or releases it to another broker, which resumes from the stored progress. */
async function onPartitionEvent(state: TenantState, part: number, event: PartitionEvent): Promise<void> {
  const { slots, partitions, env } = state;
  const isOfPart = (id: string): boolean => partitions.partitionOf(id) === part;
  if (event === 'gained') {
    partitions.regain(part);
    await forAll(state, (id) => {
      if (isOfPart(id)) slotOf(state, id).refresh();
    });
    return;
  }
  partitions.release(part);
  const isHandedOver = event === 'leaving';
  const leaving = [...slots.values()].filter(({ id }) => isOfPart(id));
  await Promise.all(leaving.map((slot) => slot.leave(isHandedOver)));
  if (isHandedOver) await env.progressStore.flush();
  env.progressStore.release(part);
}

/** The progress of a subscription, whether it runs or not. */
const progressOf = async ({ slots, env }: TenantState, document: SubscriptionDocument): Promise<Progress | undefined> =>
  ownProgress(document, slots.get(document.id)?.runner()?.progress() ?? (await env.progressStore.find(document.id)));

async function openEnvironment(
  { read: _read, changedElsewhere: _changed, ...shared }: TenantOptions,
  partitions: TenantPartitions,
): Promise<DeliveryEnvironment> {
  const { store, services } = shared;
  const epoch = await epochOf(store, services.ids);
  const log = shareLog(store.log);
  const tailer = await openLogTailer({ log, services, moved: () => progressStore.touch() });
  const progressStore = createProgressStore({
    collection: store.collection(progressCollection),
    partitionOf: (id) => partitions.partitionOf(id),
    position: tailer.matchedTo,
    observe: services.observe,
  });
  return { ...shared, log, epoch, tailer, progressStore, renderer: createChangeRenderer() };
}
