/** What the core asks of data that name a subject by pseudonyms, which no search for its id finds. */
import type { JsonObject } from '../model/json.ts';
import type { Store } from './store.ts';

/** The pseudonyms of subjects in a tenant. Methods throw what the store throws. */
export interface SubjectPseudonyms {
  /** What is known of the subject, as reports and exports show it. */
  find(store: Store, id: string): Promise<readonly JsonObject[]>;
  /** Replaces its pseudonyms by names that cannot be computed from the id. It can be repeated. */
  erase(store: Store, id: string): Promise<void>;
}
