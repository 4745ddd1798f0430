/** The remote documents that were downloaded and are kept: what can be asked of them besides loading. */
import type { Json } from '../model/json.ts';

export interface Documents {
  /** Gives up what is kept of a URL: it is downloaded when it is needed again. */
  forget(url: string): Promise<void>;
  /**
   * Downloads a document anew. What was kept stays when that fails or when `check` throws; what either throws is passed on:
   * LdContextNotAvailable and BadRequestData (clause 5.5.6).
   */
  reload(url: string, check: (document: Json) => Promise<void>): Promise<void>;
}
