/** Carries out the subscriptions of one tenant: each that is active has a runner. */
import { Problem } from '../../core/model/problem.ts';
import {
  emptyAccount,
  type SubscriptionAccount,
  type SubscriptionDocument,
  statusOf,
  subscriptionIn,
} from '../../core/model/subscription.ts';
import type { Store } from '../../core/port/store.ts';
import { type Explanation, subscriptionShelf } from '../../core/port/subscriptions.ts';
import { shareLog } from '../../core/subscription/shared-log.ts';
import { createTeller } from '../../core/subscription/notification.ts';
import { deadLetterShelf, discardLetters } from '../../core/port/dead-letters.ts';
import { isFetched } from '../../core/subscription/read-endpoint.ts';
import { type PartEvent, partOf, type Tenure } from '../../core/port/parts.ts';
import { epochOf } from '../../core/port/position.ts';
import type { StoredPlan } from '../../core/subscription/read-stored.ts';
import { type About, explain } from './explain.ts';
import { createConsumer } from './consumer.ts';
import { openFollower } from './follower.ts';
import { createLedger, type Progress } from './ledger.ts';
import type { Receivers } from './receivers.ts';
import { createReplay, type Replay } from './replay.ts';
import type { Runner } from './runner.ts';
import type { DeliveryWorld, Surroundings } from './surroundings.ts';
import { createTicker } from './ticker.ts';

export interface Tenant {
  /** Puts into force what stands on the shelf under an id. What was in force before begins nothing more from now on. */
  refresh(id: string): void;
  /** The same for all subscriptions. */
  refreshAll(): void;
  /** What came of a subscription. */
  account(document: SubscriptionDocument): Promise<SubscriptionAccount>;
  /** Begins to send dead letters of a subscription again, by their keys. */
  replay(document: SubscriptionDocument, keys: readonly string[]): Promise<void>;
  /** Why notifications of an entity come, or do not. */
  explain(document: SubscriptionDocument, about: About): Promise<Explanation>;
  /** Begins nothing more; resolves when what was under way has ended. */
  end(): Promise<void>;
  /** Writes down how far all have come. */
  close(): Promise<void>;
}

