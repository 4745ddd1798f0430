/** Adapts the connection of a request to a sink for continuous text. */
import type { ServerResponse } from 'node:http';
import type { EventSink } from '../../core/operation/operation.ts';

/** Time in milliseconds that a client has to take the buffered rest after the text ends. */
const endingMs = 5000;

export function createSink(response: ServerResponse): EventSink {
  return {
    write: (text, taken) => {
      response.write(text, () => taken());
    },
    backlog: () => response.writableLength,
    isOpen: () => !response.destroyed && !response.writableEnded,
    end: () => {
      if (response.writableEnded) return;
      response.end();
      const timer = setTimeout(() => response.destroy(), endingMs);
      response.once('close', () => clearTimeout(timer));
    },
    abort: () => {
      response.destroy();
    },
    closed: (listener) => {
      if (response.closed) listener();
      else response.once('close', listener);
    },
  };
}
