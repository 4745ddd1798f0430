/** Who sends a request, as the credentials prove it. The policy turns an identity into a principal. */
import type { Instant } from '../model/instant.ts';
import { Problem } from '../model/problem.ts';

export interface Identity {
  /** `local`: the command line on the data folder. `anonymous`: no credentials. */
  readonly kind: 'anonymous' | 'key' | 'token' | 'local';
  /** Unique, stable and fit for the audit: `anonymous`, `local`, `key:NAME`, `token:ISSUER#SUB`. */
  readonly subject: string;
  /** Names of roles: of the key, or from the configured claims of the token. */
  readonly roles: readonly string[];
  /** When the credentials end. A stream that lasts longer is ended. */
  readonly expiresAt?: Instant;
  /** The id of the secret of a key that proved it. The identity ends with this secret. */
  readonly credential?: string;
}

/** A caller without credentials. */
export const anonymous: Identity = { kind: 'anonymous', subject: 'anonymous', roles: [] };

/** The broker itself, and the command line on its data folder. */
export const local: Identity = { kind: 'local', subject: 'local', roles: ['administrator'] };

/** What credentials are read from. */
export interface RequestHead {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The connection. Absent: the sender has no address. `encrypted`: it is a TLS connection. */
  readonly socket?: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean };
}

/** Identifies the sender of a request. Throws a Problem for invalid credentials. Every edge with callers is given such a function. */
export type Authenticate = (head: RequestHead) => Identity | Promise<Identity>;

/** For a client without credentials that asks for more than everybody may have. */
export const credentialsNeeded = (): Problem =>
  new Problem(
    'Unauthenticated',
    'This needs a key or a token: send the header Authorization: Bearer KEY, or X-Auth-Token: KEY.',
  );
