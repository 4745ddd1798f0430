/** Helpers for documents in a collection: concurrent updates, and documents that cannot be read. */
import { type Json, parseJson } from '../model/json.ts';
import { Problem } from '../model/problem.ts';
import type { DocumentCollection } from './store.ts';

/** Most attempts at one update. An attempt fails only when another writer has succeeded, and there are fewer brokers than this. */
const attemptsMax = 100;

/**
 * Updates a document with compare and swap. `next` gets the current document and returns the new one, or undefined to leave it as it is. It
 * is called again when another writer changed the document meanwhile. Throws what `next` and the collection throw, and Unavailable after
 * 100 failed attempts.
 */
export async function changeDocument(
  collection: DocumentCollection,
  key: string,
  next: (now: Json | undefined) => Json | undefined | Promise<Json | undefined>,
): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const before = await collection.get(key);
    const after = await next(before);
    if (after === undefined || (await collection.replace(key, before, after))) return;
  }
  throw new Problem('Unavailable', 'Too many others change the same at this time; try again later.');
}

/** Parses the text that a store keeps for a document. Returns null when it is not JSON. */
export function documentIn(text: unknown): Json {
  if (typeof text !== 'string') return null;
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

/** A document in a collection. */
interface Entry {
  readonly key: string;
  readonly document: Json;
}

/** Reads each document with `read`. Leaves out the documents for which `read` throws, and calls `onUnreadable` for each of them. */
export const readEach = <T>(
  entries: readonly Entry[],
  read: (entry: Entry) => T,
  onUnreadable: (key: string, cause: unknown) => void,
): readonly T[] =>
  entries.flatMap((entry) => {
    try {
      return [read(entry)];
    } catch (cause) {
      onUnreadable(entry.key, cause);
      return [];
    }
  });
