/** The connection of a request as a sink for a text that goes on. */
import type { ServerResponse } from 'node:http';
import { createTally, type Memory } from '../../core/port/memory.ts';
import type { EventSink } from '../../core/operation/operation.ts';

/** How long a client may take what waits for it when the text has ended. */
const endingMs = 5000;

export function createSink(response: ServerResponse, memory: Pick<Memory, 'count' | 'discard'>): EventSink {
  const tally = createTally(memory, 'streams');
  const count = (): void => tally(response.closed ? 0 : response.writableLength);
  response.once('close', () => tally(0));
  return {
    write: (text, taken) => {
      response.write(text, () => {
        count();
        taken();
      });
      count();
      memory.discard(text.length);
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
  };
}
