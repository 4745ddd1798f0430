/** Watches a collection by a change stream until it is stopped. */
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
  /** What the stream watches, for the log. */
  readonly what: string;
  /** Called when a stream is open. The stream does not report earlier changes. */
  readonly onBegin: () => void | Promise<void>;
  readonly onEvent: (event: ChangeStreamDocument<T>) => void;
  readonly observe: Observe;
}

/** The delay before a broken stream is reopened. */
const pauseMs = 500;

/** The driver resumes a stream by its token after an election or a broken connection. A stream that cannot resume is reopened. */
export function createWatch<T extends Document>(options: WatchOptions<T>): Watch {
  const { collection, pipeline, what, onBegin, onEvent, observe } = options;
  let stream: ChangeStream<T> | undefined;
  let isStopped = false;
  let watching: Promise<void> | undefined;
  const isWanted = (): boolean => !isStopped;

  const watchOnce = async (): Promise<void> => {
    stream = collection.watch<T>(pipeline);
    // From here on the server reports every change, so nothing is lost between the first read and the stream.
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
    // A stream waits up to a second for its next event. The client closes next and does not wait.
    stop: () => {
      isStopped = true;
      stream?.close().catch(() => undefined);
    },
  };
}
