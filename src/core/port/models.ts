/** What the core asks of the data models: does an entity, or a part of one, conform to the model of its type? */
import type { Fragments } from '../model/attribute.ts';

/** A rule of a data model that an entity violates. */
export interface ModelViolation {
  /** Expanded type that the model belongs to. */
  readonly type: string;
  /** The attribute, named as in the model. Absent when the violation concerns the whole entity. */
  readonly attribute?: string;
  /** The rule in words, such as `must be <= 1`. */
  readonly rule: string;
  /** The offending value as JSON text, truncated to a bounded length. */
  readonly value: string;
}

/** The data models that are loaded. */
export interface Models {
  /**
   * The rules that the attributes of an entity of these types violate. `whole` is false for a part of an entity: then missing attributes
   * are no violation. Returns only violations of models in mode `reject`. Violations of models in mode `warn` are observed. Other models
   * are not checked. Never throws.
   */
  check(
    entity: { readonly id: string; readonly types: readonly string[]; readonly attrs: Fragments },
    whole: boolean,
  ): readonly ModelViolation[];
  /** True when no model is active. Callers may then skip reading the types of an entity. */
  readonly isIdle: boolean;
}
