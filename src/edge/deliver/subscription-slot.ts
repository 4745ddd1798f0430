/** Owns all that runs for one subscription id: the runner, the replay of dead letters, and the turns in which these are replaced. */
import { Problem } from '../../core/model/problem.ts';
import type { Instant } from '../../core/model/instant.ts';
import {
  deactivated,
  type SubscriptionDocument,
  statusOf,
  subscriptionIn,
  subscriptionJson,
} from '../../core/model/subscription.ts';
import { changeDocument } from '../../core/port/document-collection.ts';
import { deadLetterCollection, discardLetters } from '../../core/port/dead-letters.ts';
import type { LeaseTerm } from '../../core/port/partitions.ts';
import { subscriptionCollection } from '../../core/port/subscriptions.ts';
import { isFetched } from '../../core/subscription/read-endpoint.ts';
import type { StoredPlan } from '../../core/subscription/read-stored.ts';
import { createConsumer } from './consumer.ts';
import type { DeliveryEnvironment } from './environment.ts';
import { createIntervalNotifier } from './interval-notifier.ts';
import { createOwnerView, type OwnerView } from './owner-view.ts';
import { initialProgress, ownProgress, type Progress } from './progress.ts';
import { createReplay, type Replay } from './replay.ts';
import type { SubscriptionRunner } from './runner.ts';
import type { TenantPartitions } from './tenant-partitions.ts';

export interface SubscriptionSlot {
  readonly id: string;
  /** Undefined: the subscription does not run here. A runner that has ended stays until another replaces it: it knows its progress. */
  runner(): SubscriptionRunner | undefined;
  /** Puts the stored document into effect, in its turn. The runner and the replay until now start nothing more from now on. */
  refresh(): void;
  /** Refreshes when the rights of the owner have changed. */
  reconsider(): void;
  /** Starts to send dead letters again, by their keys. Throws a Problem when the subscription cannot run now. */
  replay(document: SubscriptionDocument, keys: readonly string[]): Promise<void>;
  /**
   * Ends and removes the runner after its partition was released. `isHandedOver`: its progress is marked to be stored. Otherwise the
   * progress belongs to another broker already.
   */
  leave(isHandedOver: boolean): Promise<void>;
  /** Starts nothing more. Resolves when everything in flight has ended. */
  end(): Promise<void>;
}

/** What all slots of a tenant share. */
export interface SlotContext {
  readonly env: DeliveryEnvironment;
  readonly partitions: TenantPartitions;
  /** Parses a document. Throws a Problem when the subscription cannot run, or cannot run now. */
  readonly read: (document: SubscriptionDocument) => Promise<StoredPlan>;
  /** Whether the tenant has ended, so that nothing may start. */
  readonly isEnded: () => boolean;
  /** The slot has nothing that runs or is to be kept. */
  readonly onEmpty: (slot: SubscriptionSlot) => void;
}

/** The delay before a subscription is read again after a failure, by type of Problem. */
const retryMs = { LdContextNotAvailable: 10_000, Unavailable: 1000 };

interface SlotState extends SlotContext {
  readonly id: string;
  runner: SubscriptionRunner | undefined;
  /** The rights under which the runner was built. */
  rights: { readonly owner: OwnerView; readonly key: string } | undefined;
  /** For the current version of the document. */
  replay: Promise<Replay> | undefined;
  /** The last turn, until it ends. Turns run one after the other, and never reject. */
  turn: Promise<void> | undefined;
  /** Refreshes again after a failure. */
  retryTimer: NodeJS.Timeout | undefined;
  /** Calls `onEmpty` if nothing is left. */
  readonly discardIfEmpty: () => void;
}

export function createSubscriptionSlot(id: string, context: SlotContext): SubscriptionSlot {
  const state: SlotState = {
    ...context,
    id,
    runner: undefined,
    rights: undefined,
    replay: undefined,
    turn: undefined,
    retryTimer: undefined,
    discardIfEmpty() {
      if (!state.runner && !state.replay && !state.turn && !state.retryTimer) context.onEmpty(slot);
    },
  };
  const slot: SubscriptionSlot = {
    id,
    runner: () => state.runner,
    refresh: () => refresh(state),
    reconsider: () => {
      if (state.rights && state.rights.owner.key() !== state.rights.key) refresh(state);
    },
    replay: (document, keys) => replay(state, document, keys),
    leave: (isHandedOver) => leave(state, isHandedOver),
    async end() {
      clearTimeout(state.retryTimer);
      await Promise.all([state.turn, state.runner?.end(), endReplay(state)]);
    },
  };
  return slot;
}

function refresh(state: SlotState): void {
  const ended = Promise.all([state.runner?.end(), endReplay(state)]);
  const before = state.turn ?? Promise.resolve();
  const turn: Promise<void> = before
    .then(() => ended)
    .then(() => replace(state, () => state.turn === turn))
    .catch((cause: unknown) => onFailure(state, cause))
    .finally(() => {
      if (state.turn !== turn) return;
      state.turn = undefined;
      state.discardIfEmpty();
    });
  state.turn = turn;
}

/** Reports why a subscription cannot run, and tries again later if that may help. */
function onFailure(state: SlotState, cause: unknown): void {
  state.env.services.observe({ kind: 'failed', where: 'subscription', about: state.id, cause });
  if (!(cause instanceof Problem) || state.isEnded()) return;
  const { type } = cause;
  if (type !== 'LdContextNotAvailable' && type !== 'Unavailable') return;
  clearTimeout(state.retryTimer);
  state.retryTimer = setTimeout(() => {
    state.retryTimer = undefined;
    refresh(state);
  }, retryMs[type]);
}

