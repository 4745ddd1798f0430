/** The cache of downloaded remote documents: the operations besides loading. */
import type { Json } from '../model/json.ts';

/** The cache of remote @context documents. */
export interface Documents {
  /** Removes a URL from the cache. The next use downloads the document again. */
  forget(url: string): Promise<void>;
  /**
   * Downloads a document again. The cached document stays when the download fails or `check` throws. Throws LdContextNotAvailable when the
   * download fails, BadRequestData when the document is not usable (clause 5.5.6), and what `check` throws.
   */
  reload(url: string, check: (document: Json) => Promise<void>): Promise<void>;
}
