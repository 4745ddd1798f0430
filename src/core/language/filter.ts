/** Defines the filters that select entities: the immutable trees that the parsers of this folder make from query texts. */
import type { Geometry } from '../model/geometry.ts';
import type { Micros } from '../model/instant.ts';

/** Entity type selection (clause 4.17), names expanded. `any` is `*`. */
export type TypeSelection =
  | { readonly op: 'any' }
  | { readonly op: 'type'; readonly type: string }
  | { readonly op: 'and' | 'or'; readonly parts: readonly TypeSelection[] };

/** Selects entities that have one of the types. Names are expanded. */
export const anyOfTypes = (types: readonly string[]): TypeSelection => ({
  op: 'or',
  parts: types.map((type) => ({ op: 'type', type })),
});

/** The levels of a scope pattern (clause 4.19). A level is a name, or `+` for exactly one level with any name. */
export interface ScopePattern {
  readonly levels: readonly string[];
  /** True for a trailing `/#`: this scope and every scope below it. `/#` alone has no levels. */
  readonly deep: boolean;
}

/** A scope query: one part of `anyOf` must match. A part matches when each of its patterns matches a scope of the entity. */
export interface ScopeQuery {
  readonly anyOf: readonly { readonly allOf: readonly ScopePattern[] }[];
}

/**
 * The operand of a term of `q`. A time keeps its text, because a string value can have the same text. `isDecoded`: the percent-decoded form
 * of the previous text in the list. The client did not write it.
 */
export type QValue =
  | { readonly kind: 'json'; readonly value: number | string | boolean | null; readonly isDecoded?: true }
  | {
      readonly kind: 'time';
      readonly form: 'dateTime' | 'date' | 'time';
      readonly text: string;
      readonly micros: Micros;
    }
  | { readonly kind: 'uri'; readonly uri: string }
  | { readonly kind: 'list'; readonly values: readonly QValue[] }
  | { readonly kind: 'range'; readonly from: QValue; readonly to: QValue };

/** The path of a term of `q`: attribute, sub-attributes or metadata, members inside the value (clause 4.9). */
export interface QPath {
  /**
   * The expanded name of the attribute, or a system member: `createdAt`, `modifiedAt`, `expiresAt`, `deletedAt`, `observedAt`, `scope`,
   * `id`, `type`, and `v2Id` for the id as NGSI v2 spells it.
   */
  readonly attr: string;
  /** Names after dots: expanded sub-attribute names, or the unexpanded `observedAt`, `createdAt`, `modifiedAt`, `unitCode`, `datasetId`. */
  readonly sub: readonly string[];
  /** Names inside the brackets as the client wrote them: member names, a language tag, or `*`. */
  readonly inside: readonly string[];
  /** `attr` and `sub` unexpanded, for messages and for writing the query again. */
  readonly text: string;
  /** The path through a relationship: the target must have one of the types (expanded; empty: any), and `path` starts at the target. */
  readonly linked?: { readonly types: readonly string[]; readonly path: QPath };
}

export type QOperator = '==' | '!=' | '>' | '>=' | '<' | '<=' | '~=' | '!~=';

/** An expression of `q`. `expanded`: vocabulary terms are compared in expanded form (parameter expandValues). */
export type Query =
  | { readonly op: 'and' | 'or'; readonly parts: readonly Query[] }
  | { readonly op: 'exists'; readonly path: QPath }
  | { readonly op: 'missing'; readonly path: QPath }
  | { readonly op: '~=' | '!~='; readonly path: QPath; readonly pattern: Pattern }
  | {
      readonly op: Exclude<QOperator, '~=' | '!~='>;
      readonly path: QPath;
      readonly value: QValue;
      readonly expanded?: readonly string[];
    };

/** A regular expression as text. `compilePattern` compiles it. Its matching time is linear in the subject. */
export interface Pattern {
  readonly source: string;
}

/** A geo-query (clause 4.10). Distances are in metres. */
export interface GeoQuery {
  readonly relation:
    | { readonly georel: 'near'; readonly maxDistanceMetres: number }
    | { readonly georel: 'near'; readonly minDistanceMetres: number }
    | { readonly georel: 'within' | 'contains' | 'overlaps' | 'intersects' | 'equals' | 'disjoint' };
  readonly geometry: Geometry;
  /** The expanded name of the GeoProperty; `location` of the core context unless the query gives another name. */
  readonly geoproperty: string;
  /** True: which GeoProperty counts is decided for each entity, as NGSI v2 does it (`locationIri`). */
  readonly isV2?: true;
}

/** Selects entities: one element of `entities` in a query or subscription, or the parameters `id`, `idPattern`, `type`. */
export interface EntitySelector {
  readonly ids?: readonly string[];
  readonly idPattern?: Pattern;
  readonly types?: TypeSelection;
}

/**
 * All conditions on an entity; every given condition must be true. It is plain JSON, so that it can be sent to another thread or written to
 * a log.
 */
export interface Filter {
  /** At least one must match; absent: any entity. */
  readonly selectors?: readonly EntitySelector[];
  /** The entity must have one of these attributes (expanded; parameter `attrs`). */
  readonly attrs?: readonly string[];
  readonly q?: Query;
  readonly geo?: GeoQuery;
  readonly scopeQ?: ScopeQuery;
  /** With `attrs`: only instances of these datasets count; `@none` is the default instance. */
  readonly datasetIds?: readonly string[];
  /** The owner of the entity; access control adds it. */
  readonly owner?: string;
  /** More filters that must match too; access control adds them. */
  readonly also?: readonly Filter[];
  /** At least one of these filters must match. */
  readonly anyOf?: readonly Filter[];
}

/** The part of a filter that tests the current entity in a temporal query. `attrs` tests the history instead (clause 5.7.4). */
export const withoutAttrs = ({ attrs: _attrs, datasetIds: _datasetIds, ...rest }: Filter): Filter => rest;

/**
 * The time of an instance that a temporal query compares. `any` is `observedAt`, or `modifiedAt` without it. Deletions have neither.
 */
export type TimeProperty = 'observedAt' | 'createdAt' | 'modifiedAt' | 'deletedAt' | 'any';

/** A temporal restriction (clause 4.11). Bounds follow the standard: before is exclusive, after is inclusive, between is half-open. */
export interface TemporalQuery {
  readonly timerel?: 'before' | 'after' | 'between';
  readonly timeAt?: Micros;
  readonly endTimeAt?: Micros;
  /** Only instances that have this time are selected. */
  readonly timeproperty: TimeProperty;
  /** The newest n instances of each attribute and dataset. */
  readonly lastN?: number;
}
