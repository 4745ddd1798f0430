/** Log positions as clients see them: opaque texts that also identify the log they belong to. */
import type { IdSource } from './clock.ts';
import type { Position, DocumentCollection, Store } from './store.ts';

/** Where the epoch of a log is stored. It stays the same as long as the store lives, and no other store has it. */
const place = { collection: 'stream', key: 'epoch' } as const;

const opened = new WeakMap<Store, Promise<string>>();

/**
 * The epoch: the id of the change log of a store, which tells its positions apart from those of other logs. It is made at the first call
 * and stored, so positions stay valid after a restart. Throws what the store throws. A failed call does not affect later ones.
 */
export function epochOf(store: Store, ids: IdSource): Promise<string> {
  const known = opened.get(store);
  if (known) return known;
  const epoch = readEpoch(store.collection(place.collection), ids);
  opened.set(store, epoch);
  // A failure concerns current callers only: later callers try again.
  epoch.catch(() => opened.delete(store));
  return epoch;
}

async function readEpoch(collection: DocumentCollection, ids: IdSource): Promise<string> {
  const kept = await collection.get(place.key);
  if (typeof kept === 'string') return kept;
  const made = ids
    .next('Epoch')
    .replaceAll(/^.*:|[^A-Za-z0-9]/g, '')
    .slice(-12);
  // When another broker stored an epoch first, that one is used.
  return (await collection.replace(place.key, kept, made)) ? made : readEpoch(collection, ids);
}

/** The text of a position: `<epoch>.<offset>`. */
export const positionText = (epoch: string, position: Position): string => `${epoch}.${position}`;

/** Parses the text of a position. Undefined when it is not a position of this log. */
export function parsePosition(text: string, epoch: string): Position | undefined {
  const offset = text.startsWith(`${epoch}.`) ? text.slice(epoch.length + 1) : '';
  return /^\d{1,15}$/.test(offset) ? Number(offset) : undefined;
}
