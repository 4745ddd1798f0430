/** The policy: which grants an identity has at present. */
import { anonymous, type Identity } from './identity.ts';
import type { Principal } from './principal.ts';

export interface AccessPolicy {
  /** The principal with its present grants. Cheap: cached by identity and version of the policy. */
  principalOf(identity: Identity): Principal;
  /** Calls back when grants or roles change. Returns the function that stops it. */
  follow(listener: () => void): () => void;
}

const everything: Principal['grants'] = [{ actions: ['read', 'write'] }];
const everybody: Principal = { identity: anonymous, grants: everything };

/** Grants everything to everybody, which is why the broker listens on 127.0.0.1 by default. */
export const openPolicy: AccessPolicy = {
  principalOf: (identity) => (identity === anonymous ? everybody : { identity, grants: everything }),
  follow: () => () => undefined,
};
