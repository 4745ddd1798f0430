/** The database writers of the files that are open in the writer's thread. */
import { failureOf } from '../failure.ts';
import type { FromWriter, Reply, Request } from '../message.ts';
import { type TenantDatabaseWriter, openTenantDatabaseWriter } from './tenant-database-writer.ts';
import type { Interruptible } from '../../../core/model/interruptible.ts';

/** Work in each file is sequential. */
export interface DatabaseWriters {
  /** Commits a group of requests in a file and replies to them. Opens the file if need be. */
  commit(path: string, group: readonly Request[]): Interruptible<undefined>;
  /** Does a piece of deferred work. False: nothing is left to do in this file. */
  runDeferred(path: string): Interruptible<boolean>;
  close(): void;
}

export function createDatabaseWriters(say: (message: FromWriter) => void): DatabaseWriters {
  const writers = new Map<string, TenantDatabaseWriter>();

  function* commitOpened(path: string, group: readonly Request[]): Interruptible<FromWriter> {
    const writer = writers.get(path) ?? openTenantDatabaseWriter(path);
    writers.set(path, writer);
    const replies = yield* writer.commit(group);
    const position = writer.position();
    if (group.some(({ job }) => job.op === 'close') || replies.some(isLost)) {
      writers.delete(path);
      writer.close();
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
    *runDeferred(path) {
      try {
        const writer = writers.get(path);
        return writer ? yield* writer.doDeferredWork() : false;
      } catch (error) {
        say({ kind: 'failed', where: 'store: tidying', message: String(error) });
        return false;
      }
    },
    close() {
      for (const writer of writers.values()) writer.close();
    },
  };
}

/** A file that cannot be used is closed, and the next request opens it again: somebody may have replaced it. */
const isLost = (reply: Reply): boolean => 'failure' in reply && reply.failure.problem?.type === 'TenantUnavailable';
