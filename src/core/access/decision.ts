/** The only place that decides which entities and attributes a principal may access by an action in a tenant. */
import type { Filter } from '../language/filter.ts';
import { compileFilter } from '../language/matches/matches.ts';
import type { Entity } from '../model/entity.ts';
import type { Action, Grant, Principal } from './principal.ts';

/** `full`: no restriction. `none`: no access. `part`: access to the entities that match `filter`, with the attributes that `see` leaves. */
export type Decision =
  | { readonly extent: 'full' }
  | { readonly extent: 'none' }
  | {
      readonly extent: 'part';
      readonly filter: Filter;
      /** The entity with the attributes that may be accessed. Undefined when the entity itself may not be accessed. */
      readonly see: (entity: Entity) => Entity | undefined;
    };

/** Decides on access. Pure: the same arguments give the same decision. */
export function decide(principal: Principal, action: Action, tenant: string): Decision {
  const grants = principal.grants.filter(
    (grant) => grant.actions.includes(action) && (grant.tenants?.includes(tenant) ?? true),
  );
  if (grants.length === 0) return { extent: 'none' };
  if (grants.some(isUnrestricted)) return { extent: 'full' };
  const rules = grants.map((grant) => ({ grant, covers: compileFilter(filterOf(grant)) }));
  return {
    extent: 'part',
    filter: { anyOf: grants.map(filterOf) },
    see: (entity) =>
      visible(
        entity,
        rules.filter(({ covers }) => covers(entity)).map(({ grant }) => grant),
      ),
  };
}

const isUnrestricted = ({ types, scopes, attrs }: Grant): boolean =>
  types === undefined && scopes === undefined && attrs === undefined;

const filterOf = ({ types, scopes }: Grant): Filter => ({
  ...(types ? { selectors: types.map((type) => ({ types: { op: 'type', type } })) } : undefined),
  ...(scopes ? { scopeQ: { anyOf: scopes.map((scope) => ({ allOf: [scope] })) } } : undefined),
});

function visible(entity: Entity, grants: readonly Grant[]): Entity | undefined {
  if (grants.length === 0) return undefined;
  if (grants.some((grant) => grant.attrs === undefined)) return entity;
  const names = new Set(grants.flatMap((grant) => grant.attrs ?? []));
  return { ...entity, attrs: Object.fromEntries(Object.entries(entity.attrs).filter(([name]) => names.has(name))) };
}
