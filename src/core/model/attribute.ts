/** Defines attributes: eight kinds with one shape (CIM 009 clauses 4.5.2 to 4.5.5). */
import type { Instant } from './instant.ts';
import type { Json } from './json.ts';
import type { ProblemReport } from './problem.ts';

/** The eight kinds of attribute, named as in the `type` member of the normalized representation. */
export const kinds = [
  'Property',
  'GeoProperty',
  'LanguageProperty',
  'VocabProperty',
  'ListProperty',
  'JsonProperty',
  'Relationship',
  'ListRelationship',
] as const;
export type Kind = (typeof kinds)[number];

/** The member that holds the value of each kind in the normalized representation. */
export const valueMember = {
  Property: 'value',
  GeoProperty: 'value',
  LanguageProperty: 'languageMap',
  VocabProperty: 'vocab',
  ListProperty: 'valueList',
  JsonProperty: 'json',
  Relationship: 'object',
  ListRelationship: 'objectList',
} as const satisfies Record<Kind, string>;

/** The members that hold pairs of value and time in the simplified temporal representation, by kind (clause 4.5.9). */
export const listMember = {
  Property: 'values',
  GeoProperty: 'values',
  LanguageProperty: 'languageMaps',
  VocabProperty: 'vocabs',
  ListProperty: 'valueLists',
  JsonProperty: 'jsons',
  Relationship: 'objects',
  ListRelationship: 'objectLists',
} as const satisfies Record<Kind, string>;

/** Values of these kinds are wrapped in an object with the value member, because the bare value does not identify the kind. */
export const wrappedKinds: ReadonlySet<Kind> = new Set<Kind>(['LanguageProperty', 'VocabProperty', 'JsonProperty']);

/** True for the kinds whose values are URIs of entities. */
export const isRelationship = (kind: Kind): boolean => kind === 'Relationship' || kind === 'ListRelationship';

/** True when instances of this kind can have this member. */
export function mayHave(kind: Kind, member: 'unitCode' | 'objectType' | 'valueType'): boolean {
  if (member === 'unitCode') return kind === 'Property' || kind === 'ListProperty';
  return isRelationship(kind) === (member === 'objectType');
}

/** The NGSI-LD Null: in a fragment it requests a deletion, in output it shows a deletion (clause 4.5.0). */
export const ngsildNull = 'urn:ngsi-ld:null';

/** The NGSI-LD Null in the form of this kind (clause 4.5.0). */
export function nullOf(kind: Kind): Json {
  if (kind === 'LanguageProperty') return { '@none': ngsildNull };
  return kind === 'ListProperty' || kind === 'ListRelationship' ? [ngsildNull] : ngsildNull;
}

/**
 * One instance of an attribute, names expanded. The shape of `value` depends on `kind`:
 *
 * | kind | value |
 * |---|---|
 * | Property | any JSON but null |
 * | GeoProperty | a GeoJSON geometry |
 * | LanguageProperty | object: language tag or `@none` to string or strings |
 * | VocabProperty | IRI or IRIs |
 * | ListProperty | array |
 * | JsonProperty | object or array, opaque |
 * | Relationship | URI or URIs |
 * | ListRelationship | array of URIs (without their `{"object": ...}`) |
 *
 * An absent time stamp is inherited: without `createdAt` the owner's `createdAt` applies, without `modifiedAt` this instance's
 * `createdAt`. The owner of an instance is its entity. The owner of a sub-attribute is the instance that holds it.
 */
export interface Instance {
  readonly kind: Kind;
  readonly value: Json;
  /** Identifies an instance among those of one attribute; absent on the default instance. */
  readonly datasetId?: string;
  readonly observedAt?: Instant;
  readonly unitCode?: string;
  /** For relationships: the expanded type or types of the target. */
  readonly objectType?: string | readonly string[];
  /** For properties: the expanded name of the value's data type. */
  readonly valueType?: string;
  readonly expiresAt?: Instant;
  readonly createdAt?: Instant;
  readonly modifiedAt?: Instant;
  /** Only on the proof in `ngsildproof`: the sealed id of the entity. */
  readonly entityIdSealed?: string;
  /** Only on the proof in `ngsildproof`: the sealed expanded type of the entity. */
  readonly entityTypeSealed?: string;
  readonly attrs?: Attributes;
}

/** Attributes by expanded name. A list is never empty, and its instances differ in `datasetId`. */
export interface Attributes {
  readonly [name: string]: readonly Instance[];
}

/**
 * The part of an instance that a request gives. `ngsildNull` as `value` requests the deletion of the instance. As any other member it
 * requests the deletion of that member. `kind` is absent where the JSON does not identify it.
 */
export interface Fragment {
  readonly kind?: Kind;
  readonly value?: Json;
  readonly datasetId?: string;
  readonly observedAt?: Instant;
  readonly unitCode?: string;
  readonly objectType?: string | readonly string[];
  readonly valueType?: string;
  readonly expiresAt?: Instant;
  readonly entityIdSealed?: string;
  readonly entityTypeSealed?: string;
  readonly attrs?: Fragments;
  /** Only in a merge: the kind follows from the value alone. The other kind with a `value` member is possible too. */
  readonly isInferred?: true;
  /** Only in a merge, and with no other member than `datasetId`: the existing instance decides how the fragment is read. */
  readonly undecided?: AmbiguousFragment;
}

/** An object that identifies neither kind nor value: either members and sub-attributes of an instance, or the value of a Property. */
export interface AmbiguousFragment {
  readonly asParts: FragmentOrProblem;
  readonly asValue: FragmentOrProblem;
  /** True when at least one member is a known member of instances, or can only be an attribute. */
  readonly hasParts: boolean;
  /** The other members. They are parts of the instance where it has a sub-attribute of that name. */
  readonly open: readonly OpenMember[];
}

export interface OpenMember {
  readonly name: string;
  /** The expanded name; absent when the name cannot be the name of an attribute. */
  readonly iri?: string;
  /** True when the member requests a deletion. */
  readonly isNull: boolean;
}

export type FragmentOrProblem = { readonly fragment: Fragment } | { readonly problem: ProblemReport };

export interface Fragments {
  readonly [name: string]: readonly Fragment[];
}
