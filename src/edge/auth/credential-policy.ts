/** Makes a policy grant nothing to an identity whose key was revoked, or whose credentials have expired. */
import type { Identity } from '../../core/access/identity.ts';
import type { AccessPolicy } from '../../core/access/policy.ts';
import { createPrincipal } from '../../core/access/principal.ts';
import { compareInstants, microsOfInstant } from '../../core/model/instant.ts';
import type { Clock } from '../../core/port/clock.ts';
import type { KeyRing } from './key-ring.ts';

/** The beginning of the subject of each key. */
const keySubjectPrefix = 'key:';

/** The listeners of the policy are also called when a key changes, so that the streams of a revoked key end. */
export function createCredentialPolicy(
  policy: AccessPolicy,
  {
    keys,
    clock,
  }: { readonly keys: Pick<KeyRing, 'holderOf' | 'holderNamed' | 'endOf' | 'follow'>; readonly clock: Clock },
): AccessPolicy {
  return {
    ...policy,
    principalOf: (identity) => (isValid(identity) ? policy.principalOf(identity) : createPrincipal(identity, [])),
    principalOfOwner: (owner) => {
      const present = withPresentRoles(owner);
      return present ? policy.principalOfOwner(present) : createPrincipal(owner, []);
    },
    endOf: ({ credential, expiresAt }) => {
      const keyEnd = credential === undefined ? undefined : keys.endOf(credential);
      if (keyEnd === undefined || expiresAt === undefined) return keyEnd ?? expiresAt;
      return compareInstants(keyEnd, expiresAt) < 0 ? keyEnd : expiresAt;
    },
    follow: (listener) => {
      const stops = [policy.follow(listener), keys.follow(listener)];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };

  /** The owner with the present roles of his key. For the holder of a token they are unknown, so the roles at the creation count. */
  function withPresentRoles(owner: Identity): Identity | undefined {
    const isKey = owner.kind === 'key' && owner.subject.startsWith(keySubjectPrefix);
    return isKey ? keys.holderNamed(owner.subject.slice(keySubjectPrefix.length)) : owner;
  }

  function isValid({ expiresAt, credential }: Identity): boolean {
    if (credential !== undefined && keys.holderOf(credential) === undefined) return false;
    return expiresAt === undefined || microsOfInstant(clock.now()) < microsOfInstant(expiresAt);
  }
}
