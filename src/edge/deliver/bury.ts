/** What becomes of notifications that are given up: dead letters, the newest of each subscription. */
import { type DeadLetter, deadLetterShelf, letterJson, letterKey } from '../../core/port/dead-letters.ts';
import type { Addressee } from './write-message.ts';

/** Resolves when the letter is durable. The same letter again takes the place of the one before. */
export async function bury(letter: DeadLetter, addressee: Addressee): Promise<void> {
  const { id: subscription, around } = addressee;
  const { tenant, store, world, deadLettersMax } = around;
  const { reason, position } = letter;
  if (deadLettersMax === 0) {
    lose(reason, addressee);
    return;
  }
  const shelf = store.shelf(deadLetterShelf(subscription));
  await shelf.put(letterKey(position), letterJson(letter));
  world.observe({ kind: 'notificationBuried', tenant, subscription, reason });
  for (const key of (await shelf.keys()).slice(0, -deadLettersMax)) {
    if (await shelf.delete(key)) lose(`there are more than ${deadLettersMax} newer dead letters`, addressee);
  }
}

/** Tells that a notification, or several, will never be delivered. */
export const lose = (reason: string, { id: subscription, around: { tenant, world } }: Addressee): void =>
  world.observe({ kind: 'notificationLost', tenant, subscription, reason });
