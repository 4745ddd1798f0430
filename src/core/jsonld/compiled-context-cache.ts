/** The contexts that are kept ready: for everybody, or for the one whose own documents they were made of. */
import { createBoundedCache } from './bounded-cache.ts';
import type { Context } from './context.ts';
import type { TermTable } from './term-table.ts';

export interface CompiledContextCache {
  /** What is ready for a JSON text or URL, and for this asker. */
  get(text: string, owner: string): Context | undefined;
  put(context: Context, location: CacheEntryKey): void;
  /** Drops what was made of a document, or of any. */
  dropMadeOf(document: string | undefined): void;
}

interface CacheEntryKey {
  readonly text: string;
  /** Undefined: it is for everybody. No owner has a line break in it. */
  readonly owner: string | undefined;
  readonly table: TermTable;
}

/** Contexts, and the characters that they may have together: of those for everybody, and of the others. */
const bounds = { entriesMax: 1000, weightMax: 2 ** 26 };

export function createCompiledContextCache(): CompiledContextCache {
  const shared = createBoundedCache<Context>(bounds);
  const owned = createBoundedCache<Context>(bounds);
  return {
    get: (text, owner) => shared.get(text) ?? owned.get(`${owner}\n${text}`),
    put: (context, { text, owner, table }) => {
      const weight = text.length + charactersOf(table);
      if (owner === undefined) shared.set(text, context, weight);
      else owned.set(`${owner}\n${text}`, context, weight);
    },
    dropMadeOf: (document) => {
      const isMadeOfIt = ({ documents }: Context): boolean =>
        document === undefined ? documents.length > 0 : documents.includes(document);
      shared.dropWhere(isMadeOfIt);
      owned.dropWhere(isMadeOfIt);
    },
  };
}

function charactersOf({ terms }: TermTable): number {
  let characters = 0;
  for (const [name, { iri }] of terms) characters += name.length + iri.length;
  return characters;
}
