/**
 * Issues and verifies short-lived tokens for keys, for apps that ask for tokens by client credentials. A token is `mlt_ID_EXPIRY_MAC`: the id of
 * the secret, the end in seconds since 1970, and an HMAC whose key is the stored hash of the secret. So every broker on the same persistence
 * knows the tokens, and they end with the secret.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Identity } from '../../core/access/identity.ts';
import { compareInstants, instantOf, microsOfInstant } from '../../core/model/instant.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Clock } from '../../core/port/clock.ts';
import type { Verified, Verifier } from './authenticator.ts';
import type { KeyRing } from './key-ring.ts';

export interface OwnTokens extends Verifier {
  /** A token for the holder of a key. Undefined when the key has ended. */
  issue(identity: Identity): string | undefined;
  readonly lifetimeSeconds: number;
}

const lifetimeSeconds = 3600;
const shape = /^mlt_([0-9a-f]{16})_(\d{10,12})_([\w-]{43})$/;

type Keys = Pick<KeyRing, 'holderOf' | 'hashOf'>;

export function createOwnTokens({ keys, clock }: { readonly keys: Keys; readonly clock: Clock }): OwnTokens {
  const nowSeconds = (): number => Math.floor(microsOfInstant(clock.now()) / 1_000_000);
  const known = (text: string): Verified | undefined => {
    const [, id = '', expiry = '', mac = ''] = shape.exec(text) ?? [];
    const holder = keys.holderOf(id);
    const hash = keys.hashOf(id);
    if (!holder || hash === undefined) return undefined;
    if (!timingSafeEqual(Buffer.from(mac, 'base64url'), macOf(hash, id, expiry))) return undefined;
    const identity = endingAt(holder, instantOf(Number(expiry) * 1_000_000));
    const isValid = (): boolean => keys.holderOf(id) === holder && nowSeconds() < Number(expiry);
    return { holder: () => (isValid() ? identity : undefined) };
  };
  return {
    lifetimeSeconds,
    accepts: (text) => text.startsWith('mlt_'),
    known,
    verify: () => Promise.reject(new Problem('Unauthenticated', 'The token is not valid, or is no longer.')),
    issue: ({ credential = '' }) => {
      const hash = keys.hashOf(credential);
      if (hash === undefined) return undefined;
      const expiry = String(nowSeconds() + lifetimeSeconds);
      return `mlt_${credential}_${expiry}_${macOf(hash, credential, expiry).toString('base64url')}`;
    },
  };
}

const macOf = (hash: string, id: string, expiry: string): Buffer =>
  createHmac('sha256', hash).update(`mlt ${id} ${expiry}`).digest();

const endingAt = (holder: Identity, expiresAt: string): Identity =>
  holder.expiresAt !== undefined && compareInstants(holder.expiresAt, expiresAt) < 0
    ? holder
    : { ...holder, expiresAt };
