/** What an entity must be like to be found: the frozen trees that the parsers of this folder make of query texts. */
import type { Geometry } from '../model/geometry.ts';
import type { Micros } from '../model/instant.ts';

/** Entity type selection (clause 4.17), names expanded. `any` is `*`. */
export type TypeSelection =
  | { readonly op: 'any' }
  | { readonly op: 'type'; readonly type: string }
  | { readonly op: 'and' | 'or'; readonly parts: readonly TypeSelection[] };

/** One level of a scope query (clause 4.19): a name, or `+` for exactly one level of any name. */
export interface ScopePattern {
  readonly levels: readonly string[];
  /** True for a trailing `/#`: this scope and everything beneath it. `/#` alone has no levels. */
  readonly deep: boolean;
}

/** A scope query: any of the parts, each of which needs all its patterns to be met by some scope. */
export interface ScopeQuery {
  readonly anyOf: readonly { readonly allOf: readonly ScopePattern[] }[];
}

/**
 * What a term of `q` compares with. A time keeps its text, because a string value may hold the same text. `isDecoded`: the text
 * before it in the list without its percent-encoding, which nobody wrote.
 */
export type QValue =
  | { readonly kind: 'json'; readonly value: number | string | boolean; readonly isDecoded?: true }
  | {
      readonly kind: 'time';
      readonly form: 'dateTime' | 'date' | 'time';
      readonly text: string;
      readonly micros: Micros;
    }
  | { readonly kind: 'uri'; readonly uri: string }
  | { readonly kind: 'list'; readonly values: readonly QValue[] }
  | { readonly kind: 'range'; readonly from: QValue; readonly to: QValue };

/** Where a term of `q` looks: attribute, sub-attributes or metadata, members inside the value (clause 4.9). */
export interface QPath {
  /** The expanded name of the attribute, or a system member: `createdAt`, `modifiedAt`, `expiresAt`, `deletedAt`, `observedAt`, `scope`, `id`, `type`. */
  readonly attr: string;
  /** Names after dots: expanded sub-attribute names, or `observedAt`, `createdAt`, `modifiedAt`, `unitCode`, `datasetId` as they are. */
  readonly sub: readonly string[];
  /** Names inside the brackets as written: raw member names, a language tag, or `*`. */
  readonly inside: readonly string[];
  /** As `sub` and `attr`, but unexpanded: for messages and for writing the query out again. */
  readonly text: string;
  /** Through a relationship: types the target must have one of (expanded; empty: any), and the path from there. */
  readonly linked?: { readonly types: readonly string[]; readonly path: QPath };
}

export type QOperator = '==' | '!=' | '>' | '>=' | '<' | '<=' | '~=' | '!~=';

/** A query expression in `q`. `expanded`: compare vocabulary terms after expansion (parameter expandValues). */
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

/** A regular expression as text. `compilePattern` makes its matcher, which runs in time linear in the subject. */
export interface Pattern {
  readonly source: string;
}

/** A geo-query (clause 4.10). Distances are metres. */
export interface GeoQuery {
  readonly relation:
    | { readonly georel: 'near'; readonly maxDistanceMetres: number }
    | { readonly georel: 'near'; readonly minDistanceMetres: number }
    | { readonly georel: 'within' | 'contains' | 'overlaps' | 'intersects' | 'equals' | 'disjoint' };
  readonly geometry: Geometry;
  /** The expanded name of the GeoProperty; `location` of the core context unless the query names another. */
  readonly geoproperty: string;
}

/** Which entities: one element of `entities` in a query or subscription, or the parameters `id`, `idPattern`, `type`. */
export interface EntitySelector {
  readonly ids?: readonly string[];
  readonly idPattern?: Pattern;
  readonly types?: TypeSelection;
}

/**
 * Everything that decides whether an entity is found. All given parts must hold. It is plain JSON, so that it can
 * be sent to another thread or written to a log.
 */
export interface Filter {
  /** At least one must match; absent: any entity. */
  readonly selectors?: readonly EntitySelector[];
  /** The entity must have one of these attributes (expanded; parameter `attrs`). */
  readonly attrs?: readonly string[];
  readonly q?: Query;
  readonly geo?: GeoQuery;
  readonly scopeQ?: ScopeQuery;
  /** Instances must be of one of these datasets for `attrs` to hold; `@none` is the default instance. */
  readonly datasetIds?: readonly string[];
  /** Further filters that must hold too: what access decisions add. */
  readonly also?: readonly Filter[];
  /** At least one of these must hold. */
  readonly anyOf?: readonly Filter[];
}

/**
 * What a filter asks of an entity as it is now, when histories are read: its own `attrs` ask what is in the history
 * (clause 5.7.4).
 */
export const withoutAttrs = ({ attrs: _attrs, datasetIds: _datasetIds, ...rest }: Filter): Filter => rest;

/**
 * The times of an instance by which a temporal query can go. `any` is `observedAt`, or `modifiedAt` where there is none; deletions
 * have neither (conflict 40).
 */
export type TimeProperty = 'observedAt' | 'createdAt' | 'modifiedAt' | 'deletedAt' | 'any';

/** A temporal restriction (clause 4.11). Bounds as the standard says: before exclusive, after inclusive, between half-open. */
export interface TemporalQuery {
  readonly timerel?: 'before' | 'after' | 'between';
  readonly timeAt?: Micros;
  readonly endTimeAt?: Micros;
  /** Only instances that have this time are meant. */
  readonly timeproperty: TimeProperty;
  /** The newest n instances of each attribute and dataset. */
  readonly lastN?: number;
}
