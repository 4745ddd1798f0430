/** Decides who may see and change a stored subscription: its owner, and the administrators of the tenant. */
import { isObject, type Json } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { readId } from '../../model/read/id.ts';
import type { SubscriptionDocument } from '../../model/subscription.ts';
import type { CallContext } from '../operation.ts';

/**
 * The id of a stored subscription in a path: a URI, or 24 hexadecimal digits of one of NGSI v2. Only for what both have, such as dead letters.
 */
export const readAnyId = (id: string | undefined): string =>
  id !== undefined && /^[0-9a-f]{24}$/.test(id) ? id : readId(id, 'the id of the subscription');

/** The owner of a subscription that the call creates. Throws Forbidden for a caller without credentials. */
export function ownerOf({ principal, services }: CallContext): Pick<SubscriptionDocument, 'owner'> {
  if (services.access.isOpen) return {};
  const { kind, subject, roles } = principal.identity;
  if (kind === 'anonymous')
    throw new Problem('Forbidden', 'A subscription that is stored needs an owner: send credentials, or use a stream.');
  return { owner: { kind, subject, roles } };
}

/** The subject of the owner of a stored subscription. Undefined: it has none. */
export function ownerIn(stored: Json | undefined): Json | undefined {
  const owner = isObject(stored) ? stored['owner'] : undefined;
  return isObject(owner) ? owner['subject'] : undefined;
}

/** True when the caller may see and change the stored document of a subscription. One that is absent belongs to nobody. */
export function mayManage(
  stored: Json | undefined,
  { principal, tenant, services }: Pick<CallContext, 'principal' | 'tenant' | 'services'>,
): boolean {
  if (services.access.isOpen || principal.rights('administer', tenant).extent === 'full') return true;
  const { kind, subject } = principal.identity;
  return kind !== 'anonymous' && ownerIn(stored) === subject;
}

/**
 * Throws Forbidden when the caller may see only a part of what the tenant notifies. Explanations and dead letters were made from whole
 * entities, and cannot be limited to a part.
 */
export function requireWhole({ principal, tenant }: CallContext): void {
  if (principal.rights('subscribe', tenant).extent !== 'full')
    throw new Problem('Forbidden', 'This shows whole entities, and you are granted only a part of the tenant.');
}
