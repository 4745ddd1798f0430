/**
 * Makes the texts of API keys and verifies them. A text is `mlk_ID_SECRET`: the id is public and finds the stored hash, the secret has 256
 * random bits. Only its scrypt hash is stored.
 */
import { randomBytes, scrypt, type ScryptOptions, timingSafeEqual } from 'node:crypto';

/** A key as a client sends it. */
export interface KeyText {
  readonly id: string;
  readonly secret: string;
}

/** The beginning of each key. Scanners for leaked secrets find keys by it. */
export const keyPrefix = 'mlk_';

const shape = /^mlk_([0-9a-f]{16})_([\w-]{43})$/;

/** Undefined when the text has not the form of a key. */
export function parseKeyText(text: string): KeyText | undefined {
  const [, id, secret] = shape.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** A new key that cannot be guessed, and its text. */
export function newKeyText(): KeyText & { readonly text: string } {
  const [id, secret] = [randomBytes(8).toString('hex'), randomBytes(32).toString('base64url')];
  return { id, secret, text: `${keyPrefix}${id}_${secret}` };
}

/** Cost of a hash: 16 MiB of memory and some 40 ms of a thread outside of the event loop. */
const cost = { log2N: 14, r: 8, p: 1 } as const;
const hashBytes = 32;

/** The slow hash of a secret: `scrypt$LOG2N$R$P$SALT$HASH`. A hash keeps the cost that it was made with. */
export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(secret, salt, cost);
  return ['scrypt', cost.log2N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** True when the hash is one of the secret. The comparison takes the same time wherever they differ. */
export async function isHashOf(hash: string, secret: string): Promise<boolean> {
  const [name, log2N, r, p, salt = '', expected = ''] = hash.split('$');
  if (name !== 'scrypt') return false;
  const known = Buffer.from(expected, 'base64url');
  const found = await derive(secret, Buffer.from(salt, 'base64url'), {
    log2N: Number(log2N),
    r: Number(r),
    p: Number(p),
  });
  return known.length === found.length && timingSafeEqual(known, found);
}

interface Cost {
  readonly log2N: number;
  readonly r: number;
  readonly p: number;
}

function derive(secret: string, salt: Buffer, { log2N, r, p }: Cost): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** log2N, r, p };
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, hashBytes, options, (error, hash) => {
      if (error) reject(error);
      else resolve(hash);
    });
  });
}
