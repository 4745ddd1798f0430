/** Sends dead letters of one subscription again: one after the other, one attempt each, through the gate that all messages to their receiver go through. */
import type { Json } from '../../core/model/json.ts';
import { type DeadLetter, deadLetterShelf, letterIn, letterJson } from '../../core/port/dead-letters.ts';
import type { Delivery, Message } from '../../core/port/messenger.ts';
import { addressed } from '../../core/subscription/message.ts';
import type { Job, Source } from './receivers.ts';
import type { Addressee } from './write-message.ts';

export interface Replay {
  /** Takes in letters by their keys. They go in the order in which they were asked for. */
  add(keys: readonly string[]): void;
  /** Begins nothing more. What was not delivered stays a dead letter. */
  end(): Promise<void>;
}

interface Course extends Addressee {
  readonly keys: Set<string>;
  readonly source: Source;
  /** What is to be sent next, and what is to be done when it never will be. */
  waiting: { readonly job: Job; readonly drop: () => void } | undefined;
  /** What goes on, or went on last. */
  running: Promise<void>;
  isRunning: boolean;
  isEnded: boolean;
}

export function createReplay(addressee: Addressee): Replay {
  const course: Course = {
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
async function run(course: Course): Promise<void> {
  const { around, keys, source } = course;
  course.isRunning = true;
  try {
    for (const key of keys) {
      keys.delete(key);
      if (!(await sendAgain(course, key))) keys.clear();
    }
  } catch (cause) {
    around.world.observe({ kind: 'failed', where: 'replay', cause });
  }
  // In the same turn as the last look at what there is to do.
  course.isRunning = false;
  around.receivers.remove(source);
}

/** False when the receiver cannot be reached. A letter that was discarded meanwhile, or cannot be read, is passed over. */
async function sendAgain(course: Course, key: string): Promise<boolean> {
  const { id, around } = course;
  const shelf = around.store.shelf(deadLetterShelf(id));
  const kept = await shelf.get(key);
  const letter = kept === undefined ? undefined : readableIn(kept, course);
  if (letter === undefined) return true;
  const delivery = await attempt(course, letter);
  if (delivery === undefined) return false;
  if (delivery.kind === 'taken') await shelf.delete(key);
  // One that was discarded, or given up anew, meanwhile stays as it is.
  else await shelf.replace(key, kept, letterJson(after(letter, delivery.reason, course)));
  return delivery.kind !== 'unreached';
}

function readableIn(kept: Json, { around }: Course): DeadLetter | undefined {
  try {
    return letterIn(kept);
  } catch (cause) {
    around.world.observe({ kind: 'failed', where: 'replay', cause });
    return undefined;
  }
}

const after = (letter: DeadLetter, reason: string, { around }: Course): DeadLetter => ({
  ...letter,
  reason,
  attempts: letter.attempts + 1,
  lastAt: around.world.clock.now(),
});

/** One attempt, when its turn comes; undefined: it never does. */
function attempt(course: Course, letter: DeadLetter): Promise<Delivery | undefined> {
  const { stored, around } = course;
  if (course.isEnded) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const write = (): Message => addressed(letter.wording, stored.endpoint, around.tenant);
    // Whichever broker was asked for it makes it.
    const job = { write, isOurs: () => true, settle: resolve };
    course.waiting = { job, drop: () => resolve(undefined) };
    around.receivers.wake(course.source);
  });
}

function take(course: Course): Job | undefined {
  const { waiting } = course;
  course.waiting = undefined;
  return waiting?.job;
}
