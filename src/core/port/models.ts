/** What the core asks of the data models: does an entity, or a part of one, conform to the model of its type? */
import type { Fragments } from '../model/attribute.ts';
import type { BrokenRule } from '../model/broken-rules.ts';

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

/** What is wrong with an entity or a part of one. Both lists are of limited length. */
export interface ModelCheck {
  /** The violations of models in mode `reject`. When there are some, `warned` can be incomplete. */
  readonly refused: readonly ModelViolation[];
  /** The rules of models in mode `warn` that are violated. */
  readonly warned: readonly BrokenRule[];
}

/** The data models that are loaded. */
export interface Models {
  /**
   * The rules that the attributes of an entity of these types violate. `whole` is false for a part of an entity: then missing attributes
   * are no violation. Models in mode `off` are not checked. Never throws.
   */
  check(
    entity: { readonly id: string; readonly types: readonly string[]; readonly attrs: Fragments },
    whole: boolean,
  ): ModelCheck;
  /**
   * False when no active model has a rule for one of these attributes: `check` then finds nothing in a part with these attributes, whatever
   * the types of its entity are, so callers need not read them. `types`: also false only when none of these has an active model.
   */
  concerns(attrs: Fragments, types?: readonly string[]): boolean;
}
