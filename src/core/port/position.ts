/** Positions in a tenant's change log as clients hold them: opaque texts that know which log they belong to. */
import type { IdSource } from './clock.ts';
import type { Position, DocumentCollection, Store } from './store.ts';

/** Where the epoch of a log is kept: as long as the store lives, it is the same; another store has another. */
const place = { collection: 'stream', key: 'epoch' } as const;

const opened = new WeakMap<Store, Promise<string>>();

/**
 * The name of the store's change log, which tells its positions apart from those of any other. It is made when first asked
 * for and kept on a shelf, so that positions outlive a restart.
 */
export function epochOf(store: Store, ids: IdSource): Promise<string> {
  const known = opened.get(store);
  if (known) return known;
  const epoch = readEpoch(store.collection(place.collection), ids);
  opened.set(store, epoch);
  // A failure is for those who asked, not for those to come.
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
  // Another broker may have made one meanwhile: what stands there holds.
  return (await collection.replace(place.key, kept, made)) ? made : readEpoch(collection, ids);
}

/** The text of a position: `<epoch>.<offset>`. */
export const positionText = (epoch: string, position: Position): string => `${epoch}.${position}`;

/** The position that a text names; undefined when it is no position in this log. */
export function parsePosition(text: string, epoch: string): Position | undefined {
  const offset = text.startsWith(`${epoch}.`) ? text.slice(epoch.length + 1) : '';
  return /^\d{1,15}$/.test(offset) ? Number(offset) : undefined;
}
