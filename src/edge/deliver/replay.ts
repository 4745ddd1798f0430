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
import { createSequentialSender, type SequentialSender } from './sequential-sender.ts';
import { type MessageTarget, recordDelivery, type Written } from './write-message.ts';

export interface Replay {
  /** Adds dead letters by their keys. They are sent in this order. */
  add(keys: readonly string[]): void;
  /** Starts nothing more. Letters that were not delivered stay. */
  end(): Promise<void>;
}

interface ReplayJob extends MessageTarget {
  readonly keys: Set<string>;
  readonly sender: SequentialSender;
  /** Ends the loop. */
  readonly signal: AbortSignal;
  isRunning: boolean;
}

export function createReplay(target: MessageTarget): Replay {
  const abort = new AbortController();
  const { signal } = abort;
  const { stored, env } = target;
  const sender = createSequentialSender({ uri: stored.endpoint.uri, scheduler: env.scheduler, signal });
  const replayJob: ReplayJob = { ...target, keys: new Set(), sender, signal, isRunning: false };
  /** The current or last run. */
  let running = Promise.resolve();
  return {
    add(keys) {
      for (const key of keys) replayJob.keys.add(key);
      if (!replayJob.isRunning) running = run(replayJob);
    },
    async end() {
      abort.abort();
      await running;
    },
  };
}

/** The loop over the keys. Never rejects. Stops when the receiver is unreachable, or the owner may not see all that letters say. */
async function run(replayJob: ReplayJob): Promise<void> {
  const { env, keys, sender, signal, owner } = replayJob;
  replayJob.isRunning = true;
  try {
    for (const key of keys) {
      keys.delete(key);
      if (signal.aborted || !owner.isWhole() || !(await sendAgain(replayJob, key))) keys.clear();
    }
  } catch (cause) {
    env.services.observe({ kind: 'failed', where: 'replay', cause });
  }
  // This runs in the same turn of the event loop as the last check of `keys`.
  replayJob.isRunning = false;
  sender.rest();
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
    env.services.observe({ kind: 'failed', where: 'replay', cause });
    return undefined;
  }
}

const after = (letter: DeadLetter, reason: string, { env }: ReplayJob): DeadLetter => ({
  ...letter,
  reason,
  attempts: letter.attempts + 1,
  lastAt: env.services.clock.now(),
});

/** Undefined: it was never made. */
async function attempt(replayJob: ReplayJob, letter: DeadLetter): Promise<Delivery | undefined> {
  const { stored, env, sender } = replayJob;
  const { dialect, endpoint } = stored;
  const write = (): Message => (dialect ? dialect.address(letter.wording) : addressed(letter.wording, endpoint, env));
  // No lease is needed: the broker that was asked for the replay sends it.
  const delivery = await sender.attempt({ write, isOurs: () => true });
  if (delivery && env.services.audit) recordDelivery(await writtenIn(letter, replayJob), delivery, replayJob);
  return delivery;
}

/** What the letter shows: the types of the entity are those that it has now. */
async function writtenIn({ entity: id, wording }: DeadLetter, { stored, env }: ReplayJob): Promise<Written> {
  const now = env.services.clock.now();
  const entity = (await env.store.get(id, now))?.entity() ?? { id, types: [], attrs: {}, createdAt: now };
  return { message: addressed(wording, stored.endpoint, env), shown: [entity] };
}
