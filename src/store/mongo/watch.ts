/** Watches a collection by a change stream, for as long as it is wanted. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeStream, ChangeStreamDocument, Collection, Document } from 'mongodb';
import type { Observe } from '../../core/port/observe.ts';

export interface Watch {
  /** Does nothing when it watches already. */
  readonly start: () => void;
  readonly stop: () => void;
}

export interface WatchOptions<T extends Document> {
  readonly collection: Collection<T>;
  readonly pipeline: Document[];
  /** What the stream is of, for the log. */
  readonly what: string;
  /** A stream begins: what came before it is told by nobody. */
  readonly onBegin: () => void | Promise<void>;
  readonly onEvent: (event: ChangeStreamDocument<T>) => void;
  readonly observe: Observe;
}

/** How long to wait before a stream that broke is opened again. */
const pauseMs = 500;

/** The driver resumes by its token after an election or a broken connection. A stream that cannot be resumed is opened anew. */
export function createWatch<T extends Document>(options: WatchOptions<T>): Watch {
  const { collection, pipeline, what, onBegin, onEvent, observe } = options;
  let stream: ChangeStream<T> | undefined;
  let isStopped = false;
  let watching: Promise<void> | undefined;
  const isWanted = (): boolean => !isStopped;

  const watchOnce = async (): Promise<void> => {
    stream = collection.watch<T>(pipeline);
    // Once the server has opened it, nothing is missed that comes after what is read in the beginning.
    await stream.tryNext();
    await onBegin();
    for await (const event of stream) onEvent(event);
  };

  const watchOn = async (): Promise<void> => {
    while (isWanted()) {
      try {
        await watchOnce();
      } catch (cause) {
        if (isWanted()) observe({ kind: 'failed', where: 'store: change stream', about: what, cause });
      }
      await stream?.close().catch(() => undefined);
      if (isWanted()) await sleep(pauseMs);
    }
  };

  return {
    start: () => void (watching ??= watchOn()),
    // A stream waits up to a second for its next event: the client, which is closed next, does not.
    stop: () => {
      isStopped = true;
      stream?.close().catch(() => undefined);
    },
  };
}
