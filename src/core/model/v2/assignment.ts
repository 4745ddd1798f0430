/**
 * Defines the writes of NGSI v2. They set the default instances of attributes. Members that a request does not name stay, and so does
 * everything that v2 does not show: other datasets, further types and scopes, sub-attributes of sub-attributes.
 */
import type { Fragments, Kind } from '../attribute.ts';
import type { EntityFragment } from '../entity.ts';
import type { Instant } from '../instant.ts';
import type { Json } from '../json.ts';

/** A value as one kind of attribute. `valueType` is expanded. */
export interface Content {
  readonly kind: Kind;
  readonly value: Json;
  readonly valueType?: string;
}

/** The types of values that are given without one, by the JSON types of the values. */
export type InitialType = 'Text' | 'Number' | 'Boolean' | 'StructuredValue' | 'None';

/** What a request sets for one attribute. */
export interface Assignment {
  readonly content: Content;
  /** The same value as other kinds, where the request gives no type. The one of the kind that is stored applies. */
  readonly alternatives?: readonly Content[];
  /** Computes the new value from the stored one, in place of `content.value`. */
  readonly operations?: readonly UpdateOperation[];
  /**
   * Present when the request gives no type and the stored type stays, as in a request on the value alone: the expanded names of the types
   * that values have without a `valueType`.
   */
  readonly initialTypes?: Readonly<Record<InitialType, string>>;
  readonly observedAt?: Instant;
  readonly unitCode?: string;
  readonly expiresAt?: Instant;
  /** The other metadata, as sub-attributes. */
  readonly attrs: Fragments;
  /** `replace`: metadata that the request does not give are removed. */
  readonly metadata: 'keep' | 'replace';
  /** The other IRI of the same name: that of a `location` that is a geometry, or of one that is none. Only one of the two exists. */
  readonly alias?: string;
}

/** By the expanded names of the attributes. */
export type Assignments = Readonly<Record<string, Assignment>>;

/** An update operator of NGSI v2 and its operand. */
export interface UpdateOperation {
  readonly name: '$inc' | '$mul' | '$min' | '$max' | '$push' | '$addToSet' | '$pull' | '$pullAll' | '$set' | '$unset';
  readonly operand: Json;
  /** The operand as a time, for values that are times. */
  readonly time?: Instant;
}

/**
 * | rule | attributes that exist | that do not | not named |
 * |---|---|---|---|
 * | append | set | added | stay |
 * | appendMissing | stay, reported | added | stay |
 * | update | set | reported | stay |
 * | replace | set | added | removed |
 */
export type AssignRule = 'append' | 'appendMissing' | 'update' | 'replace';

export interface AssignMutation {
  readonly op: 'assign';
  readonly id: string;
  readonly rule: AssignRule;
  readonly attrs: Assignments;
  /** The new expiry of the entity; `ngsildNull` removes it. */
  readonly expiresAt?: Instant;
  /** The entity that is created when there is none. Absent: the entity must exist. */
  readonly creates?: EntityFragment;
  /** True: what is written counts as updated, also when it is the same as before, so that it is notified. */
  readonly isForced?: true;
}

/** Removes the default instances of attributes. Attributes that do not exist are reported. */
export interface UnassignMutation {
  readonly op: 'unassign';
  readonly id: string;
  /** Expanded names. */
  readonly attrs: readonly string[];
  /** True: the expiry of the entity is removed too. */
  readonly removesExpiry?: true;
}
