/** What an attribute is: eight kinds, one shape (CIM 009 clauses 4.5.2 to 4.5.5). */
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

/** Values of these kinds stand in an object with their member there: their kind could not be told otherwise. */
export const wrappedKinds: ReadonlySet<Kind> = new Set<Kind>(['LanguageProperty', 'VocabProperty', 'JsonProperty']);

/** True for the kinds whose values are URIs of entities. */
export const isRelationship = (kind: Kind): boolean => kind === 'Relationship' || kind === 'ListRelationship';

/** Whether instances of a kind can have a member that says more of their value. */
export function mayHave(kind: Kind, member: 'unitCode' | 'objectType' | 'valueType'): boolean {
  if (member === 'unitCode') return kind === 'Property' || kind === 'ListProperty';
  return isRelationship(kind) === (member === 'objectType');
}

/** The NGSI-LD Null: in a fragment it asks for a deletion, in output it shows one (clause 4.5.0). */
export const ngsildNull = 'urn:ngsi-ld:null';

/** The NGSI-LD Null in the form of the kind (clause 4.5.0). */
export function nullOf(kind: Kind): Json {
  if (kind === 'LanguageProperty') return { '@none': ngsildNull };
  return kind === 'ListProperty' || kind === 'ListRelationship' ? [ngsildNull] : ngsildNull;
}

/**
 * One instance of an attribute, names expanded. `value` is shaped by `kind`:
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
 * Time stamps left out are those of the owner: no `createdAt` means the owner's `createdAt`, no `modifiedAt`
 * means this instance's `createdAt`. The owner of an instance is its entity, of a sub-attribute the instance it is in.
 */
export interface Instance {
  readonly kind: Kind;
  readonly value: Json;
  /** Tells instances of one attribute apart; absent on the default instance. */
  readonly datasetId?: string;
  readonly observedAt?: Instant;
  readonly unitCode?: string;
  /** Of relationships: the expanded type or types of the target. */
  readonly objectType?: string | readonly string[];
  /** Of properties: the expanded name of the value's data type. */
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

/** Attributes by expanded name; never an empty list. Instances differ in `datasetId`. */
export interface Attributes {
  readonly [name: string]: readonly Instance[];
}

/**
 * What a request says of one instance: any part of it. `ngsildNull` as `value` asks for deletion of the instance,
 * as any other member of deletion of that member. `kind` is absent where the text does not tell it.
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
  /** Only in a merge: the kind is told by the value alone, and may as well be the other one that has a `value`. */
  readonly isInferred?: true;
  /** Only in a merge, and beside nothing but `datasetId`: the instance that it meets tells what the fragment is. */
  readonly undecided?: Undecided;
}

/** An object that tells neither kind nor value: sub-attributes and other members of an instance, or the value of a Property. */
export interface Undecided {
  readonly asParts: FragmentOrProblem;
  readonly asValue: FragmentOrProblem;
  /** True when a member is one that instances have, or can be nothing but an attribute. */
  readonly hasParts: boolean;
  /** The other members: parts where there is a sub-attribute of that name. */
  readonly open: readonly OpenMember[];
}

export interface OpenMember {
  readonly name: string;
  /** Expanded; absent where it cannot be the name of an attribute. */
  readonly iri?: string;
  /** True when it asks for a deletion. */
  readonly isNull: boolean;
}

export type FragmentOrProblem = { readonly fragment: Fragment } | { readonly problem: ProblemReport };

export interface Fragments {
  readonly [name: string]: readonly Fragment[];
}
