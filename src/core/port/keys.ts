/** API keys, as administrators use them: over the API, and by the command line. */
import type { DescribedKey, NewAccessKey } from './access-key.ts';

/** All methods throw what the store throws. */
export interface Keys {
  /** Creates a key and returns its text, which is not stored anywhere. Throws AlreadyExists. */
  create(key: NewAccessKey): Promise<string>;
  /** All keys, by name. */
  list(): Promise<readonly DescribedKey[]>;
  /** Throws ResourceNotFound. */
  describe(name: string): Promise<DescribedKey>;
  /** Ends a key. Throws ResourceNotFound, and Conflict for the last key of an administrator. */
  revoke(name: string): Promise<void>;
  /** Gives a key a new secret and returns its text. The old one stays valid for some seconds. Throws ResourceNotFound. */
  rotate(name: string, overlapSeconds: number): Promise<string>;
}
