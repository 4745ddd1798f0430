/** Makes single attempts at notifications, as long as this broker holds the lease for them. */
import type { Attempt, Delivery, Message, Messenger } from '../../core/port/messenger.ts';
import type { Observe } from '../../core/port/observe.ts';

/** One attempt to make. */
export interface AttemptOptions {
  /** Writes the message just before it is sent. */
  write(): Message | Promise<Message>;
  /** Whether this broker still holds the lease for it. Asked before the message is sent, and when leases have ended. */
  isOurs(): boolean;
}

export interface Attempts {
  /** Writes and sends one message. Never rejects. */
  make(options: AttemptOptions): Promise<Delivery>;
  /** Gives up the attempts for which this broker no longer holds the lease. */
  abandonForeign(): void;
}

export interface AttemptsOptions {
  readonly messenger: Messenger;
  readonly observe: Observe;
  readonly nowMs: () => number;
}

const abandoned: Delivery = { kind: 'abandoned', reason: 'it is another broker that delivers it' };
const unwritten: Delivery = { kind: 'failed', reason: 'the notification could not be written' };

export function createAttempts({ messenger, observe, nowMs }: AttemptsOptions): Attempts {
  const running = new Map<AttemptOptions, Attempt>();
  /** Checks the lease after writing and after a failure, because both can take long enough for another broker to take over. */
  const send = async (options: AttemptOptions): Promise<Delivery> => {
    const message = await options.write();
    if (!options.isOurs()) return abandoned;
    const attempt = messenger.send(message);
    running.set(options, attempt);
    const delivery = await attempt.done.finally(() => running.delete(options));
    return delivery.kind === 'unreached' && !options.isOurs() ? abandoned : delivery;
  };
  return {
    async make(options) {
      const beganMs = nowMs();
      let delivery: Delivery;
      try {
        delivery = await send(options);
      } catch (cause) {
        observe({ kind: 'failed', where: 'notification', cause });
        delivery = unwritten;
      }
      observe({ kind: 'delivered', result: delivery.kind, tookMs: nowMs() - beganMs });
      return delivery;
    },
    abandonForeign() {
      for (const [options, attempt] of running) if (!options.isOurs()) attempt.abandon();
    },
  };
}
