/** Defines entities with expanded names (CIM 009 clauses 4.5.1 and 5.2.4) and the part of an entity that a request gives. */
import type { Attributes, Fragments } from './attribute.ts';
import type { Instant } from './instant.ts';

/** A stored entity: ids are URIs, types and attribute names are IRIs. It is plain JSON. */
export interface Entity {
  readonly id: string;
  /** At least one expanded type. */
  readonly types: readonly string[];
  /** One scope or several, as the client sent it. */
  readonly scope?: string | readonly string[];
  readonly createdAt: Instant;
  /** Absent: not modified since the creation. */
  readonly modifiedAt?: Instant;
  readonly expiresAt?: Instant;
  /**
   * Who created it: the subject of an identity, such as `key:NAME`. Grants may depend on it; no representation shows it. Absent: it does not
   * count for the grants of the creator.
   */
  readonly owner?: string;
  readonly attrs: Attributes;
}

/** The part of an entity that a request gives. A fragment can create an entity when every instance has kind and value. */
export interface EntityFragment {
  readonly id?: string;
  readonly types?: readonly string[];
  /** `ngsildNull` requests the deletion of the scope. */
  readonly scope?: string | readonly string[];
  /** The time at which the scope was observed, in a temporal representation. */
  readonly scopeObservedAt?: Instant;
  /** `ngsildNull` requests the deletion of the expiry. */
  readonly expiresAt?: Instant;
  /** The owner of the entity if the fragment creates it. For an entity that exists, `ngsildNull` removes the owner; all else is ignored. */
  readonly owner?: string;
  readonly attrs: Fragments;
}

/** Expands and compacts names: the model's view of one JSON-LD @context. */
export interface Terms {
  /** The IRI of an entity type, attribute or vocabulary term. The default vocabulary applies to unknown terms. */
  expand(term: string): string;
  /** The shortest name of an entity type or attribute that expands to the IRI again: term, compact IRI, or the IRI itself. */
  compact(iri: string): string;
  /** The shortest text for a vocabulary term, which may have any form. */
  compactVocab(iri: string): string;
  /** True for a term that the @context defines. */
  defines(term: string): boolean;
}
