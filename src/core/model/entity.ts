/** What an entity is once its names are expanded (CIM 009 clauses 4.5.1 and 5.2.4), and a request's part of one. */
import type { Attributes, Fragments } from './attribute.ts';
import type { Instant } from './instant.ts';

/** An entity as it is stored: ids are URIs, types and attribute names are IRIs. It is plain JSON. */
export interface Entity {
  readonly id: string;
  /** At least one expanded type. */
  readonly types: readonly string[];
  /** As the client gave it: one scope, or several. */
  readonly scope?: string | readonly string[];
  readonly createdAt: Instant;
  /** Absent: not modified since it was created. */
  readonly modifiedAt?: Instant;
  readonly expiresAt?: Instant;
  readonly attrs: Attributes;
}

/** What a request says of an entity. A whole entity to create is a fragment whose every instance has kind and value. */
export interface EntityFragment {
  readonly id?: string;
  readonly types?: readonly string[];
  /** `ngsildNull` asks for the deletion of the scope. */
  readonly scope?: string | readonly string[];
  /** When the scope was observed to hold, in a temporal representation. */
  readonly scopeObservedAt?: Instant;
  /** `ngsildNull` asks for the deletion of the expiry. */
  readonly expiresAt?: Instant;
  readonly attrs: Fragments;
}

/** The names under which IRIs are written: one JSON-LD @context, seen from the model. */
export interface Terms {
  /** The IRI of an entity type, attribute or vocabulary term. Unknown terms fall to the default vocabulary. */
  expand(term: string): string;
  /** The shortest name of an entity type or attribute that is taken back: term, compact IRI, or the IRI itself. */
  compact(iri: string): string;
  /** The shortest text for a vocabulary term, which may have any form. */
  compactVocab(iri: string): string;
  /** True for a term that the @context defines. */
  defines(term: string): boolean;
}
