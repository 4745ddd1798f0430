/** Runs a subscription that notifies at intervals (clause 5.8.6, `timeInterval`): all matching entities, changed or not. */
import { type Instant, instantOf, type Micros, microsOfInstant } from '../../core/model/instant.ts';
import type { Entity } from '../../core/model/entity.ts';
import type { DeliveryStatistics } from '../../core/model/subscription.ts';
import { contentInParts, createContentOf } from '../../core/operation/content.ts';
import type { Message } from '../../core/port/messenger.ts';
import type { Stored } from '../../core/port/store.ts';
import { attempted, ended } from '../../core/subscription/delivery-statistics.ts';
import { timerMs } from '../../core/subscription/bounds.ts';
import { holdsLinked } from '../../core/subscription/linked.ts';
import { snapshotFilter } from '../../core/subscription/match.ts';
import type { Progress } from './progress.ts';
import type { SubscriptionRunner, SubscriptionRunnerOptions } from './runner.ts';
import { createSequentialSender, type SequentialSender } from './sequential-sender.ts';
import { recordDelivery, writePresent, type Written } from './write-message.ts';

/** Most entities in one notification. Further entities go into another one, and so do large ones that together have many bytes. */
const pageSize = 1000;

interface IntervalNotifier extends SubscriptionRunnerOptions {
  progress: Progress;
  readonly periodMicros: Micros;
  readonly sender: SequentialSender;
  readonly mark: () => void;
  /** Ends the loop. */
  readonly signal: AbortSignal;
  statistics: DeliveryStatistics;
  dueAt: Micros;
}

export interface IntervalNotifierOptions extends SubscriptionRunnerOptions {
  readonly intervalMs: number;
  /** When the subscription was created or last modified. */
  readonly since: Instant;
}

export function createIntervalNotifier(options: IntervalNotifierOptions): SubscriptionRunner {
  const { id, stored, env, intervalMs } = options;
  const { scheduler } = env;
  const abort = new AbortController();
  const { signal } = abort;
  const sender = createSequentialSender({ uri: stored.endpoint.uri, scheduler, signal });
  let running: Promise<void> | undefined;
  const runner: SubscriptionRunner = {
    id,
    start() {
      running = run(notifier);
    },
    progress: () => {
      const { seen: _seen, open: _open, ...progress } = notifier.progress;
      return { ...progress, statistics: notifier.statistics, dueAt: instantOf(notifier.dueAt) };
    },
    pendingStatus: () => undefined,
    async end() {
      abort.abort();
      await running;
    },
  };
  const notifier: IntervalNotifier = {
    ...options,
    periodMicros: intervalMs * 1000,
    sender,
    mark: () => env.progressStore.mark(runner),
    signal,
    statistics: options.progress.statistics,
    dueAt: firstDue(options),
  };
  notifier.mark();
  return runner;
}

/** One period after the subscription was created or modified; at once for registrations (clause 5.11.7). After a restart, the due time that was stored. */
function firstDue(options: IntervalNotifierOptions): Micros {
  const made = microsOfInstant(options.since);
  const period = options.stored.registrations ? 0 : options.intervalMs * 1000;
  const due = options.progress.dueAt === undefined ? made : microsOfInstant(options.progress.dueAt);
  return due > made ? due : made + period;
}

const present = ({ env }: SubscriptionRunnerOptions): Micros => microsOfInstant(env.services.clock.now());

/**
 * The loop of all rounds. Never rejects. Due times that were missed during downtime are notified once. Those that pass in a slow round are
 * skipped.
 */
async function run(notifier: IntervalNotifier): Promise<void> {
  while (await isDue(notifier)) {
    skipPassed(notifier);
    await notify(notifier).catch((cause: unknown) =>
      notifier.env.services.observe({ kind: 'failed', where: 'subscriptions', cause }),
    );
    skipPassed(notifier);
  }
  notifier.sender.rest();
}

/** Waits until the next notification is due. False: nothing is due here any more. */
async function isDue(notifier: IntervalNotifier): Promise<boolean> {
  const { stored, signal, periodMicros } = notifier;
  for (;;) {
    const before = present(notifier);
    // One period at the latest, even if the wall clock was set back.
    notifier.dueAt = Math.min(notifier.dueAt, before + periodMicros);
    if (!(await sleep((notifier.dueAt - before) / 1000, signal))) return false;
    const now = present(notifier);
    // When this broker, or another, gains the partition again, a new runner replaces this one.
    if (now >= stored.expiry || !notifier.isOurs()) return false;
    if (now >= notifier.dueAt) return true;
  }
}

/** Returns true after the time, or earlier when a timer cannot be set for that long. False: the signal is aborted. */
function sleep(waitMs: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve(!signal.aborted);
    };
    const timer = setTimeout(wake, timerMs(waitMs));
    signal.addEventListener('abort', wake);
  });
}

/** Moves the due time behind the present, by whole periods. */
function skipPassed(notifier: IntervalNotifier): void {
  const { periodMicros } = notifier;
  const now = present(notifier);
  if (now < notifier.dueAt) return;
  notifier.dueAt += periodMicros * (Math.floor((now - notifier.dueAt) / periodMicros) + 1);
  notifier.mark();
}

/** One round: sends page after page of the matching entities, as long as the receiver accepts them. */
async function notify(notifier: IntervalNotifier): Promise<void> {
  const { services } = notifier.env;
  let after: number | undefined;
  while (!notifier.signal.aborted) {
    const filter = snapshotFilter(notifier.stored.plan);
    const now = services.clock.now();
    const store = notifier.owner.store();
    if (!store) return;
    const page = await store.find({
      ...{ filter, limit: pageSize, now, isLazy: true },
      ...(after === undefined ? undefined : { after }),
    });
    for await (const part of contentInParts(page, createContentOf(filter, { store, now, services }))) {
      const entities = await matching(notifier, part);
      if (entities.length > 0 && !(await send(notifier, entities))) return;
    }
    if (page.length < pageSize) return;
    after = page.at(-1)?.cursor;
  }
}

async function matching({ stored, env, owner }: IntervalNotifier, page: readonly Stored[]): Promise<readonly Entity[]> {
  const entities: Entity[] = [];
  const get = async (id: string) => (await owner.store()?.get(id, env.services.clock.now()))?.entity();
  for (const one of page) {
    const pause = env.services.yieldToEventLoop();
    if (pause) await pause;
    const entity = one.entity();
    if (stored.registrations && !stored.registrations.matches(entity)) continue;
    if (!stored.linked || (await holdsLinked(stored.linked, entity, get))) entities.push(entity);
  }
  return entities;
}

/** Makes one attempt without retries: the next round sends everything again. Returns true when the receiver accepted it. */
async function send(notifier: IntervalNotifier, entities: readonly Entity[]): Promise<boolean> {
  const { env, sender, isOurs } = notifier;
  const { clock } = env.services;
  let written: Written | undefined;
  const write = async (): Promise<Message> => {
    notifier.statistics = attempted(notifier.statistics, clock.now());
    notifier.mark();
    written = await writePresent(entities, notifier);
    return written.message;
  };
  const delivery = await sender.attempt({ write, isOurs });
  if (!delivery || delivery.kind === 'abandoned') return false;
  recordDelivery(written, delivery, notifier);
  const isTaken = delivery.kind === 'taken';
  notifier.statistics = ended(notifier.statistics, isTaken, clock.now());
  if (!isTaken) notifier.progress = { ...notifier.progress, lastReason: delivery.reason };
  notifier.mark();
  return isTaken;
}
