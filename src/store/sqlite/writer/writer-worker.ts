/** The writer's thread: receives requests and takes one turn per iteration of the event loop. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { FromWriter, ToWriter } from '../message.ts';
import { createDatabaseWriters } from './database-writers.ts';
import { createScheduler } from './scheduler.ts';

/** A type assertion: only the writer of the main thread posts here. */
const isToWriter = (message: unknown): message is ToWriter => message !== undefined;

if (parentPort) serve(parentPort);

function serve(port: MessagePort): void {
  const say = (message: FromWriter): void => port.postMessage(message);
  const writers = createDatabaseWriters(say);
  const turns = createScheduler(writers);
  let next: NodeJS.Immediate | undefined;
  let isLast = false;

  const wake = (): void => {
    next ??= setImmediate(() => {
      next = undefined;
      const isMore = turns.take();
      if (isLast && turns.areAnswered()) close();
      else if (isMore) wake();
    });
  };
  const close = (): void => {
    writers.close();
    say({ kind: 'closed' });
    port.close();
  };

  port.on('message', (message: unknown) => {
    if (!isToWriter(message)) return;
    if (message === 'close') isLast = true;
    else turns.add(message);
    wake();
  });
}
