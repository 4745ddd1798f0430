/** Runs a subscription that notifies at intervals (clause 5.8.6, `timeInterval`): all matching entities, changed or not. */
import { type Instant, instantOf, type Micros, microsOfInstant } from '../../core/model/instant.ts';
import type { Entity } from '../../core/model/entity.ts';
import type { DeliveryStatistics } from '../../core/model/subscription.ts';
import type { Delivery } from '../../core/port/messenger.ts';
import type { Stored } from '../../core/port/store.ts';
import { attempted, ended } from '../../core/subscription/delivery-statistics.ts';
import { timerMs } from '../../core/subscription/bounds.ts';
import { holdsLinked } from '../../core/subscription/linked.ts';
import { snapshotFilter } from '../../core/subscription/match.ts';
import type { Progress } from './progress-store.ts';
import type { DeliveryJob, MessageSource } from './endpoint-scheduler.ts';
import type { SubscriptionRunner, SubscriptionRunnerOptions } from './runner.ts';
import { writePresent } from './write-message.ts';

/** Most entities in one notification. Further entities go into another one. */
const pageSize = 1000;

interface IntervalNotifier extends SubscriptionRunnerOptions {
  progress: Progress;
  readonly periodMicros: Micros;
  readonly source: MessageSource;
  readonly mark: () => void;
  statistics: DeliveryStatistics;
  dueAt: Micros;
  /** The next job, and what to do when it will never be sent. */
  waiting: { readonly job: DeliveryJob; readonly drop: () => void } | undefined;
  /** The running notifications of one due time. */
  round: Promise<void> | undefined;
  timer: NodeJS.Timeout | undefined;
  isEnded: boolean;
}

export interface IntervalNotifierOptions extends SubscriptionRunnerOptions {
  readonly intervalMs: number;
  /** When the subscription was created or last modified. */
  readonly since: Instant;
}

export function createIntervalNotifier(options: IntervalNotifierOptions): SubscriptionRunner {
  const { id, stored, env, intervalMs } = options;
  const periodMicros = intervalMs * 1000;
  const runner: SubscriptionRunner = {
    id,
    start: () => scheduleNext(notifier),
    progress: () => {
      const { seen: _seen, open: _open, ...progress } = notifier.progress;
      return { ...progress, statistics: notifier.statistics, dueAt: instantOf(notifier.dueAt) };
    },
    pendingStatus: () => undefined,
    end: () => end(notifier),
  };
  const notifier: IntervalNotifier = {
    ...options,
    periodMicros,
    source: { uri: stored.endpoint.uri, next: () => take(notifier), paused: () => undefined },
    mark: () => env.progressStore.mark(runner),
    statistics: options.progress.statistics,
    dueAt: firstDue(options),
    waiting: undefined,
    round: undefined,
    timer: undefined,
    isEnded: false,
  };
  notifier.mark();
  return runner;
}

/** One period after the subscription was created or modified. After a restart, the due time that was stored. */
function firstDue(options: IntervalNotifierOptions): Micros {
  const made = microsOfInstant(options.since);
  const period = options.intervalMs * 1000;
  const due = options.progress.dueAt === undefined ? made : microsOfInstant(options.progress.dueAt);
  return due > made ? due : made + period;
}

const present = ({ env }: SubscriptionRunnerOptions): Micros => microsOfInstant(env.world.clock.now());

/** Sets the timer for the next notification. It is due after one period at the latest, even if the wall clock was set back. */
function scheduleNext(notifier: IntervalNotifier): void {
  if (notifier.isEnded) return;
  const now = present(notifier);
  notifier.dueAt = Math.min(notifier.dueAt, now + notifier.periodMicros);
  const waitMs = (notifier.dueAt - now) / 1000;
  notifier.timer = setTimeout(() => onDue(notifier), timerMs(waitMs));
}

/** Due times that were missed, during downtime or while the receiver was slow, are notified once. */
function onDue(notifier: IntervalNotifier): void {
  const { stored, env, periodMicros } = notifier;
  const now = present(notifier);
  // When this broker, or another, gains the partition again, a new runner replaces this one.
  if (now >= stored.expiry || !notifier.isOurs()) return;
  if (now >= notifier.dueAt) {
    notifier.dueAt += periodMicros * (Math.floor((now - notifier.dueAt) / periodMicros) + 1);
    notifier.mark();
    notifier.round ??= notify(notifier)
      .catch((cause: unknown) => env.world.observe({ kind: 'failed', where: 'subscriptions', cause }))
      .finally(() => {
        notifier.round = undefined;
      });
  }
  scheduleNext(notifier);
}

/** One round: sends page after page of the matching entities, as long as the receiver accepts them. */
async function notify(notifier: IntervalNotifier): Promise<void> {
  const { store, world } = notifier.env;
  let after: number | undefined;
  let isTaken = true;
  while (isTaken && !notifier.isEnded) {
    const filter = snapshotFilter(notifier.stored.plan);
    const page = await store.find({
      filter,
      limit: pageSize,
      now: world.clock.now(),
      ...(after === undefined ? undefined : { after }),
    });
    const entities = await matching(notifier, page);
    if (entities.length > 0) isTaken = await send(notifier, entities);
    if (page.length < pageSize) return;
    after = page.at(-1)?.cursor;
  }
}

async function matching({ stored, env }: IntervalNotifier, page: readonly Stored[]): Promise<readonly Entity[]> {
  const entities: Entity[] = [];
  const get = async (id: string) => (await env.store.get(id, env.world.clock.now()))?.entity();
  for (const one of page) {
    const pause = env.world.yieldToEventLoop();
    if (pause) await pause;
    const entity = one.entity();
    if (!stored.linked || (await holdsLinked(stored.linked, entity, get))) entities.push(entity);
  }
  return entities;
}

/** Makes one attempt without retries: the next round sends everything again. Returns true when the receiver accepted it. */
function send(notifier: IntervalNotifier, entities: readonly Entity[]): Promise<boolean> {
  if (notifier.isEnded) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (delivery: Delivery): void => {
      const isTaken = delivery.kind === 'taken';
      if (delivery.kind === 'abandoned') return resolve(false);
      notifier.statistics = ended(notifier.statistics, isTaken, notifier.env.world.clock.now());
      if (!isTaken) notifier.progress = { ...notifier.progress, lastReason: delivery.reason };
      notifier.mark();
      resolve(isTaken);
    };
    const job = { write: () => writePresent(entities, notifier), isOurs: notifier.isOurs, settle };
    notifier.waiting = { job, drop: () => resolve(false) };
    notifier.env.scheduler.wake(notifier.source);
  });
}

function take(notifier: IntervalNotifier): DeliveryJob | undefined {
  const { job } = notifier.waiting ?? {};
  notifier.waiting = undefined;
  if (!job) return undefined;
  notifier.statistics = attempted(notifier.statistics, notifier.env.world.clock.now());
  notifier.mark();
  return job;
}

async function end(notifier: IntervalNotifier): Promise<void> {
  notifier.isEnded = true;
  clearTimeout(notifier.timer);
  notifier.env.scheduler.remove(notifier.source);
  // A waiting job is never taken now. Only a job in flight is waited for.
  notifier.waiting?.drop();
  notifier.waiting = undefined;
  await notifier.round;
}
