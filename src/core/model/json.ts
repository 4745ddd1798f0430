/** Defines the type of JSON values and its type guards. */
import { markLost, mayLoseNumbers } from './json-number.ts';
import { nameKeys, withoutEscapedKeys } from './json-keys.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [member: string]: Json;
}

/** True for a JSON object: not null, not an array. */
export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** True for a JSON array. `Array.isArray` alone does not narrow a readonly array. */
export const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** True when every element is a string. */
export const isStrings = (value: Json | undefined): value is readonly string[] =>
  isArray(value) && value.every((element) => typeof element === 'string');

/** True for a whole number from 0 that a double holds exactly: a count, or a position of a log. */
export const isWhole = (value: Json | undefined): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** One string or several, as a list. */
export const stringsOf = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value;

/** Deep equality of JSON values. The order of members is ignored, the order of elements is not. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (isArray(a) && isArray(b))
    return a.length === b.length && a.every((element, index) => sameJson(element, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameJson(a[name], b[name]))
  );
}

/** A type guard for the compiler only: every result of JSON.parse is JSON. */
const isJson = (_value: unknown): _value is Json => true;

/** The value of a JSON text. Throws the SyntaxError of JSON.parse. */
export const parseJson = (text: string): Json => parse(text, (json) => JSON.parse(json));

/**
 * The value of a JSON text from a client or another system. An integer that a double would change becomes NaN, and a number that is too
 * large becomes Infinity or NaN. Readers refuse such a number and name its position. Throws the SyntaxError of JSON.parse.
 */
export const parseGiven = (text: string): Json =>
  mayLoseNumbers(text) ? parse(text, (json) => JSON.parse(json, markLost)) : parseJson(text);

function parse(text: string, read: (text: string) => unknown): Json {
  const value = read(text);
  const plain = text.includes('\\') ? withoutEscapedKeys(text) : undefined;
  const named = plain ? nameKeys(read(plain.text), plain) : value;
  return isJson(named) ? named : null;
}
