/** Writes to a tenant's database. Tasks that arrive together share one transaction. */
import { setImmediate as turn } from 'node:timers/promises';
import { Problem } from '../../../core/model/problem.ts';
import type { YieldToEventLoop } from '../../../core/port/clock.ts';
import type { Position } from '../../../core/port/store.ts';
import { isUnavailable, withDatabase } from '../connection.ts';
import type { Collections } from '../schema.ts';
import { inTransaction } from './transaction.ts';
import { beginUnitOfWork, type UnitOfWork } from './unit-of-work.ts';

/** A part of a transaction. */
interface Task<T> {
  /** The subjects that the task may read. */
  readonly ids: readonly string[];
  /** May be called several times, each time in another transaction. */
  run(work: UnitOfWork): T | Promise<T>;
}

export interface Writer {
  /**
   * Returns when the task is durable. Throws Unavailable when too many tasks wait or the database does not answer, and the errors of
   * the task.
   */
  send<T>(task: Task<T>): Promise<T>;
  /** Waits for running tasks, then refuses every task. */
  close(): Promise<void>;
}

export interface WriterLimits {
  /** The maximum number of subjects in waiting tasks. More tasks are refused. */
  readonly pendingMax: number;
}

/** The maximum number of subjects per transaction, unless a single task has more. */
const togetherMax = 500;

/** A waiting task. `run` returns a function to call after the commit. */
interface Waiting {
  readonly weight: number;
  readonly ids: readonly string[];
  run(work: UnitOfWork): Promise<() => void>;
  reject(error: unknown): void;
}

export interface WriterOptions {
  readonly limits: WriterLimits;
  /** Called within long work of a transaction. */
  readonly yieldToEventLoop: YieldToEventLoop;
  /** Called after each commit with the newest position. */
  readonly announce: (position: Position) => void;
}

export function createWriter(collections: Collections, options: WriterOptions): Writer {
  const { limits } = options;
  const queue = createQueue(async (together) => commitTogether(collections, together, options));
  let isOpen = true;
  return {
    send(task) {
      const weight = Math.max(1, task.ids.length);
      if (!isOpen) return Promise.reject(new Problem('Unavailable', 'The store is closed.'));
      if (!queue.hasRoomFor(weight, limits))
        return Promise.reject(new Problem('Unavailable', 'Too many writes are waiting already; try again later.'));
      return new Promise((resolve, reject) => {
        const run = async (work: UnitOfWork): Promise<() => void> => {
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
  /** Always true for an empty queue, so that a task larger than the limit is possible. */
  hasRoomFor(weight: number, limits: WriterLimits): boolean;
  add(one: Waiting): void;
  drained(): Promise<void>;
}

/** Passes waiting tasks to `commit` in groups, one group after the other. */
function createQueue(commit: (together: readonly Waiting[]) => Promise<void>): Queue {
  const waiting: Waiting[] = [];
  let pending = 0;
  let draining: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    // All tasks that arrive in one iteration of the event loop form a group.
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

/** Commits tasks in as many transactions as they fill. */
async function commitTogether(
  collections: Collections,
  together: readonly Waiting[],
  options: WriterOptions,
): Promise<void> {
  for (let rest = together; rest.length > 0; ) {
    const count = await commitSome(collections, rest, options);
    rest = rest.slice(count);
  }
}

/** Commits the first of these tasks in one transaction. Returns their number: all of them unless the transaction is full before. */
async function commitSome(
  collections: Collections,
  together: readonly Waiting[],
  options: WriterOptions,
): Promise<number> {
  try {
    const { answers, position } = await withDatabase(
      inTransaction(collections.startSession, (session) =>
        carryOutSome(collections, session, { together, pause: options.yieldToEventLoop }),
      ),
    );
    options.announce(position);
    for (const answer of answers) answer();
    return answers.length;
  } catch (error) {
    // Run each task in its own transaction, so that one faulty task does not fail the others.
    if (together.length > 1 && !isUnavailable(error) && !(error instanceof Problem && error.type === 'Unavailable')) {
      for (const one of together) await commitSome(collections, [one], options);
    } else for (const one of together) one.reject(error);
    return together.length;
  }
}

async function carryOutSome(
  collections: Collections,
  session: Parameters<typeof beginUnitOfWork>[1],
  { together, pause }: { readonly together: readonly Waiting[]; readonly pause: YieldToEventLoop },
): Promise<{ readonly answers: readonly (() => void)[]; readonly position: Position }> {
  const work = await beginUnitOfWork(collections, session, { ids: together.flatMap(({ ids }) => ids), pause });
  const answers: (() => void)[] = [];
  for (const one of together) {
    answers.push(await one.run(work));
    if (work.isFull()) break;
  }
  await work.flush();
  return { answers, position: work.state().position };
}
