/** Carries out a subscription that is told by the clock (clause 5.8.6, `timeInterval`): all that matches, changed or not. */
import { type Instant, instantOf, type Micros, microsOfInstant } from '../../core/model/instant.ts';
import type { Entity } from '../../core/model/entity.ts';
import type { SubscriptionAccount } from '../../core/model/subscription.ts';
import type { Delivery } from '../../core/port/messenger.ts';
import type { Stored } from '../../core/port/store.ts';
import { attempted, ended } from '../../core/subscription/account.ts';
import { timerMs } from '../../core/subscription/bounds.ts';
import { holdsLinked } from '../../core/subscription/linked.ts';
import { snapshotFilter } from '../../core/subscription/match.ts';
import type { Progress } from './ledger.ts';
import type { Job, Source } from './receivers.ts';
import type { Runner, RunnerOptions } from './runner.ts';
import { writePresent } from './write-message.ts';

/** Entities in one notification; what is beyond goes into another. */
const pageSize = 1000;

interface Ticker extends RunnerOptions {
  progress: Progress;
  readonly periodMicros: Micros;
  readonly source: Source;
  readonly mark: () => void;
  account: SubscriptionAccount;
  dueAt: Micros;
  /** What is to be sent next, and what is to be done when it never will be. */
  waiting: { readonly job: Job; readonly drop: () => void } | undefined;
  /** The notifications of one due time, as long as they are not through. */
  round: Promise<void> | undefined;
  timer: NodeJS.Timeout | undefined;
  isEnded: boolean;
}

export interface TickerOptions extends RunnerOptions {
  readonly intervalMs: number;
  /** When the subscription was made as it is now. */
  readonly since: Instant;
}

export function createTicker(options: TickerOptions): Runner {
  const { id, stored, around, intervalMs } = options;
  const periodMicros = intervalMs * 1000;
  const runner: Runner = {
    id,
    start: () => wind(ticker),
    progress: () => {
      const { seen: _seen, open: _open, ...progress } = ticker.progress;
      return { ...progress, account: ticker.account, dueAt: instantOf(ticker.dueAt) };
    },
    outlook: () => undefined,
    end: () => end(ticker),
  };
  const ticker: Ticker = {
    ...options,
    periodMicros,
    source: { uri: stored.endpoint.uri, next: () => take(ticker), paused: () => undefined },
    mark: () => around.ledger.mark(runner),
    account: options.progress.account,
    dueAt: firstDue(options),
    waiting: undefined,
    round: undefined,
    timer: undefined,
    isEnded: false,
  };
  ticker.mark();
  return runner;
}

/** One period after the subscription was made; after a restart when it was due anyway. */
function firstDue(options: TickerOptions): Micros {
  const made = microsOfInstant(options.since);
  const period = options.intervalMs * 1000;
  const due = options.progress.dueAt === undefined ? made : microsOfInstant(options.progress.dueAt);
  return due > made ? due : made + period;
}

const present = ({ around }: RunnerOptions): Micros => microsOfInstant(around.world.clock.now());

/** Sets the timer to when the next notification is due: after a period at the latest, wherever the clock was when that was worked out. */
function wind(ticker: Ticker): void {
  if (ticker.isEnded) return;
  const now = present(ticker);
  ticker.dueAt = Math.min(ticker.dueAt, now + ticker.periodMicros);
  const waitMs = (ticker.dueAt - now) / 1000;
  ticker.timer = setTimeout(() => strike(ticker), timerMs(waitMs));
}

/** What was due while nobody was there, or while the receiver kept us waiting, comes once. */
function strike(ticker: Ticker): void {
  const { stored, around, periodMicros } = ticker;
  const now = present(ticker);
  // Once it is ours again, or another's, another runner takes its place.
  if (now >= stored.expiry || !ticker.isOurs()) return;
  if (now >= ticker.dueAt) {
    ticker.dueAt += periodMicros * (Math.floor((now - ticker.dueAt) / periodMicros) + 1);
    ticker.mark();
    ticker.round ??= notify(ticker)
      .catch((cause: unknown) => around.world.observe({ kind: 'failed', where: 'subscriptions', cause }))
      .finally(() => {
        ticker.round = undefined;
      });
  }
  wind(ticker);
}

/** One round: page after page of what matches, as long as they are taken. */
async function notify(ticker: Ticker): Promise<void> {
  const { store, world } = ticker.around;
  let after: number | undefined;
  let isTaken = true;
  while (isTaken && !ticker.isEnded) {
    const filter = snapshotFilter(ticker.stored.plan);
    const page = await store.find({
      filter,
      limit: pageSize,
      now: world.clock.now(),
      ...(after === undefined ? undefined : { after }),
    });
    const entities = await matching(ticker, page);
    if (entities.length > 0) isTaken = await send(ticker, entities);
    if (page.length < pageSize) return;
    after = page.at(-1)?.cursor;
  }
}

async function matching({ stored, around }: Ticker, page: readonly Stored[]): Promise<readonly Entity[]> {
  const entities: Entity[] = [];
  const get = async (id: string) => (await around.store.get(id, around.world.clock.now()))?.entity();
  for (const one of page) {
    const pause = around.world.breathe();
    if (pause) await pause;
    const entity = one.entity();
    if (!stored.linked || (await holdsLinked(stored.linked, entity, get))) entities.push(entity);
  }
  return entities;
}

/** One attempt, not repeated: the next round tells it all again. True when it was taken. */
function send(ticker: Ticker, entities: readonly Entity[]): Promise<boolean> {
  if (ticker.isEnded) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (delivery: Delivery): void => {
      const isTaken = delivery.kind === 'taken';
      if (delivery.kind === 'abandoned') return resolve(false);
      ticker.account = ended(ticker.account, isTaken, ticker.around.world.clock.now());
      if (!isTaken) ticker.progress = { ...ticker.progress, lastReason: delivery.reason };
      ticker.mark();
      resolve(isTaken);
    };
    const job = { write: () => writePresent(entities, ticker), isOurs: ticker.isOurs, settle };
    ticker.waiting = { job, drop: () => resolve(false) };
    ticker.around.receivers.wake(ticker.source);
  });
}

function take(ticker: Ticker): Job | undefined {
  const { job } = ticker.waiting ?? {};
  ticker.waiting = undefined;
  if (!job) return undefined;
  ticker.account = attempted(ticker.account, ticker.around.world.clock.now());
  ticker.mark();
  return job;
}

async function end(ticker: Ticker): Promise<void> {
  ticker.isEnded = true;
  clearTimeout(ticker.timer);
  ticker.around.receivers.remove(ticker.source);
  // What still waits is never taken: only what is under way is waited for.
  ticker.waiting?.drop();
  ticker.waiting = undefined;
  await ticker.round;
}