/** Replaces the runner, which has ended, by one for the current document, unless a later turn will do that. */
async function replace(state: SlotState, isLatest: () => boolean): Promise<void> {
  const { id, env, isEnded } = state;
  const old = state.runner;
  // An earlier turn may have installed a runner since this turn was requested.
  await old?.end();
  const json = await env.store.collection(subscriptionCollection).get(id);
  if (json === undefined) return forget(state);
  const document = subscriptionIn(json);
  // The subscription was deleted and created again with the same id before its runner was removed.
  if (old && !ownProgress(document, old.progress())) await forget(state);
  const leaseTerm = await acquire(state);
  // The ended runner stays: it knows its progress, in case the lease is valid again.
  if (!leaseTerm) return;
  const progress = await resume(state, document);
  if (isEnded() || statusOf(document, env.services.clock.now()) !== 'active') return;
  const runner = await runnerOf(state, document, { progress, leaseTerm });
  // Any change since the document was read has its own turn.
  if (runner && isLatest()) install(state, runner);
}

function install(state: SlotState, runner: SubscriptionRunner): void {
  state.runner = runner;
  if (!state.isEnded()) runner.start();
}

/**
 * The lease under which this broker may run the subscription, after no other broker can store its progress any more. Undefined: this broker
 * must not run it.
 */
async function acquire({ id, env, partitions }: SlotState): Promise<LeaseTerm | undefined> {
  const leaseTerm = partitions.leaseTermOf(id);
  if (!leaseTerm) return undefined;
  const isAcquired = await env.progressStore.acquire(leaseTerm, () => partitions.idsOf(leaseTerm.part));
  return isAcquired ? leaseTerm : undefined;
}

/** The progress to resume from. */
async function resume({ env, runner }: SlotState, document: SubscriptionDocument): Promise<Progress | undefined> {
  if (runner) env.progressStore.mark(runner);
  return ownProgress(document, runner?.progress() ?? (await env.progressStore.resume(document.id)));
}

/** Deletes everything of a deleted subscription. */
async function forget(state: SlotState): Promise<void> {
  const { id, env } = state;
  state.runner = undefined;
  await env.progressStore.drop(id, true);
  await discardLetters(env.store.collection(deadLetterCollection(id)));
}

/** The runner of a subscription. Undefined when nothing is to be done here. */
async function runnerOf(
  state: SlotState,
  document: SubscriptionDocument,
  { progress, leaseTerm }: { readonly progress: Progress | undefined; readonly leaseTerm: LeaseTerm },
): Promise<SubscriptionRunner | undefined> {
  const { id, env, read, partitions } = state;
  const { createdAt: madeAt, modifiedAt: since } = document;
  const owner = createOwnerView(document, env);
  state.rights = { owner, key: owner.key() };
  const stored = await read(document);
  // The lease may have ended since it was acquired.
  if (isFetched(stored.endpoint) || partitions.leaseTermOf(id)?.term !== leaseTerm.term) return undefined;
  const isOurs = (): boolean => partitions.isCurrent(leaseTerm);
  const deactivate = (): void => void deactivateDocument(state).finally(() => refresh(state));
  const initial = await begin(initialProgress(document, progress), stored, since);
  const options = { id, stored, progress: initial, env, madeAt, isOurs, owner, deactivate };
  const { intervalMs } = stored;
  return intervalMs === undefined ? createConsumer(options) : createIntervalNotifier({ ...options, intervalMs, since });
}

/** The progress of a subscription that has begun. One to registrations is first notified of those that match already. */
async function begin(
  progress: Progress,
  { registrations, intervalMs }: StoredPlan,
  version: Instant,
): Promise<Progress> {
  if (!registrations || intervalMs !== undefined || progress.begun === version) return progress;
  await registrations.begin();
  return { ...progress, begun: version };
}

/** Never rejects. When it fails, the subscription goes on, and ends itself again after its next notification. */
async function deactivateDocument({ id, env }: SlotState): Promise<void> {
  try {
    await changeDocument(env.store.collection(subscriptionCollection), id, (kept) =>
      kept === undefined ? undefined : subscriptionJson(deactivated(subscriptionIn(kept))),
    );
  } catch (cause) {
    env.services.observe({ kind: 'failed', where: 'subscription', about: id, cause });
  }
}

async function leave(state: SlotState, isHandedOver: boolean): Promise<void> {
  const { id, env } = state;
  await state.turn;
  const { runner } = state;
  // Messages in flight under a lease that has ended were abandoned already.
  await runner?.end();
  if (!runner || state.runner !== runner) return;
  state.runner = undefined;
  if (isHandedOver) env.progressStore.mark(runner);
  else await env.progressStore.drop(id, false);
  state.discardIfEmpty();
}

async function replay(state: SlotState, document: SubscriptionDocument, keys: readonly string[]): Promise<void> {
  const { id, env, read } = state;
  const owner = createOwnerView(document, env);
  if (!owner.isWhole())
    throw new Problem('Forbidden', 'The owner of the subscription may see only a part of what the dead letters say.');
  if (state.isEnded()) return;
  const known = state.replay ?? read(document).then((stored) => createReplay({ id, stored, env, owner }));
  state.replay = known;
  // A subscription that cannot be parsed now may be later.
  known.catch(() => {
    if (state.replay === known) state.replay = undefined;
    state.discardIfEmpty();
  });
  (await known).add(keys);
}

async function endReplay(state: SlotState): Promise<void> {
  const known = state.replay;
  state.replay = undefined;
  await known?.then(
    (one) => one.end(),
    () => undefined,
  );
}
