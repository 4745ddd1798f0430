/** Opens stores as a caller may read them by a certain class of operation, whatever class the running operation has. */
import { restrictToDomain } from '../../access/domain.ts';
import type { OperationClass } from '../../access/grant.ts';
import { guardStore } from '../../access/guard.ts';
import type { Store } from '../../port/store.ts';
import type { CallContext } from '../operation.ts';

/** Throws Forbidden when the caller may read nothing. */
export function readableStore(
  store: Store,
  access: OperationClass,
  { principal, tenant, domain }: Pick<CallContext, 'principal' | 'tenant' | 'domain'>,
): Store {
  const guarded = guardStore(store, principal.rights(access, tenant));
  return domain ? restrictToDomain(guarded, domain, 'read') : guarded;
}
