/** Reads members of subscriptions and registrations by their JSON type. Each error message names the member. */
import { ngsildNull } from '../attribute.ts';
import { isArray, isStrings, type Json, type JsonObject } from '../json.ts';
import { badData, Problem } from '../problem.ts';
import { quoted } from './id.ts';

/** The members that an object may have, and the members of the standard that this broker does not support, with the reason. */
export interface Members {
  readonly known: readonly string[];
  readonly unsupported: Readonly<Record<string, string>>;
}

/** Throws OperationNotSupported or BadRequestData for the first member that is not allowed. */
export function refuseMembers(json: JsonObject, { known, unsupported }: Members, where: string): void {
  for (const name of Object.keys(json)) {
    if (known.includes(name)) continue;
    const reason = Object.hasOwn(unsupported, name) ? unsupported[name] : undefined;
    if (reason !== undefined)
      throw new Problem('OperationNotSupported', `The member ${name} of ${where} is not supported: ${reason}.`);
    throw badData(`There is no member ${quoted(name)} in ${where}.`);
  }
}

/** A non-empty string. Undefined when the member is absent. Throws BadRequestData for anything else. */
export function readText(json: JsonObject, name: string): string | undefined {
  const value = json[name];
  if (value === ngsildNull) throw badData(`The NGSI-LD Null is not allowed here: ${name}.`);
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw badData(`The ${name} must be a text that is not empty, not ${quoted(value)}.`);
}

export function readBoolean(json: JsonObject, name: string): boolean | undefined {
  const value = json[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw badData(`The ${name} must be true or false, not ${quoted(value)}.`);
}

/** A non-empty array. Undefined when the member is absent. Throws BadRequestData for anything else. */
export function readNonEmpty(json: JsonObject, name: string): readonly Json[] | undefined {
  const value = json[name];
  if (value === undefined || (isArray(value) && value.length > 0)) return value;
  throw badData(`The ${name} must be an array that is not empty, not ${quoted(value)}.`);
}

/** A non-empty array of strings. Undefined when the member is absent. Throws BadRequestData for anything else. */
export function readNames(json: JsonObject, name: string): readonly string[] | undefined {
  const value = readNonEmpty(json, name);
  if (value?.includes(ngsildNull) === true) throw badData(`The NGSI-LD Null is not allowed here: ${name}.`);
  if (value === undefined || isStrings(value)) return value;
  throw badData(`The ${name} must hold texts only, not ${quoted(value)}.`);
}
