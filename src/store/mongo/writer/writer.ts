/** Writes to a tenant's database: those that arrive together share one transaction. */
import { setImmediate as turn } from 'node:timers/promises';
import { Problem } from '../../../core/model/problem.ts';
import type { Position } from '../../../core/port/store.ts';
import { isAway, reach } from '../connection.ts';
import type { Collections } from '../schema.ts';
import { inTransaction } from './transaction.ts';
import { beginWork, type Work } from './work.ts';

/** A part of a transaction. */
interface Task<T> {
  /** The subjects that it may ask for. */
  readonly ids: readonly string[];
  /** May be called several times, each time in another transaction. */
  run(work: Work): T | Promise<T>;
}

export interface Writer {
  /** Answers when it is durable. Throws Unavailable when too many are waiting or the database is away, and what the task throws. */
  send<T>(task: Task<T>): Promise<T>;
  /** Waits for what is under way; afterwards every task is refused. */
  close(): Promise<void>;
}

export interface WriterLimits {
  /** Subjects whose writes may wait; above that, tasks are refused. */
  readonly pendingMax: number;
}

/** Subjects that are written in one transaction, unless one task alone has more. */
const togetherMax = 500;

/** One who waits: `run` answers what is to be called when the transaction has ended well. */
interface Waiting {
  readonly weight: number;
  readonly ids: readonly string[];
  run(work: Work): Promise<() => void>;
  reject(error: unknown): void;
}

/** `announce` is called after each commit with the newest position. */
export function createWriter(
  collections: Collections,
  { limits, announce }: { readonly limits: WriterLimits; readonly announce: (position: Position) => void },
): Writer {
  const queue = createQueue(async (together) => commitTogether(collections, together, announce));
  let isOpen = true;
  return {
    send(task) {
      const weight = Math.max(1, task.ids.length);
      if (!isOpen) return Promise.reject(new Problem('Unavailable', 'The store is closed.'));
      if (!queue.hasRoomFor(weight, limits))
        return Promise.reject(new Problem('Unavailable', 'Too many writes are waiting already; try again later.'));
      return new Promise((resolve, reject) => {
        const run = async (work: Work): Promise<() => void> => {
          const answer = await task.run(work);
          return () => resolve(answer);
        };
        queue.add({ weight, ids: task.ids, run, reject });
      });
    },
    async close() {
      isOpen = false;
      await queue.drained();
    },
  };
}

interface Queue {
  /** Always true when nobody is in it, so that what is larger than the limits is not refused for ever. */
  hasRoomFor(weight: number, limits: WriterLimits): boolean;
  add(one: Waiting): void;
  drained(): Promise<void>;
}

/** Hands those who wait to `commit`, as many as go together, one group after the other. */
function createQueue(commit: (together: readonly Waiting[]) => Promise<void>): Queue {
  const waiting: Waiting[] = [];
  let pending = 0;
  let draining: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    // All that arrive in one turn of the event loop go together.
    await turn();
    while (waiting.length > 0) {
      const together = takeTogether(waiting);
      await commit(together);
      pending -= weightOf(together);
    }
    draining = undefined;
  };
  return {
    hasRoomFor: (weight, { pendingMax }) => pending === 0 || pending + weight <= pendingMax,
    add(one) {
      pending += one.weight;
      waiting.push(one);
      draining ??= drain();
    },
    drained: async () => draining,
  };
}

const weightOf = (together: readonly Waiting[]): number => together.reduce((sum, { weight }) => sum + weight, 0);

function takeTogether(queue: Waiting[]): readonly Waiting[] {
  let [count, weight] = [0, 0];
  for (const one of queue) {
    weight += one.weight;
    if (count > 0 && weight > togetherMax) break;
    count += 1;
  }
  return queue.splice(0, count);
}

async function commitTogether(
  collections: Collections,
  together: readonly Waiting[],
  announce: (position: Position) => void,
): Promise<void> {
  try {
    const { answers, position } = await reach(
      inTransaction(collections.startSession, (session) => carryOutAll(collections, session, together)),
    );
    announce(position);
    for (const answer of answers) answer();
  } catch (error) {
    // One faulty task must not take the others with it.
    if (together.length > 1 && !isAway(error) && !(error instanceof Problem && error.type === 'Unavailable')) {
      for (const one of together) await commitTogether(collections, [one], announce);
    } else for (const one of together) one.reject(error);
  }
}

async function carryOutAll(
  collections: Collections,
  session: Parameters<typeof beginWork>[1],
  together: readonly Waiting[],
): Promise<{ readonly answers: readonly (() => void)[]; readonly position: Position }> {
  const work = await beginWork(
    collections,
    session,
    together.flatMap(({ ids }) => ids),
  );
  const answers: (() => void)[] = [];
  for (const one of together) answers.push(await one.run(work));
  await work.flush();
  return { answers, position: work.state().position };
}
