/**
 * Keeps the public keys of one issuer of tokens: found by OpenID Connect Discovery, renewed in the background and when a token names an unknown
 * key. While the issuer is away, the last keys stay in use.
 */
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { Problem } from '../../core/model/problem.ts';
import type { Issuer } from './issuers.ts';

export interface IssuerKeys {
  /** Finds the key of a token, as `jwtVerify` of jose asks for it. Throws Unavailable when the keys were never read. */
  readonly find: JWTVerifyGetKey;
  close(): void;
}

export interface IssuerKeysOptions {
  /** Called when the keys cannot be renewed. */
  readonly failed: (cause: unknown) => void;
  /** Milliseconds between renewals. */
  readonly renewalMs?: number;
}

/** Longest time in which the issuer must have answered. */
const timeoutMs = 5000;
/** The least time between two attempts to find the issuer, so that tokens cannot cause many requests. */
const attemptMs = 5000;
const usualRenewalMs = 600_000;

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

export function openIssuerKeys(issuer: Issuer, { failed, renewalMs = usualRenewalMs }: IssuerKeysOptions): IssuerKeys {
  let keys: RemoteKeys | undefined;
  let discovery: Promise<RemoteKeys> | undefined;
  let attemptedMs = -Infinity;
  const discover = async (): Promise<RemoteKeys> => {
    if (keys) return keys;
    if (!discovery && performance.now() - attemptedMs < attemptMs) throw new Error('the issuer was away a moment ago');
    attemptedMs = performance.now();
    discovery ??= findKeys(issuer).finally(() => (discovery = undefined));
    keys = await discovery;
    return keys;
  };
  const renew = (): void => {
    discover()
      .then((found) => found.reload())
      .catch(failed);
  };
  const timer = setInterval(renew, renewalMs);
  timer.unref();
  renew();
  return {
    find: async (header, token) => {
      const found = await discover().catch((cause: unknown) => {
        throw new Problem('Unavailable', 'The issuer of the token cannot be reached now.', cause);
      });
      return found(header, token);
    },
    close: () => clearInterval(timer),
  };
}

async function findKeys({ issuer, jwksUri }: Issuer): Promise<RemoteKeys> {
  const url = jwksUri ?? (await discoverKeys(issuer));
  // The age is unlimited, so that an outage of the issuer does not stop valid tokens. `renew` replaces the keys.
  return createRemoteJWKSet(new URL(url), { cacheMaxAge: Infinity, timeoutDuration: timeoutMs });
}

/** The URL of the keys, by OpenID Connect Discovery 1.0, section 4. */
async function discoverKeys(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const document: unknown = await response.json();
  if (typeof document !== 'object' || document === null) throw new Error(`${url} answered no JSON object`);
  const named: unknown = Reflect.get(document, 'issuer');
  const keys: unknown = Reflect.get(document, 'jwks_uri');
  if (named !== issuer) throw new Error(`${url} is of the issuer ${JSON.stringify(named)}`);
  if (typeof keys !== 'string' || !URL.canParse(keys)) throw new Error(`${url} names no jwks_uri`);
  return keys;
}
