/** Adds the end of credentials to a policy: an identity whose key was revoked, or whose credentials have expired, is granted nothing. */
import type { Identity } from '../../core/access/identity.ts';
import type { AccessPolicy } from '../../core/access/policy.ts';
import { createPrincipal } from '../../core/access/principal.ts';
import { compareInstants, microsOfInstant } from '../../core/model/instant.ts';
import type { Clock } from '../../core/port/clock.ts';
import type { KeyRing } from './key-ring.ts';

/** The subjects of keys begin with it. */
const keySubject = 'key:';

/** Followers of the policy are also called when a key changes, so that streams of a revoked key end. */
export function createValidPolicy(
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
      const present = presentOwner(owner);
      return present ? policy.principalOfOwner(present) : createPrincipal(owner, []);
    },
    endOf: ({ credential, expiresAt }) => {
      const ofKey = credential === undefined ? undefined : keys.endOf(credential);
      if (ofKey === undefined || expiresAt === undefined) return ofKey ?? expiresAt;
      return compareInstants(ofKey, expiresAt) < 0 ? ofKey : expiresAt;
    },
    follow: (listener) => {
      const stops = [policy.follow(listener), keys.follow(listener)];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };

  /** A key has the roles that it has now. Nothing tells the roles that the holder of a token has now. */
  function presentOwner(owner: Identity): Identity | undefined {
    const isKey = owner.kind === 'key' && owner.subject.startsWith(keySubject);
    return isKey ? keys.holderNamed(owner.subject.slice(keySubject.length)) : owner;
  }

  function isValid({ expiresAt, credential }: Identity): boolean {
    if (credential !== undefined && keys.holderOf(credential) === undefined) return false;
    return expiresAt === undefined || microsOfInstant(clock.now()) < microsOfInstant(expiresAt);
  }
}
