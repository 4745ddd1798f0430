/** How entities are to be shown: everything that a representation depends on beside the entity (clauses 4.5, 4.15, 4.21). */
import type { Projection } from '../language/projection.ts';
import type { Terms } from '../model/entity.ts';
import type { LanguagePreference } from './language.ts';

export interface View {
  /** The names to write IRIs with. */
  readonly terms: Terms;
  readonly format: 'normalized' | 'concise' | 'simplified';
  /** Show `createdAt`, `modifiedAt` and `expiresAt`. */
  readonly sysAttrs: boolean;
  readonly projection: Projection;
  /** Turn each LanguageProperty into a Property in the language preferred most. */
  readonly lang?: LanguagePreference;
  /** Show these instances only; `@none` is the default instance. */
  readonly datasetIds?: readonly string[];
}
