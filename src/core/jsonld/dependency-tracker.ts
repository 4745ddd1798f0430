/** Notes which documents a @context is made of, and gives those that its asker keeps itself. */
import type { Json } from '../model/json.ts';
import { type GetDocument, isCoreUrl } from './gather.ts';

/**
 * Documents that are kept for one asker alone: those go before what can be loaded, and nobody else gets to see what was made
 * of them.
 */
export interface TenantContextSource {
  /** The asker, told apart from all others. It has no line break in it. */
  readonly owner: string;
  /** The key of a document that may be held, by the form of its URL. Undefined: it certainly is not. */
  keyOf(url: string): string | undefined;
  /** The document of a key. Undefined when it is not held. */
  get(key: string): Promise<Json | undefined>;
}

export interface DependencyTracker {
  readonly getDocument: GetDocument;
  /** The documents that were got, each once: the keys of those held, the URLs of others. The core is none. */
  documents(): readonly string[];
  /** True when a document may be held for somebody, so that what is made of it must be for nobody else. */
  isOwned(): boolean;
}

export function createDependencyTracker(load: GetDocument, tenantContexts: TenantContextSource): DependencyTracker {
  const documents = new Set<string>();
  let isOwned = false;
  const noted = (url: string): Promise<Json> => {
    if (!isCoreUrl(url)) documents.add(url);
    return load(url);
  };
  return {
    documents: () => [...documents],
    isOwned: () => isOwned,
    getDocument: async (url) => {
      const key = tenantContexts.keyOf(url);
      if (key === undefined) return noted(url);
      isOwned = true;
      const held = await tenantContexts.get(key);
      if (held === undefined) return noted(url);
      documents.add(key);
      return held;
    },
  };
}
