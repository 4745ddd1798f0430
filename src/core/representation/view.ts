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
  readonly datasetIds?: ReadonlySet<string>;
  /** Write the entities that relationships lead to beside or in place of their URIs. */
  readonly linked?: Linked;
}

/** Entities that can be written where relationships lead to them (clause 4.5.23). */
export interface Linked {
  /** The entity of an id; undefined when it is not there. It may throw when it was asked too often. */
  readonly entityOf: (id: string) => Entity | undefined;
  /** Ids of the entities around, which are not written in themselves again. */
  readonly containedBy: ReadonlySet<string>;
  /** How many relationships away; at least 1. */
  readonly level: number;
}
