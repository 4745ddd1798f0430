/** The policy: which grants an identity has at present. */
import type { Instant } from '../model/instant.ts';
import { operationClasses } from './grant.ts';
import { anonymous, type Identity } from './identity.ts';
import { createPrincipal, type Principal } from './principal.ts';

export interface AccessPolicy {
  /** True when everything is granted to everybody. */
  readonly isOpen: boolean;
  /** The principal with its present grants. Cheap: cached by identity and version of the policy. */
  principalOf(identity: Identity): Principal;
  /** The same for the owner of something stored, who sends no request now. An owner whose key was revoked is granted nothing. */
  principalOfOwner(owner: Identity): Principal;
  /** When the credentials of an identity end, as is known now: a rotation may have set the end of its key since. Undefined: never. */
  endOf(identity: Identity): Instant | undefined;
  /** Calls back when grants or roles change. Returns the function that stops it. */
  follow(listener: () => void): () => void;
  /** Puts into effect what this broker changed in the stored grant with this id. */
  refresh(id: string): Promise<void>;
}

/** The grants of the role `administrator`. */
export const everything: Principal['grants'] = [{ operations: operationClasses }];
const everybody = createPrincipal(anonymous, everything);

/** Grants everything to everybody, which is why the broker listens on 127.0.0.1 by default. */
export const openPolicy: AccessPolicy = {
  isOpen: true,
  principalOf: (identity) => (identity === anonymous ? everybody : createPrincipal(identity, everything)),
  principalOfOwner: () => everybody,
  endOf: ({ expiresAt }) => expiresAt,
  follow: () => () => undefined,
  refresh: () => Promise.resolve(),
};