export interface TenantOptions {
  readonly tenant: string;
  readonly store: Store;
  readonly world: DeliveryWorld;
  readonly receivers: Receivers;
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
const ledgerShelf = 'deliveries';
/** How long to wait before a subscription is read again that could not be: because of an @context, or of the store. */
const retryMs = { LdContextNotAvailable: 10_000, Unavailable: 1000 };

interface Office extends TenantOptions {
  readonly around: Surroundings;
  /** By id. One that has ended stays until another takes its place: it knows how far it came. */
  readonly runners: Map<string, Runner>;
  /** Replays of dead letters, by subscription as it is now. */
  readonly replays: Map<string, Promise<Replay>>;
  /** What is being done about a subscription: one thing after the other. */
  readonly turns: Map<string, Promise<void>>;
  readonly timers: Set<NodeJS.Timeout>;
  /** Parts that are left to others, or about to be: nothing of them begins here. */
  readonly left: Set<number>;
  isEnded: boolean;
}

export async function openTenant(options: TenantOptions): Promise<Tenant> {
  const around = await openSurroundings(options);
  const office: Office = {
    ...options,
    around,
    runners: new Map(),
    replays: new Map(),
    turns: new Map(),
    timers: new Set(),
    left: new Set(),
    isEnded: false,
  };
  const { store, world } = options;
  const unfollow = [
    world.stores.parts.follow((part, event) => handOver(office, part, event)),
    store.shelf(subscriptionShelf).follow((key) => takeIn(office, key)),
  ];
  for (const key of await store.shelf(subscriptionShelf).keys()) refresh(office, key);
  return {
    refresh: (id) => refresh(office, id),
    refreshAll: () => void forAll(office, (id) => refresh(office, id)),
    account: async (document) => (await progressIn(office, document))?.account ?? emptyAccount,
    explain: async (document, about) =>
      explain(about, {
        document,
        stored: await office.read(document).catch(problemIn),
        around,
        progress: await progressIn(office, document),
        runner: office.runners.get(document.id),
      }),
    replay: (document, keys) => replay(office, document, keys),
    end: () => {
      for (const stop of unfollow) stop();
      return end(office);
    },
    close: () => around.ledger.flush(),
  };
}

/** A problem as a value; any other error is thrown on. */
function problemIn(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}

async function end(office: Office): Promise<void> {
  office.isEnded = true;
  for (const timer of office.timers) clearTimeout(timer);
  await Promise.all([
    office.around.follower.stop(),
    ...office.turns.values(),
    ...[...office.runners.values()].map((runner) => runner.end()),
    ...[...office.replays.keys()].map((id) => endReplay(office, id)),
  ]);
}

/** The part of all brokers' work to which a subscription belongs. */
const partIn = ({ tenant, world }: Pick<Office, 'tenant' | 'world'>, id: string): number =>
  partOf(`${tenant} ${id}`, world.stores.parts.count);

/** The tenure under which a subscription is this broker's to carry out; undefined: it is not. */
const tenureIn = (office: Office, id: string): Tenure | undefined => {
  const part = partIn(office, id);
  return office.left.has(part) ? undefined : office.world.stores.parts.tenure(part);
};

/** Puts into force what another broker has changed: a subscription, or any of them. */
function takeIn(office: Office, key: string | undefined): void {
  const take = (id: string): void => {
    refresh(office, id);
    office.changedElsewhere(id);
  };
  if (key === undefined) void forAll(office, take);
  else take(key);
}

/** Does something for each subscription that is there, or was: later, when the store cannot be asked now. */
async function forAll(office: Office, act: (id: string) => void): Promise<void> {
  const { store, runners, world } = office;
  try {
    const keys = await store.shelf(subscriptionShelf).keys();
    for (const id of new Set([...keys, ...runners.keys()])) act(id);
  } catch (cause) {
    world.observe({ kind: 'failed', where: 'subscriptions', cause });
    later(office, retryMs.Unavailable, () => void forAll(office, act));
  }
}

/** Takes over a part, or leaves it to another broker, which goes on where this one has written down that it was. */
async function handOver(office: Office, part: number, event: PartEvent): Promise<void> {
  const { runners, turns, around } = office;
  const isOfPart = (id: string): boolean => partIn(office, id) === part;
  if (event === 'gained') {
    office.left.delete(part);
    await forAll(office, (id) => {
      if (isOfPart(id)) refresh(office, id);
    });
    return;
  }
  office.left.add(part);
  await Promise.all([...turns].filter(([id]) => isOfPart(id)).map(([, turn]) => turn));
  const leaving = [...runners].filter(([id]) => isOfPart(id));
  // What was under way under a tenure that has ended is given up already.
  await Promise.all(leaving.map(([, runner]) => runner.end()));
  for (const [id, runner] of leaving) {
    runners.delete(id);
    // What was lost is another's by now, and so is what is written down of it.
    if (event === 'leaving') around.ledger.mark(runner);
    else await around.ledger.drop(id, false);
  }
  if (event === 'leaving') await around.ledger.flush();
  around.ledger.leave(part);
}

/** How far a subscription has come, be it carried out now or not. */
const progressIn = async ({ runners, around }: Office, document: SubscriptionDocument): Promise<Progress | undefined> =>
  ownOf(document, runners.get(document.id)?.progress() ?? (await around.ledger.find(document.id)));

/** The progress, unless it is that of a deleted subscription of the same id. */
const ownOf = ({ createdAt }: SubscriptionDocument, progress: Progress | undefined): Progress | undefined =>
  (progress?.madeAt ?? createdAt) === createdAt ? progress : undefined;

async function openSurroundings({
  read: _read,
  changedElsewhere: _changed,
  ...shared
}: TenantOptions): Promise<Surroundings> {
  const { tenant, store, world } = shared;
  const epoch = await epochOf(store, world.ids);
  const log = shareLog(store.log);
  const follower = await openFollower({ log, world, moved: () => ledger.touch() });
  const ledger = createLedger({
    shelf: store.shelf(ledgerShelf),
    partOf: (id) => partIn({ tenant, world }, id),
    position: follower.matchedTo,
    observe: world.observe,
  });
  return { ...shared, log, epoch, follower, ledger, teller: createTeller() };
}

function refresh(office: Office, id: string): void {
  const { runners, turns, world } = office;
  const ended = Promise.all([runners.get(id)?.end(), endReplay(office, id)]);
  const before = turns.get(id) ?? Promise.resolve();
  const turn: Promise<void> = before
    .then(() => ended)
    .then(() => replace(office, id, () => turns.get(id) === turn))
    .catch((cause: unknown) => {
      world.observe({ kind: 'failed', where: 'subscription', about: id, cause });
      if (!(cause instanceof Problem)) return;
      const { type } = cause;
      if (type === 'LdContextNotAvailable' || type === 'Unavailable')
        later(office, retryMs[type], () => refresh(office, id));
    })
    .finally(() => {
      if (turns.get(id) === turn) turns.delete(id);
    });
  turns.set(id, turn);
}

function later({ timers, isEnded }: Office, waitMs: number, act: () => void): void {
  if (isEnded) return;
  const timer = setTimeout(() => {
    timers.delete(timer);
    act();
  }, waitMs);
  timers.add(timer);
}

/** Puts the present document in the place of what was there, which has ended; unless another turn is to do that by now. */
async function replace(office: Office, id: string, isLatest: () => boolean): Promise<void> {
  const { store, runners, world } = office;
  const old = runners.get(id);
  // Another turn may have put a runner there since this one was asked for.
  await old?.end();
  const json = await store.shelf(subscriptionShelf).get(id);
  if (json === undefined) {
    await forget(office, id);
    return;
  }
  const document = subscriptionIn(json);
  // It was deleted, and another of the same id was made, before the first was forgotten.
  if (old && !ownOf(document, old.progress())) await forget(office, id);
  const tenure = await enter(office, id);
  // What has ended stays: it knows how far it came, should the tenure be relied on again.
  if (!tenure) return;
  const progress = await resume(office, document);
  if (office.isEnded || statusOf(document, world.clock.now()) !== 'active') return;
  const runner = await runnerOf(office, document, { progress, tenure });
  // Whatever has changed while the document was read is in force already.
  if (runner && isLatest()) install(office, runner);
}

function install({ runners, isEnded }: Office, runner: Runner): void {
  runners.set(runner.id, runner);
  if (!isEnded) runner.start();
}

/**
 * The tenure under which the subscription is ours to carry out, when nobody else writes down any more how far it has come;
 * undefined: it is not ours.
 */
async function enter(office: Office, id: string): Promise<Tenure | undefined> {
  const tenure = tenureIn(office, id);
  const ids = (): Promise<readonly string[]> => idsOfPart(office, partIn(office, id));
  return tenure && (await office.around.ledger.enter(tenure, ids)) ? tenure : undefined;
}

/** How far the subscription has come. */
async function resume({ runners, around }: Office, document: SubscriptionDocument): Promise<Progress | undefined> {
  const old = runners.get(document.id);
  if (old) around.ledger.mark(old);
  return ownOf(document, old?.progress() ?? (await around.ledger.resume(document.id)));
}

/** Nothing is left of a subscription that was deleted. */
async function forget({ store, around, runners }: Office, id: string): Promise<void> {
  runners.delete(id);
  await around.ledger.drop(id, true);
  await discardLetters(store.shelf(deadLetterShelf(id)));
}

const idsOfPart = async (office: Office, part: number): Promise<readonly string[]> =>
  (await office.store.shelf(subscriptionShelf).keys()).filter((id) => partIn(office, id) === part);

/** Whoever carries the subscription out; undefined when nothing is to be done here. */
async function runnerOf(
  office: Office,
  document: SubscriptionDocument,
  { progress, tenure }: { readonly progress: Progress | undefined; readonly tenure: Tenure },
): Promise<Runner | undefined> {
  const { around, read } = office;
  const { id, createdAt: madeAt } = document;
  const stored = await read(document);
  const { parts } = office.world.stores;
  const isOurs = (): boolean => parts.tenure(tenure.part)?.term === tenure.term;
  if (isFetched(stored.endpoint) || office.left.has(tenure.part) || !isOurs()) return undefined;
  const options = { id, stored, progress: startOf(document, progress), around, madeAt, isOurs };
  const { intervalMs } = stored;
  return intervalMs === undefined
    ? createConsumer(options)
    : createTicker({ ...options, intervalMs, since: document.modifiedAt });
}

/** Where a subscription begins or goes on: nothing from before `since` concerns it. */
function startOf({ since, createdAt: madeAt }: SubscriptionDocument, progress: Progress | undefined): Progress {
  const { position = since, account = emptyAccount, seen = position, open = [] } = progress ?? {};
  return {
    ...progress,
    account,
    madeAt,
    position: Math.max(since, position),
    seen: Math.max(since, seen),
    open: open.filter((one) => one.position > since),
    isCaughtUp: false,
  };
}

async function replay(office: Office, document: SubscriptionDocument, keys: readonly string[]): Promise<void> {
  const { replays, around, read } = office;
  if (office.isEnded) return;
  const { id } = document;
  const known = replays.get(id) ?? read(document).then((stored) => createReplay({ id, stored, around }));
  replays.set(id, known);
  // A subscription that cannot be read now may be later.
  known.catch(() => replays.delete(id));
  (await known).add(keys);
}

async function endReplay({ replays }: Office, id: string): Promise<void> {
  const known = replays.get(id);
  replays.delete(id);
  await known?.then(
    (one) => one.end(),
    () => undefined,
  );
}
