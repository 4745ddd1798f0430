/** The connection of a request as a sink for a text that goes on. */
import type { ServerResponse } from 'node:http';
import type { EventSink } from '../../core/operation/operation.ts';

/** How long a client may take what waits for it when the text has ended. */
const endingMs = 5000;

export const createSink = (response: ServerResponse): EventSink => ({
  write: (text, taken) => {
    response.write(text, taken);
  },
  backlog: () => response.writableLength,
  isOpen: () => !response.destroyed && !response.writableEnded,
  end: () => {
    if (response.writableEnded) return;
    response.end();
    const timer = setTimeout(() => response.destroy(), endingMs);
    response.once('close', () => clearTimeout(timer));
  },
  closed: (listener) => {
    if (response.closed) listener();
    else response.once('close', listener);
  },
});
