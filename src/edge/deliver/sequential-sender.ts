/** Makes attempts one after the other through the endpoint scheduler, for loops that await each result. */
import type { Delivery } from '../../core/port/messenger.ts';
import type { AttemptOptions } from './attempts.ts';
import type { DeliveryJob, EndpointScheduler, MessageSource } from './endpoint-scheduler.ts';

export interface SequentialSender {
  /** Makes one attempt when the scheduler asks for it. Undefined: the signal was aborted before, so nothing was sent. */
  attempt(options: AttemptOptions): Promise<Delivery | undefined>;
  /** The receiver is not needed for now. The scheduler may forget it. */
  rest(): void;
}

export interface SequentialSenderOptions {
  /** The URI of the receiver. */
  readonly uri: string;
  readonly scheduler: EndpointScheduler;
  /** Ends the sender. An attempt in flight goes on, one that waits for its turn is never made. */
  readonly signal: AbortSignal;
}

export function createSequentialSender({ uri, scheduler, signal }: SequentialSenderOptions): SequentialSender {
  let waiting: DeliveryJob | undefined;
  const take = (): DeliveryJob | undefined => {
    const job = waiting;
    waiting = undefined;
    return job;
  };
  const source: MessageSource = { uri, next: take, paused: () => undefined };
  return {
    attempt(options) {
      if (signal.aborted) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const onAbort = (): void => {
          // Undefined when the attempt is in flight.
          if (take()) resolve(undefined);
        };
        const settle = (delivery: Delivery): void => {
          signal.removeEventListener('abort', onAbort);
          resolve(delivery);
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiting = { ...options, settle };
        scheduler.wake(source);
      });
    },
    rest: () => scheduler.remove(source),
  };
}
