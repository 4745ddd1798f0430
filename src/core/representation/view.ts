/** How entities are shown: everything that a representation depends on besides the entity (clauses 4.5, 4.15, 4.21). */
import type { Projection } from '../language/projection.ts';
import type { Entity, Terms } from '../model/entity.ts';
import type { LanguagePreference } from './language.ts';

export interface View {
  /** The terms to compact IRIs with. */
  readonly terms: Terms;
  readonly format: 'normalized' | 'concise' | 'simplified';
  /** Show `createdAt`, `modifiedAt` and `expiresAt`. */
  readonly sysAttrs: boolean;
  readonly projection: Projection;
  /** Turn each LanguageProperty into a Property in the most preferred language. */
  readonly lang?: LanguagePreference;
  /** Show these instances only; `@none` is the default instance. */
  readonly datasetIds?: ReadonlySet<string>;
  /** Write the target entities of relationships next to their URIs, or in place of them. */
  readonly linked?: Linked;
}

/** The entities that can be written where relationships lead to them (clause 4.5.23). */
export interface Linked {
  /** The entity with this id; undefined when it is not available. May throw when it is called too often. */
  readonly entityOf: (id: string) => Entity | undefined;
  /** Ids of the containing entities, which must not be written within themselves. */
  readonly containedBy: ReadonlySet<string>;
  /** Number of levels of relationships to follow; at least 1. */
  readonly level: number;
}
