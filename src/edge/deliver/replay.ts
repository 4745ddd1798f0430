/** Sends dead letters of one subscription again: one after the other, one attempt each, through the gate that all messages to their receiver go through. */
import type { Json } from '../../core/model/json.ts';
import { type DeadLetter, deadLetterCollection, letterIn, letterJson } from '../../core/port/dead-letters.ts';
import type { Delivery, Message } from '../../core/port/messenger.ts';
import { addressed } from '../../core/subscription/message.ts';
import type { DeliveryJob, MessageSource } from './endpoint-scheduler.ts';
import type { MessageTarget } from './write-message.ts';

export interface Replay {
  /** Takes in letters by their keys. They go in the order in which they were asked for. */
  add(keys: readonly string[]): void;
  /** Begins nothing more. What was not delivered stays a dead letter. */
  end(): Promise<void>;
}

interface ReplayJob extends MessageTarget {
  readonly keys: Set<string>;
  readonly source: MessageSource;
  /** What is to be sent next, and what is to be done when it never will be. */
  waiting: { readonly job: DeliveryJob; readonly drop: () => void } | undefined;
  /** What goes on, or went on last. */
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

/** Never rejects. A receiver that cannot be reached ends it. */
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
  // In the same turn as the last look at what there is to do.
  course.isRunning = false;
  env.scheduler.remove(source);
}

/** False when the receiver cannot be reached. A letter that was discarded meanwhile, or cannot be read, is passed over. */
async function sendAgain(course: ReplayJob, key: string): Promise<boolean> {
  const { id, env } = course;
  const collection = env.store.collection(deadLetterCollection(id));
  const kept = await collection.get(key);
  const letter = kept === undefined ? undefined : readableIn(kept, course);
  if (letter === undefined) return true;
  const delivery = await attempt(course, letter);
  if (delivery === undefined) return false;
  if (delivery.kind === 'taken') await collection.delete(key);
  // One that was discarded, or given up anew, meanwhile stays as it is.
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

/** One attempt, when its turn comes; undefined: it never does. */
function attempt(course: ReplayJob, letter: DeadLetter): Promise<Delivery | undefined> {
  const { stored, env } = course;
  if (course.isEnded) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const write = (): Message => addressed(letter.wording, stored.endpoint, env.tenant);
    // Whichever broker was asked for it makes it.
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
