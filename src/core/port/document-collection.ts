/** Documents on shelves that several may change at the same time, and documents that cannot be read. */
import { type Json, parseJson } from '../model/json.ts';
import { Problem } from '../model/problem.ts';
import type { DocumentCollection } from './store.ts';

/** How often a change is begun again. Each time, somebody else has got on; brokers are fewer. */
const attemptsMax = 100;

/**
 * Changes a document as it stands: `next` is asked what is to come of it, again whenever another has changed it meanwhile. Undefined: it
 * is left as it is. Throws what `next` throws, and Unavailable when others always come first.
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

/** The document in the text that a store keeps; null when it is no JSON. */
export function documentIn(text: unknown): Json {
  if (typeof text !== 'string') return null;
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

/** What stands on a shelf. */
interface Entry {
  readonly key: string;
  readonly document: Json;
}

/** Documents as `read` reads them. Those that it throws for are left out, and told of one by one. */
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
