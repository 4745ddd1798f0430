/**
 * Schedules the writer's thread: files with work take turns, and long work continues over several turns. So a large batch of one tenant
 * delays only that tenant's writes. Work in each file is done in order.
 */
import type { Request } from '../message.ts';
import type { DatabaseWriters } from './database-writers.ts';
import type { Interruptible } from '../../../core/model/interruptible.ts';
import { runFor } from './steps.ts';

export interface Scheduler {
  add(requests: readonly Request[]): void;
  /** Works in one file for at most one turn. False: no file has work left. */
  take(): boolean;
  /** True when all requests have replies. Deferred work may be left. */
  areAnswered(): boolean;
}

/** The length of a turn, without the step that runs at its end: long compared to a commit, short compared to a noticeable delay. */
const turnMs = 10;

/** The maximum of writes per group: bounds how long the first of them waits. */
const groupMax = 2000;

/** The work of one file. */
interface FileQueue {
  readonly waiting: Request[];
  work: Interruptible<undefined> | undefined;
  /** The last commits have deferred work. */
  hasDeferredWork: boolean;
  /** The last work was a commit: deferred work is next, even when requests wait. */
  hasCommitted: boolean;
}

export function createScheduler({ commit, runDeferred }: Pick<DatabaseWriters, 'commit' | 'runDeferred'>): Scheduler {
  /** In the order of their turns. */
  const queues = new Map<string, FileQueue>();

  function* next(path: string, queue: FileQueue): Interruptible<undefined> {
    if (queue.waiting.length > 0 && !queue.hasCommitted) {
      yield* commit(path, groupOf(queue.waiting));
      [queue.hasDeferredWork, queue.hasCommitted] = [true, true];
    } else {
      queue.hasDeferredWork = yield* runDeferred(path);
      queue.hasCommitted = false;
    }
    return undefined;
  }

  return {
    add(requests) {
      for (const request of requests) {
        const queue = queues.get(request.path) ?? createFileQueue();
        queues.set(request.path, queue);
        queue.waiting.push(request);
      }
    },
    take() {
      for (const [path, queue] of queues) {
        queue.work ??= next(path, queue);
        if (runFor(queue.work, turnMs)) queue.work = undefined;
        queues.delete(path);
        if (queue.work || queue.hasDeferredWork || queue.waiting.length > 0) queues.set(path, queue);
        return queues.size > 0;
      }
      return false;
    },
    areAnswered: () => [...queues.values()].every(({ work, waiting }) => !work && waiting.length === 0),
  };
}

const createFileQueue = (): FileQueue => ({
  waiting: [],
  work: undefined,
  hasDeferredWork: false,
  hasCommitted: false,
});

/** Takes all waiting requests, up to the bound. While one group is committed, the next one collects. */
function groupOf(waiting: Request[]): readonly Request[] {
  let weight = 0;
  const end = waiting.findIndex((request) => {
    weight += request.weight;
    return weight >= groupMax;
  });
  return waiting.splice(0, end === -1 ? waiting.length : end + 1);
}
