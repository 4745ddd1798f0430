/** What the core asks of the data models: is this entity, or this part of one, as its type's model wants it? */
import type { Fragments } from '../model/attribute.ts';

/** A rule of a data model that an entity broke. */
export interface ModelViolation {
  /** Expanded type whose model it is. */
  readonly type: string;
  /** The attribute as the model names it; absent when the entity as a whole is wrong. */
  readonly attribute?: string;
  /** The rule in words, such as `must be <= 1`. */
  readonly rule: string;
  /** The offending value as JSON text, cut to a bounded length. */
  readonly value: string;
}

export interface Models {
  /**
   * Rules broken by the attributes of an entity of these types. `whole` is false for a part of an entity: missing
   * attributes are no violation then. Only violations of models in mode `reject` are returned; those in mode `warn` are
   * observed; others are not looked for.
   */
  check(
    entity: { readonly id: string; readonly types: readonly string[]; readonly attrs: Fragments },
    whole: boolean,
  ): readonly ModelViolation[];
  /** True when no model is in force for anything: callers may skip reading an entity's types. */
  readonly isIdle: boolean;
}
