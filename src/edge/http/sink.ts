/** Adapts the connection of a request to a sink for continuous text. */
import type { ServerResponse } from 'node:http';
import { createMemoryMeter, type Memory } from '../../core/port/memory.ts';
import type { EventSink } from '../../core/operation/operation.ts';

/** Time in milliseconds that a client has to take the buffered rest after the text ends. */
const endingMs = 5000;

export function createSink(response: ServerResponse, memory: Pick<Memory, 'count' | 'discard'>): EventSink {
  const meter = createMemoryMeter(memory, 'streams');
  const count = (): void => meter(response.closed ? 0 : response.writableLength);
  response.once('close', () => meter(0));
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
