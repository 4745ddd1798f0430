/** Sends dead letters of one subscription again, one after the other with one attempt each, through the endpoint scheduler. */
import type { Json } from '../../core/model/json.ts';
import { type DeadLetter, deadLetterCollection, letterIn, letterJson } from '../../core/port/dead-letters.ts';
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

export function createReplay(addressee: MessageTarget): Replay {
  const course: ReplayJob = {
    ...addressee,
    keys: new Set(),
    source: { uri: addressee.stored.endpoint.uri, next: () => take(course), paused: () => undefined },
    waiting: undefined,
    running: Promise.resolve(),
    isRunning: false,
    isEnded: false,
  };
  return {
    add(keys) {
      for (const key of keys) course.keys.add(key);
      if (!course.isRunning) course.running = run(course);
    },
    async end() {
      course.isEnded = true;
      course.keys.clear();
      course.waiting?.drop();
      await course.running;
    },
  };
}

/** Never rejects. Stops when the receiver is unreachable. */
async function run(course: ReplayJob): Promise<void> {
  const { env, keys, source } = course;
  course.isRunning = true;
  try {
    for (const key of keys) {
      keys.delete(key);
      if (!(await sendAgain(course, key))) keys.clear();
    }
  } catch (cause) {
    env.world.observe({ kind: 'failed', where: 'replay', cause });
  }
  // This runs in the same turn of the event loop as the last check of `keys`.
  course.isRunning = false;
  env.scheduler.remove(source);
}

/** Returns false when the receiver is unreachable. Skips a letter that was discarded meanwhile or cannot be read. */
async function sendAgain(course: ReplayJob, key: string): Promise<boolean> {
  const { id, env } = course;
  const collection = env.store.collection(deadLetterCollection(id));
  const kept = await collection.get(key);
  const letter = kept === undefined ? undefined : readableIn(kept, course);
  if (letter === undefined) return true;
  const delivery = await attempt(course, letter);
  if (delivery === undefined) return false;
  if (delivery.kind === 'taken') await collection.delete(key);
  // A letter that was discarded or replaced meanwhile stays as it is.
  else await collection.replace(key, kept, letterJson(after(letter, delivery.reason, course)));
  return delivery.kind !== 'unreached';
}

function readableIn(kept: Json, { env }: ReplayJob): DeadLetter | undefined {
  try {
    return letterIn(kept);
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
function attempt(course: ReplayJob, letter: DeadLetter): Promise<Delivery | undefined> {
  const { stored, env } = course;
  if (course.isEnded) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const write = (): Message => addressed(letter.wording, stored.endpoint, env.tenant);
    // No lease is needed: the broker that was asked for the replay sends it.
    const job = { write, isOurs: () => true, settle: resolve };
    course.waiting = { job, drop: () => resolve(undefined) };
    env.scheduler.wake(course.source);
  });
}

function take(course: ReplayJob): DeliveryJob | undefined {
  const { waiting } = course;
  course.waiting = undefined;
  return waiting?.job;
}
