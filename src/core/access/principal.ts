/** The caller of a request and its permissions. */
import type { ScopePattern } from '../language/filter.ts';
import type { Identity } from './identity.ts';

/** What an operation does to data, as access control sees it. */
export type Action = 'read' | 'write';

/** A permission. Absent members do not restrict it. */
export interface Grant {
  readonly actions: readonly Action[];
  readonly tenants?: readonly string[];
  /** Expanded entity types. */
  readonly types?: readonly string[];
  readonly scopes?: readonly ScopePattern[];
  /** Expanded names of the attributes that may be read or written. */
  readonly attrs?: readonly string[];
}

/** A caller with its present grants. */
export interface Principal {
  readonly identity: Identity;
  readonly grants: readonly Grant[];
}
