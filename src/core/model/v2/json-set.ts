/** A set of JSON values in which equal ones are one: it takes as long for each value as the value is large, however many there are. */
import { isArray, isObject, type Json } from '../json.ts';

export interface JsonSet {
  has(value: Json): boolean;
  /** False: the value was there. */
  add(value: Json): boolean;
}

/** Values are equal as in `sameJson`. */
export function createJsonSet(values: readonly Json[] = []): JsonSet {
  const keys = new Set(values.map(keyOf));
  return {
    has: (value) => keys.has(keyOf(value)),
    add(value) {
      const before = keys.size;
      return keys.add(keyOf(value)).size > before;
    },
  };
}

/** Equal values have equal keys. Numbers are their own keys; the key of any other value is a text in which members are in order. */
const keyOf = (value: Json): string | number => (typeof value === 'number' ? value : JSON.stringify(inOrder(value)));

function inOrder(value: Json): Json {
  if (isArray(value)) return value.map(inOrder);
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, inOrder(member)] as const);
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
}
