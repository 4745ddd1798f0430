/** Sends dead letters of one subscription again, one after the other with one attempt each, through the endpoint scheduler. */
import type { Json } from '../../core/model/json.ts';
import {
  type DeadLetter,
  deadLetterCollection,
  parseDeadLetter,
  deadLetterJson,
} from '../../core/port/dead-letters.ts';
import type { Delivery, Message } from '../../core/port/messenger.ts';
import { addressed } from '../../core/subscription/message.ts';
import type { DeliveryJob, MessageSource } from './endpoint-scheduler.ts';
import type { MessageTarget } from './write-message.ts';

export interface Replay {
  /** Adds dead letters by their keys. They are sent in this order. */
  add(keys: readonly string[]): void;
  /** Starts nothing more. Letters that were not delivered stay. */
  end(): Promise<void>;
}

interface ReplayJob extends MessageTarget {
  readonly keys: Set<string>;
  readonly source: MessageSource;
  /** The next job, and what to do when it will never be sent. */
  waiting: { readonly job: DeliveryJob; readonly drop: () => void } | undefined;
  /** The current or last run. */
  running: Promise<void>;
  isRunning: boolean;
  isEnded: boolean;
}

export function createReplay(target: MessageTarget): Replay {
  const replayJob: ReplayJob = {
    ...target,
    keys: new Set(),
    source: { uri: target.stored.endpoint.uri, next: () => take(replayJob), paused: () => undefined },
    waiting: undefined,
    running: Promise.resolve(),
    isRunning: false,
    isEnded: false,
  };
  return {
    add(keys) {
      for (const key of keys) replayJob.keys.add(key);
      if (!replayJob.isRunning) replayJob.running = run(replayJob);
    },
    async end() {
      replayJob.isEnded = true;
      replayJob.keys.clear();
      replayJob.waiting?.drop();
      await replayJob.running;
    },
  };
}

/** Never rejects. Stops when the receiver is unreachable. */
async function run(replayJob: ReplayJob): Promise<void> {
  const { env, keys, source } = replayJob;
  replayJob.isRunning = true;
  try {
    for (const key of keys) {
      keys.delete(key);
      if (!(await sendAgain(replayJob, key))) keys.clear();
    }
  } catch (cause) {
    env.world.observe({ kind: 'failed', where: 'replay', cause });
  }
  // This runs in the same turn of the event loop as the last check of `keys`.
  replayJob.isRunning = false;
  env.scheduler.remove(source);
}

/** Returns false when the receiver is unreachable. Skips a letter that was discarded meanwhile or cannot be read. */
async function sendAgain(replayJob: ReplayJob, key: string): Promise<boolean> {
  const { id, env } = replayJob;
  const collection = env.store.collection(deadLetterCollection(id));
  const kept = await collection.get(key);
  const letter = kept === undefined ? undefined : readableIn(kept, replayJob);
  if (letter === undefined) return true;
  const delivery = await attempt(replayJob, letter);
  if (delivery === undefined) return false;
  if (delivery.kind === 'taken') await collection.delete(key);
  // A letter that was discarded or replaced meanwhile stays as it is.
  else await collection.replace(key, kept, deadLetterJson(after(letter, delivery.reason, replayJob)));
  return delivery.kind !== 'unreached';
}

function readableIn(kept: Json, { env }: ReplayJob): DeadLetter | undefined {
  try {
    return parseDeadLetter(kept);
  } catch (cause) {
    env.world.observe({ kind: 'failed', where: 'replay', cause });
    return undefined;
  }
}

const after = (letter: DeadLetter, reason: string, { env }: ReplayJob): DeadLetter => ({
  ...letter,
  reason,
  attempts: letter.attempts + 1,
  lastAt: env.world.clock.now(),
});

/** Makes one attempt when the scheduler asks for it. Undefined: it was never made. */
function attempt(replayJob: ReplayJob, letter: DeadLetter): Promise<Delivery | undefined> {
  const { stored, env } = replayJob;
  if (replayJob.isEnded) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const write = (): Message => addressed(letter.wording, stored.endpoint, env.tenant);
    // No lease is needed: the broker that was asked for the replay sends it.
    const job = { write, isOurs: () => true, settle: resolve };
    replayJob.waiting = { job, drop: () => resolve(undefined) };
    env.scheduler.wake(replayJob.source);
  });
}

function take(replayJob: ReplayJob): DeliveryJob | undefined {
  const { waiting } = replayJob;
  replayJob.waiting = undefined;
  return waiting?.job;
}
