/** Who asks, and what was granted to whom. */
import type { ScopePattern } from '../language/filter.ts';

/** What an operation does to data, seen from access control. */
export type Action = 'read' | 'write';

/** A permission. Members left out do not restrict. */
export interface Grant {
  readonly actions: readonly Action[];
  readonly tenants?: readonly string[];
  /** Expanded entity types. */
  readonly types?: readonly string[];
  readonly scopes?: readonly ScopePattern[];
  /** Expanded names of the attributes that may be seen or written. */
  readonly attrs?: readonly string[];
}

/** A caller whose identity has been established. */
export interface Principal {
  readonly id: string;
  readonly grants: readonly Grant[];
}

/** Whoever did not say who they are: today with full grants, which is why the broker listens on 127.0.0.1 by default. */
export const anonymous: Principal = { id: 'anonymous', grants: [{ actions: ['read', 'write'] }] };
