/**
 * Remembers which texts of keys and tokens were verified, so that the slow check runs once for each in this process. Texts are looked up by
 * a keyed hash: the memory of the process has no list of secrets.
 */
import { hash, randomBytes } from 'node:crypto';
import { createBoundedCache } from '../../core/jsonld/bounded-cache.ts';

export interface VerifiedTexts<Value> {
  get(text: string): Value | undefined;
  set(text: string, value: Value): void;
  /** Forgets what was verified as one of these values. */
  forget(isMeant: (value: Value) => boolean): void;
}

/** More keys and tokens than this are verified again from time to time. */
const textsMax = 20_000;

export function createVerifiedTexts<Value>(): VerifiedTexts<Value> {
  const salt = randomBytes(32).toString('base64');
  const cache = createBoundedCache<Value>({ entriesMax: textsMax, weightMax: textsMax });
  const nameOf = (text: string): string => hash('sha256', salt + text, 'base64');
  return {
    get: (text) => cache.get(nameOf(text)),
    set: (text, value) => cache.set(nameOf(text), value, 1),
    forget: (isMeant) => cache.dropWhere(isMeant),
  };
}
