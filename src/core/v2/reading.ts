/** Defines how the body of a request in NGSI v2 is read. */
import type { Terms } from '../model/entity.ts';

export interface V2Reading {
  /** The @context of the tenant: what v2 names mean. */
  readonly terms: Terms;
  /** True with the option `keyValues`: an attribute is its value. */
  readonly isKeyValues: boolean;
  /** True: values may not have the characters that v2 forbids. */
  readonly isStrict: boolean;
  /** `replace` with the option `overrideMetadata`. */
  readonly metadata: 'keep' | 'replace';
  /** True with the option `forcedUpdate`: what is written counts as changed, also when it is the same as before. */
  readonly isForced?: boolean;
}
