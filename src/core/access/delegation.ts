/** Decides which grants a principal may give and take: nobody grants more than he has. */
import type { ScopePattern } from '../language/filter.ts';
import type { Grant, OperationClass } from './grant.ts';
import type { Principal } from './principal.ts';

/** True when the principal administers all tenants of the grant. */
export const administers = ({ grants }: Principal, { tenants }: Grant): boolean =>
  tenantsOf(tenants).every((own) => hasAll(grants, { ...own, operations: ['administer'] }));

/** True when the principal administers the tenants of the grant, and has all that it gives. */
export const mayGrant = (principal: Principal, grant: Grant): boolean =>
  administers(principal, grant) &&
  tenantsOf(grant.tenants).every((own) => hasAll(principal.grants, { ...withoutTenants(grant), ...own }));

/** One element for each tenant, so that each may be covered by another grant. */
const tenantsOf = (tenants: Grant['tenants']): readonly Pick<Grant, 'tenants'>[] =>
  tenants?.map((tenant) => ({ tenants: [tenant] })) ?? [{}];

const withoutTenants = ({ tenants: _tenants, ...grant }: Grant): Grant => grant;

const hasAll = (grants: readonly Grant[], wanted: Grant): boolean =>
  wanted.operations.every((operation) => grants.some((own) => includes(own, wanted, operation)));

/**
 * True when one grant gives at least what another one gives by an operation. A condition or pattern includes only itself. A grant for own
 * entities includes no grant: those of another one are others.
 */
function includes(own: Grant, wanted: Grant, operation: OperationClass): boolean {
  const lists = (['tenants', 'types', 'attrs'] as const).every((name) => hasNames(own[name], wanted[name]));
  return (
    own.operations.includes(operation) &&
    lists &&
    own.own === undefined &&
    (own.idPattern === undefined || own.idPattern.source === wanted.idPattern?.source) &&
    (own.q === undefined || asJson(own.q) === asJson(wanted.q)) &&
    (own.scopes === undefined || hasScopes(own.scopes, wanted.scopes))
  );
}

const asJson = (query: Grant['q']): string => JSON.stringify(query ?? null);

const hasNames = (own: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean =>
  own === undefined || (wanted?.every((name) => own.includes(name)) ?? false);

const hasScopes = (own: readonly ScopePattern[], wanted: readonly ScopePattern[] | undefined): boolean =>
  wanted?.every((scope) => own.some((outer) => isWithin(scope, outer))) ?? false;

/** True when the first pattern matches nothing that the second does not match. A `+` in either includes only itself. */
function isWithin({ levels, deep }: ScopePattern, outer: ScopePattern): boolean {
  const isBelow = outer.levels.every((level, index) => level === levels[index]);
  return isBelow && (outer.deep || (!deep && levels.length === outer.levels.length));
}
