/** Records which documents a @context is made of, and serves those that the tenant stores. */
import type { Json } from '../model/json.ts';
import { type GetDocument, isCoreUrl } from './gather.ts';

/** Documents of one tenant. They take precedence over documents that can be loaded, and no other tenant may use a context made of them. */
export interface TenantContextSource {
  /** A unique name of the tenant, without line breaks. */
  readonly owner: string;
  /** The key that a document would have in the tenant's store, by the form of its URL. Undefined: it cannot be there. */
  keyOf(url: string): string | undefined;
  /** The document of a key. Undefined when it is not stored. */
  get(key: string): Promise<Json | undefined>;
}

export interface DependencyTracker {
  readonly getDocument: GetDocument;
  /** The documents that were read, each once: keys of stored ones, URLs of others. Never includes the core. */
  documents(): readonly string[];
  /** True when any document may be stored by the tenant, so that the context must not be shared with others. */
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
