/** Asks for grants where no operation of the API does it: at pages, and at the API of ngsi-proxy. */
import { decide } from '../../core/access/decision.ts';
import { type Authenticate, credentialsNeeded, type RequestHead } from '../../core/access/identity.ts';
import type { Principal } from '../../core/access/principal.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Services } from '../../core/operation/operation.ts';

interface Grants {
  readonly services: Pick<Services, 'access'>;
  /** Absent: everybody may do everything. */
  readonly authenticate?: Authenticate;
}

/** Throws Unauthenticated or Forbidden when the sender of a request may not do this. */
export async function requireGrant(
  head: RequestHead,
  { services, authenticate }: Grants,
  isAllowed: (principal: Principal) => boolean,
): Promise<void> {
  if (!authenticate) return;
  const principal = services.access.principalOf(await authenticate(head));
  if (isAllowed(principal)) return;
  if (principal.identity.kind === 'anonymous') throw credentialsNeeded();
  throw new Problem('Forbidden', `${principal.identity.subject} has no grant for this.`);
}

/** True when the grants for all tenants together give everything to read. Those for named tenants do not count. */
export const mayReadEverything = ({ grants }: Principal): boolean =>
  decide(
    grants.filter(({ tenants }) => tenants === undefined),
    'read',
    '',
  ).extent === 'full';

export const maySubscribe = ({ grants }: Principal): boolean =>
  grants.some(({ operations }) => operations.includes('subscribe'));
