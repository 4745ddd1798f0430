/** How entities are to be shown: everything that a representation depends on beside the entity (clauses 4.5, 4.15, 4.21). */
import type { Projection } from '../language/projection.ts';
import type { Entity, Terms } from '../model/entity.ts';
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
  /** Write the entities that relationships lead to beside or in place of their URIs. */
  readonly linked?: Linked;
}

/** Entities that can be written where relationships lead to them (clause 4.5.23). */
export interface Linked {
  readonly entities: ReadonlyMap<string, Entity>;
  /** How many relationships away; at least 1. */
  readonly level: number;
}
