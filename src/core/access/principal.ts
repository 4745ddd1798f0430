/** The caller of a request and its permissions. */
import type { ScopePattern } from '../language/filter.ts';

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

/** A caller whose identity is known. */
export interface Principal {
  readonly id: string;
  readonly grants: readonly Grant[];
}

/** A caller without credentials. It has full grants, which is why the broker listens on 127.0.0.1 by default. */
export const anonymous: Principal = { id: 'anonymous', grants: [{ actions: ['read', 'write'] }] };
