/** Reads members of unknown JSON, and shows JSON. */
import type { Json, JsonObject } from '../../client/client.ts';

export type { Json, JsonObject };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** A member of an object; undefined when there is none, or `value` is no object. */
export const memberOf = (value: unknown, name: string): unknown => (isObject(value) ? value[name] : undefined);

export function textOf(value: unknown, name: string): string | undefined {
  const found = memberOf(value, name);
  return typeof found === 'string' ? found : undefined;
}

export function numberOf(value: unknown, name: string): number | undefined {
  const found = memberOf(value, name);
  return typeof found === 'number' ? found : undefined;
}

/** The items of a list. A single value is a list of one; nothing is an empty list. */
export const listOf = (value: unknown): readonly unknown[] =>
  isList(value) ? value : value === undefined || value === null ? [] : [value];

export const textsOf = (value: unknown): readonly string[] =>
  listOf(value).filter((item): item is string => typeof item === 'string');

/** Parses JSON text. Throws a SyntaxError when it is none. */
export function parseJson(text: string): Json {
  const json: unknown = JSON.parse(text);
  if (isJson(json)) return json;
  throw new SyntaxError('not JSON');
}

/** JSON.parse returns nothing but JSON. */
const isJson = (value: unknown): value is Json => value !== undefined;

/** JSON text over several lines, for people. Another text stays as it is. */
export function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
