/**
 * A cache of compiled contexts. A context made only of public documents is shared by all tenants; one that may use a tenant's own documents
 * is cached for that tenant alone.
 */
import { type CacheShare, createBoundedCache } from './bounded-cache.ts';
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

/** Maximum number of shared contexts, and of owned ones. */
const entriesMax = 1000;

/** Shared and owned contexts may hold half of the bytes each, so that no tenant evicts what others share. */
export function createCompiledContextCache({ bytesMax, onBytes }: CacheShare): CompiledContextCache {
  const onWeight = (): void => onBytes?.(shared.weight() + owned.weight());
  const bounds = { entriesMax, weightMax: bytesMax / 2, onWeight };
  const shared = createBoundedCache<Context>(bounds);
  const owned = createBoundedCache<Context>(bounds);
  return {
    get: (text, owner) => shared.get(text) ?? owned.get(`${owner}\n${text}`),
    put: (context, { text, owner, table }) => {
      const weight = text.length + bytesOf(table);
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

/** Bytes that the tables of a compiled context take for a term beside its texts, as measured, and for a term that it shares with the core. */
const [termBytes, coreTermBytes] = [300, 50];

function bytesOf({ terms }: TermTable): number {
  let bytes = 0;
  for (const [name, { iri, protection }] of terms)
    bytes += protection === 'core' ? coreTermBytes : termBytes + name.length + iri.length;
  return bytes;
}
