/**
 * A cache of compiled contexts. A context made only of public documents is shared by all tenants; one that may use a tenant's own documents
 * is cached for that tenant alone.
 */
import { createBoundedCache } from './bounded-cache.ts';
import type { Context } from './context.ts';
import type { TermTable } from './term-table.ts';

export interface CompiledContextCache {
  /** The compiled context of a JSON text or URL, for this owner. */
  get(text: string, owner: string): Context | undefined;
  put(context: Context, location: CacheEntryKey): void;
  /** Evicts contexts made of a document, or of any document. */
  dropMadeOf(document: string | undefined): void;
}

interface CacheEntryKey {
  readonly text: string;
  /** Undefined: shared by all. An owner never contains a line break. */
  readonly owner: string | undefined;
  readonly table: TermTable;
}

/** Maximum number of contexts and of their characters, for shared and for owned ones separately. */
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
