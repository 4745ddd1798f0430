/** Counts documents and computes an order-independent checksum, so that the content of two brokers can be compared. */
import { createHash } from 'node:crypto';
import { isArray, isObject, type Json } from '../../core/model/json.ts';

/** The number of documents, and 256 bits as hexadecimal digits that depend on every document but not on their order. */
export interface Sum {
  readonly count: number;
  readonly checksum: string;
}

export interface Summing {
  add(document: Json): void;
  sum(): Sum;
}

const modulus = 1n << 256n;

/** Adds up the SHA-256 hashes of documents. A duplicate counts twice. */
export function createSumming(): Summing {
  let [count, total] = [0, 0n];
  return {
    add(document) {
      count += 1;
      total += BigInt(
        `0x${createHash('sha256')
          .update(JSON.stringify(sorted(document)))
          .digest('hex')}`,
      );
    },
    sum: () => ({ count, checksum: (total % modulus).toString(16).padStart(64, '0') }),
  };
}

/** The same document with the members of its objects sorted by name. */
export function sorted(json: Json): Json {
  if (isArray(json)) return json.map(sorted);
  if (!isObject(json)) return json;
  const entries = Object.entries(json).map(([name, value]): [string, Json] => [name, sorted(value)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
