/** The policy of the roles that are there from the start. */
import type { Grant } from './grant.ts';
import type { Identity } from './identity.ts';
import { type AccessPolicy, everything } from './policy.ts';
import { createPrincipal, type Principal } from './principal.ts';

/** Their grants, in all tenants. */
const roles: Readonly<Record<string, readonly Grant[]>> = {
  administrator: everything,
  writer: [{ operations: ['read', 'write', 'delete', 'subscribe', 'history'] }],
  reader: [{ operations: ['read', 'subscribe', 'history'] }],
};

export function createRolePolicy(): AccessPolicy {
  const known = new WeakMap<Identity, Principal>();
  return {
    isOpen: false,
    principalOf: (identity) => {
      const principal = known.get(identity) ?? createPrincipal(identity, identity.roles.flatMap(grantsOf));
      known.set(identity, principal);
      return principal;
    },
    follow: () => () => undefined,
    refresh: () => Promise.resolve(),
  };
}

const grantsOf = (role: string): readonly Grant[] => (Object.hasOwn(roles, role) ? (roles[role] ?? []) : []);
