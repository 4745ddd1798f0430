/** Reads the members of a v2 subscription by their JSON type. Throws BadRequest with the wording of Orion. */
import { isArray, isObject, isStrings, type JsonObject } from '../../model/json.ts';
import { isClean } from '../characters.ts';
import { badRequest } from '../problem.ts';

/** Undefined when the member is absent. `what` names the member in messages. */
export function readString(json: JsonObject, name: string, what = name): string | undefined {
  const value = json[name];
  if (value === undefined || typeof value === 'string') return value;
  throw badRequest(`${what} is not a string`);
}

/** Undefined when the member is absent. */
export function readFlag(json: JsonObject, name: string): boolean | undefined {
  const value = json[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw badRequest(`${name} is not a bool`);
}

/** Undefined when the member is absent. `what` names the member in messages. */
export function readObject(json: JsonObject, name: string, what = name): JsonObject | undefined {
  const value = json[name];
  if (value === undefined || isObject(value)) return value;
  throw badRequest(`${what} is not an object`);
}

/** A list of names, each once. Undefined when the member is absent. Texts in it are not empty. */
export function readStrings(json: JsonObject, name: string): readonly string[] | undefined {
  const value = json[name];
  if (value === undefined) return undefined;
  if (!isArray(value)) throw badRequest(`the field /${name}/ must be a JSON array`);
  if (!isStrings(value)) throw badRequest(`only JSON Strings allowed in string vector /${name}/`);
  const twice = value.find((text, index) => value.indexOf(text) < index);
  if (twice !== undefined) throw badRequest(`duplicated item /${twice}/ in array`);
  if (!value.every(isClean)) throw badRequest('forbidden characters in attribute name');
  if (value.includes('')) throw badRequest('empty attribute name');
  return value;
}

/** Throws when a text holds a character that NGSI v2 forbids in every text. */
export function refuseForbidden(text: string | undefined, where: string): void {
  if (text !== undefined && !isClean(text)) throw badRequest(`forbidden characters in ${where}`);
}
