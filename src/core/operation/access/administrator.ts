/** Requires an administrator for operations that concern all tenants: a grant to administer may name one of them. */
import { Problem } from '../../model/problem.ts';
import type { CallContext } from '../operation.ts';

/** Throws Forbidden. `what` an administrator may do ends the sentence, such as `see the tenants`. */
export function requireAdministrator({ services, principal: { identity } }: CallContext, what: string): void {
  if (!services.access.isOpen && !identity.roles.includes('administrator'))
    throw new Problem('Forbidden', `Only an administrator may ${what}.`);
}
