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
  isUntidy: boolean;
  /** The last work was a commit: deferred work is next, even when requests wait. */
  hasCommitted: boolean;
}

export function createScheduler({ commit, tidy }: Pick<DatabaseWriters, 'commit' | 'tidy'>): Scheduler {
  /** In the order of their turns. */
  const lines = new Map<string, FileQueue>();

  function* next(path: string, line: FileQueue): Interruptible<undefined> {
    if (line.waiting.length > 0 && !line.hasCommitted) {
      yield* commit(path, groupOf(line.waiting));
      [line.isUntidy, line.hasCommitted] = [true, true];
    } else {
      line.isUntidy = yield* tidy(path);
      line.hasCommitted = false;
    }
    return undefined;
  }

  return {
    add(requests) {
      for (const request of requests) {
        const line = lines.get(request.path) ?? createLine();
        lines.set(request.path, line);
        line.waiting.push(request);
      }
    },
    take() {
      for (const [path, line] of lines) {
        line.work ??= next(path, line);
        if (runFor(line.work, turnMs)) line.work = undefined;
        lines.delete(path);
        if (line.work || line.isUntidy || line.waiting.length > 0) lines.set(path, line);
        return lines.size > 0;
      }
      return false;
    },
    areAnswered: () => [...lines.values()].every(({ work, waiting }) => !work && waiting.length === 0),
  };
}

const createLine = (): FileQueue => ({ waiting: [], work: undefined, isUntidy: false, hasCommitted: false });

/** Takes all waiting requests, up to the bound. While one group is committed, the next one collects. */
function groupOf(waiting: Request[]): readonly Request[] {
  let weight = 0;
  const end = waiting.findIndex((request) => {
    weight += request.weight;
    return weight >= groupMax;
  });
  return waiting.splice(0, end === -1 ? waiting.length : end + 1);
}
