/** The ledgers of the files that are open in the writer's thread. */
import { failureOf } from '../failure.ts';
import type { FromWriter, Reply, Request } from '../message.ts';
import { type Ledger, openLedger } from './ledger.ts';
import type { Steps } from './steps.ts';

/** In each file, one thing after the other. */
export interface Ledgers {
  /** Commits a group of requests in a file, which is opened when it is not open, and answers them. */
  commit(path: string, group: readonly Request[]): Steps<undefined>;
  /** Does a piece of what need not be done before an answer. False: nothing is left to do in this file. */
  tidy(path: string): Steps<boolean>;
  close(): void;
}

export function createLedgers(say: (message: FromWriter) => void): Ledgers {
  const ledgers = new Map<string, Ledger>();

  function* commitOpened(path: string, group: readonly Request[]): Steps<FromWriter> {
    const ledger = ledgers.get(path) ?? openLedger(path);
    ledgers.set(path, ledger);
    const replies = yield* ledger.commit(group);
    const position = ledger.position();
    if (group.some(({ job }) => job.op === 'close') || replies.some(isLost)) {
      ledgers.delete(path);
      ledger.close();
    }
    return { kind: 'done', path, position, replies };
  }

  return {
    *commit(path, group) {
      try {
        say(yield* commitOpened(path, group));
      } catch (error) {
        const failure = failureOf(error, path);
        say({ kind: 'done', path, position: 0, replies: group.map(({ seq }): Reply => ({ seq, failure })) });
      }
      return undefined;
    },
    *tidy(path) {
      try {
        const ledger = ledgers.get(path);
        return ledger ? yield* ledger.tidy() : false;
      } catch (error) {
        say({ kind: 'failed', where: 'store: tidying', message: String(error) });
        return false;
      }
    },
    close() {
      for (const ledger of ledgers.values()) ledger.close();
    },
  };
}

/** A file that cannot be used is opened anew by the next request: somebody may have put another in its place. */
const isLost = (reply: Reply): boolean => 'failure' in reply && reply.failure.problem?.type === 'TenantUnavailable';
