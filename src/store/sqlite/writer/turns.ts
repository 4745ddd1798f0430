/**
 * Shares the writer's thread: files in which there is something to do take turns, and long work goes on over several turns.
 * So one tenant's batch holds up its own writes only. In each file all is done in order.
 */
import type { Request } from '../message.ts';
import type { Ledgers } from './ledgers.ts';
import { goOn, type Steps } from './steps.ts';

export interface Turns {
  add(requests: readonly Request[]): void;
  /** Works in one file, for a turn at most. False: there is nothing left to do in any. */
  take(): boolean;
  /** True when all that was asked for is answered; something may be left to tidy. */
  areAnswered(): boolean;
}

/** How long a turn lasts, but for the step that is under way at its end: long beside a commit, short beside a wait that is felt. */
const turnMs = 10;

/** Writes in one group at most: bounds how long the first of them waits. */
const groupMax = 2000;

/** What is to be done in a file. */
interface Line {
  readonly waiting: Request[];
  work: Steps<undefined> | undefined;
  /** What was committed last has not been tidied up after. */
  isUntidy: boolean;
  /** The last work was a commit: tidying is next, however much waits. */
  hasCommitted: boolean;
}

export function createTurns({ commit, tidy }: Pick<Ledgers, 'commit' | 'tidy'>): Turns {
  /** In the order of their turns. */
  const lines = new Map<string, Line>();

  function* next(path: string, line: Line): Steps<undefined> {
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
        if (goOn(line.work, turnMs)) line.work = undefined;
        lines.delete(path);
        if (line.work || line.isUntidy || line.waiting.length > 0) lines.set(path, line);
        return lines.size > 0;
      }
      return false;
    },
    areAnswered: () => [...lines.values()].every(({ work, waiting }) => !work && waiting.length === 0),
  };
}

const createLine = (): Line => ({ waiting: [], work: undefined, isUntidy: false, hasCommitted: false });

/** Takes out all that has arrived so far, up to the bound: while one group is committed, the next one gathers. */
function groupOf(waiting: Request[]): readonly Request[] {
  let weight = 0;
  const end = waiting.findIndex((request) => {
    weight += request.weight;
    return weight >= groupMax;
  });
  return waiting.splice(0, end === -1 ? waiting.length : end + 1);
}
