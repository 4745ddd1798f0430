/** Carries out a subscription that is told of changes (clause 5.8.6). */
import { microsOfInstant } from '../../core/model/instant.ts';
import { holdsLinked } from '../../core/subscription/linked.ts';
import { compilePlan } from '../../core/subscription/match.ts';
import { createLanes } from '../../core/subscription/lanes.ts';
import type { Queue } from '../../core/subscription/queue.ts';
import { createThrottled } from '../../core/subscription/throttled.ts';
import { nextJob } from './attempts.ts';
import { lose, offer, pause, readOn } from './reading.ts';
import type { Runner, RunnerOptions } from './runner.ts';
import { type Consumer, leave, outlookOf, progressOf } from './standing.ts';

export function createConsumer(options: RunnerOptions): Runner {
  const { id, stored, progress, around } = options;
  let ending: Promise<void> | undefined;
  const runner: Runner = {
    id,
    start: () => readOn(consumer),
    progress: () => progressOf(consumer),
    outlook: (position) => outlookOf(consumer, position),
    end: () => (ending ??= end(consumer)),
  };
  const consumer: Consumer = {
    ...options,
    queue: queueOf(options),
    fates: new Map(),
    source: { uri: stored.endpoint.uri, next: () => nextJob(consumer), paused: () => pause(consumer) },
    listener: {
      plan: stored.plan,
      offer: (record) => offer(consumer, record),
      lose: (position) => lose(consumer, position),
    },
    concerns: concernsOf(options),
    mark: () => around.ledger.mark(runner),
    mode: 'reading',
    seen: progress.position,
    account: progress.account,
    told: progress.told,
    lastReason: progress.lastReason,
    isReading: false,
    isPaused: false,
    notBeforeMs: 0,
    timer: undefined,
    idle: () => undefined,
  };
  return runner;
}

/** Throttling goes on from the last notification that was taken, also after a restart. */
function queueOf({ stored, progress, around }: RunnerOptions): Queue {
  if (stored.throttlingMs === undefined) return createLanes();
  const { lastSuccess } = progress.account;
  if (lastSuccess === undefined) return createThrottled(stored.throttlingMs, -Infinity);
  const agoMs = (microsOfInstant(around.world.clock.now()) - microsOfInstant(lastSuccess)) / 1000;
  return createThrottled(stored.throttlingMs, around.nowMs() - agoMs);
}

function concernsOf({ stored, around }: RunnerOptions): Consumer['concerns'] {
  const { plan, linked } = stored;
  const isMet = compilePlan(plan);
  if (!linked) return isMet;
  const get = async (id: string) => (await around.store.get(id, around.world.clock.now()))?.entity();
  return (record) => isMet(record) && holdsLinked(linked, record.entity, get);
}

async function end(consumer: Consumer): Promise<void> {
  const { queue, around, source } = consumer;
  leave(consumer, 'ended');
  clearTimeout(consumer.timer);
  around.receivers.remove(source);
  if (queue.underWay() === 0) return;
  await new Promise<void>((resolve) => {
    consumer.idle = resolve;
  });
}
