/** Counts documents and sums up what is in them, so that two brokers can be told to hold the same whatever their order. */
import { createHash } from 'node:crypto';
import { isArray, isObject, type Json } from '../../core/model/json.ts';

/** How many documents there are, and 256 bits that depend on each of them and not on their order, in hexadecimal digits. */
export interface Sum {
  readonly count: number;
  readonly checksum: string;
}

export interface Summing {
  add(document: Json): void;
  sum(): Sum;
}

const modulus = 1n << 256n;

/** The sum of the documents' SHA-256 hashes: two of the same count twice. */
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

/** The same document with the members of its objects in order. */
export function sorted(json: Json): Json {
  if (isArray(json)) return json.map(sorted);
  if (!isObject(json)) return json;
  const entries = Object.entries(json).map(([name, value]): [string, Json] => [name, sorted(value)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
