/** The writer in another thread than the main one: sends jobs to the writer's thread by a port of its own. */
import type { MessagePort } from 'node:worker_threads';
import { Problem } from '../../../core/model/problem.ts';
import type { FromWriter, ToWriter } from '../message.ts';
import { createOutbox } from './outbox.ts';
import type { WriterLimits } from './pending-requests.ts';
import { createRequests, sizeOf } from './requests.ts';
import type { Writer } from './writer.ts';

export interface ConnectedWriter extends Writer {
  /** Uses this port from now on. Requests that wait at an earlier one fail with Unavailable: they may have been done or not. */
  readonly usePort: (port: MessagePort) => void;
}

/** `client`: the number of this thread (`SharedWriter.connect`). Files are closed by the main thread only, and it alone follows their logs. */
export function createConnectedWriter(client: number, limits: WriterLimits): ConnectedWriter {
  const queue = createRequests(limits, client);
  let port: MessagePort | undefined;
  /** Sent when there is a port: at the start of this thread, or when the writer's thread starts anew. */
  let held: ToWriter[] = [];
  const outbox = createOutbox((message) => {
    if (port) port.postMessage(message);
    else held.push(message);
  });
  const lose = (): void => {
    port = undefined;
    held = [];
    outbox.clear();
    queue.fail(new Problem('Unavailable', 'The writer of the store has died; what was asked may be done or not.'));
  };
  return {
    usePort(next) {
      if (port) lose();
      port = next;
      next.on('message', (message: FromWriter) => {
        if (message.kind === 'done') for (const reply of message.replies) queue.settle(reply);
      });
      next.on('close', () => {
        if (port === next) lose();
      });
      for (const message of held.splice(0)) next.postMessage(message);
    },
    send(path, job, weight = 1) {
      if (job.op === 'close') return Promise.resolve(1);
      return queue.enter({ path, weight, bytes: sizeOf(job) }, (seq) => outbox.put({ seq, path, weight, job }));
    },
    follow: () => () => undefined,
    close() {
      queue.refuse();
      port?.close();
      return Promise.resolve();
    },
  };
}
