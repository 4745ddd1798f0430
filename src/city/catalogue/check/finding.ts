/** What a check found. */
import type { PrefixedName } from '../vocabulary.ts';

export interface Finding {
  /** A fault breaks a rule. A warning is about what is recommended, or looks wrong. */
  readonly severity: 'fault' | 'warning';
  /** The IRI of the node, or the name of a blank node. */
  readonly subject: string;
  readonly property: PrefixedName;
  /** A sentence. */
  readonly message: string;
}
