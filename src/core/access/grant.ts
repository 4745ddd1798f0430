/** What a grant says: which operations, on what. */
import type { Pattern, Query, ScopePattern } from '../language/filter.ts';

/**
 * What an operation does, as access control sees it. `delete`: entities, attributes and history. `subscribe`: stored subscriptions and
 * streams. `history`: reads what was. `register`: context sources. `administer`: grants, keys, and what belongs to others. `audit`: who did what.
 */
export const operationClasses = [
  'read',
  'write',
  'delete',
  'subscribe',
  'history',
  'register',
  'administer',
  'audit',
] as const;
export type OperationClass = (typeof operationClasses)[number];

/** A permission. Absent members do not restrict it. A grant covers an entity that meets all its members. */
export interface Grant {
  /** `administrator`, `writer` and `reader`: the grants of the roles that are there from the start. Absent: access is open. */
  readonly id?: string;
  readonly operations: readonly OperationClass[];
  readonly tenants?: readonly string[];
  /** Expanded entity types. The entity must have one of them. */
  readonly types?: readonly string[];
  readonly idPattern?: Pattern;
  /** The entity must have a scope that matches one of them. */
  readonly scopes?: readonly ScopePattern[];
  /** Expanded names of the attributes that the grant gives access to. */
  readonly attrs?: readonly string[];
  /** The entity must have been created by the one who has the grant. */
  readonly own?: true;
  /** With `own`: the subject of the one who has the grant, which the policy fills in. Absent: nobody's, and the grant covers nothing. */
  readonly owner?: string;
  /** A condition on the whole entity. It may use attributes that the grant hides. */
  readonly q?: Query;
}
