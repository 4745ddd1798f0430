/** Keeps notifications that were given up as dead letters, the newest of each subscription. */
import { type DeadLetter, deadLetterCollection, deadLetterJson, deadLetterKey } from '../../core/port/dead-letters.ts';
import type { MessageTarget } from './write-message.ts';

/** Resolves when the dead letter is durable. It replaces a dead letter of the same position. Deletes the oldest above the limit. */
export async function keepDeadLetter(letter: DeadLetter, target: MessageTarget): Promise<void> {
  const { id: subscription, env } = target;
  const { tenant, store, services, deadLettersMax } = env;
  const { reason, position } = letter;
  if (deadLettersMax === 0) {
    reportLost(reason, target);
    return;
  }
  const collection = store.collection(deadLetterCollection(subscription));
  await collection.put(deadLetterKey(position), deadLetterJson(letter));
  services.observe({ kind: 'notificationBuried', tenant, subscription, reason });
  for (const key of (await collection.keys()).slice(0, -deadLettersMax)) {
    if (await collection.delete(key)) reportLost(`there are more than ${deadLettersMax} newer dead letters`, target);
  }
}

/** Reports that one or more notifications will never be delivered. */
export const reportLost = (reason: string, { id: subscription, env: { tenant, services } }: MessageTarget): void =>
  services.observe({ kind: 'notificationLost', tenant, subscription, reason });
