/** Reads the members of a v2 subscription by their JSON type. Throws BadRequest with the wording of Orion. */
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../../model/json.ts';
import { isClean } from '../characters.ts';
import { badRequest } from '../problem.ts';

/** Undefined when the member is absent. */
export function readString(json: JsonObject, name: string): string | undefined {
  const value = json[name];
  if (value === undefined || typeof value === 'string') return value;
  throw badRequest(`${name} is not a string`);
}

/** Undefined when the member is absent. */
export function readFlag(json: JsonObject, name: string): boolean | undefined {
  const value = json[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw badRequest(`${name} is not a boolean`);
}

/** Undefined when the member is absent. */
export function readObject(json: JsonObject, name: string): JsonObject | undefined {
  const value = json[name];
  if (value === undefined || isObject(value)) return value;
  throw badRequest(`${name} is not an object`);
}

/** Undefined when the member is absent. */
export function readArray(json: JsonObject, name: string): readonly Json[] | undefined {
  const value = json[name];
  if (value === undefined || isArray(value)) return value;
  throw badRequest(`${name} is not an array`);
}

/** A list of names. Undefined when the member is absent. Texts in it are not empty. */
export function readStrings(json: JsonObject, name: string): readonly string[] | undefined {
  const value = readArray(json, name);
  if (value === undefined) return undefined;
  if (!isStrings(value)) throw badRequest(`${name} element is not a string`);
  if (value.includes('')) throw badRequest(`${name} element is empty`);
  return value;
}

/** Throws when a text holds a character that NGSI v2 forbids in every text. */
export function refuseForbidden(text: string | undefined, where: string): void {
  if (text !== undefined && !isClean(text)) throw badRequest(`forbidden characters in ${where}`);
}
