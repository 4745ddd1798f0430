/** Sends requests to the writer's thread, several in one message. */
import type { Request, ToWriter } from '../message.ts';

export interface Outbox {
  put(request: Request): void;
  /** Discards unsent requests. */
  clear(): void;
  /** Sends the remaining requests first. */
  close(): void;
}

/**
 * A batch of this size is sent at once: the writer's thread then works on it while this thread continues. Otherwise all clients that
 * were answered together send together, and the threads alternate instead of working in parallel.
 */
const messageMax = 16;

/** Batches the requests of one iteration of the event loop: a message costs more than a request. */
export function createOutbox(post: (message: ToWriter) => void): Outbox {
  let gathered: Request[] = [];
  const flush = (): void => {
    const requests = gathered;
    gathered = [];
    if (requests.length > 0) post(requests);
  };
  return {
    put(request) {
      gathered.push(request);
      if (gathered.length === 1) setImmediate(flush);
      if (gathered.length >= messageMax) flush();
    },
    clear() {
      gathered = [];
    },
    close() {
      flush();
      post('close');
    },
  };
}
