/** Who sends a request, as the credentials prove it. The policy turns an identity into a principal. */
import type { Instant } from '../model/instant.ts';

export interface Identity {
  /** `local`: the command line on the data folder. `anonymous`: no credentials. */
  readonly kind: 'anonymous' | 'key' | 'token' | 'local';
  /** Unique, stable and fit for the audit: `anonymous`, `local`, `key:NAME`, `token:ISSUER#SUB`. */
  readonly subject: string;
  /** Names of roles: of the key, or from the configured claims of the token. */
  readonly roles: readonly string[];
  /** When the credentials end. A stream that lasts longer is ended. */
  readonly expiresAt?: Instant;
}

/** A caller without credentials. */
export const anonymous: Identity = { kind: 'anonymous', subject: 'anonymous', roles: [] };

/** The broker itself, and the command line on its data folder. */
export const local: Identity = { kind: 'local', subject: 'local', roles: ['administrator'] };

/** What credentials are read from. */
interface RequestHead {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Identifies the sender of a request. Throws a Problem for invalid credentials. Every edge with callers is given such a function. */
export type Authenticate = (head: RequestHead) => Identity | Promise<Identity>;
