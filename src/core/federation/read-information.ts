/** Reads the RegistrationInfo elements of a registration: what a source has information about (clauses 5.2.10, 5.2.11). */
import { compilePattern, refuseManyPatterns, refuseManyWithPattern } from '../language/pattern/pattern.ts';
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted, readId } from '../model/read/id.ts';
import { inMember } from '../model/read/member.ts';
import { readNames, readNonEmpty, readText, refuseMembers } from '../model/read/json-member.ts';
import type { EntityInfo, Information } from './registration.ts';
import { attributeLists } from './registration-names.ts';

const members = { known: ['entities', ...attributeLists], unsupported: {} };
const entityMembers = { known: ['id', 'idPattern', 'type'], unsupported: {} };

/** The elements of `information`, whose names are expanded already. Throws BadRequestData that names the faulty member. */
export function readInformation(json: Json | undefined): readonly Information[] {
  if (!isArray(json) || json.length === 0)
    throw badData(`The information of a registration must be an array that is not empty, not ${quoted(json)}.`);
  refuseManyWithPattern(json.flatMap(entitiesIn));
  const information = json.map((one, n) => inMember(`information[${n}]`, () => readElement(one, `information[${n}]`)));
  refuseManyPatterns(information.flatMap(({ entities = [] }) => entities.flatMap(({ idPattern }) => idPattern ?? [])));
  return information;
}

const entitiesIn = (json: Json): readonly Json[] =>
  isObject(json) && isArray(json['entities']) ? json['entities'] : [];

function readElement(json: Json, where: string): Information {
  if (!isObject(json)) throw badData(`The ${where} must be an object, not ${quoted(json)}.`);
  refuseMembers(json, members, where);
  const entities = readNonEmpty(json, 'entities')?.map((one, n) => readEntityInfo(one, `${where}.entities[${n}]`));
  const attrs = readAttributeLists(json, where);
  if (!entities && !attrs) throw badData(`The ${where} needs entities, ${attributeLists.join(' or ')}.`);
  return { ...(entities ? { entities } : undefined), ...(attrs ? { attrs } : undefined) };
}

/** All attribute names. `attributeNames` of version 2.0 replaces the other two lists. */
function readAttributeLists(json: JsonObject, where: string): readonly string[] | undefined {
  const [properties, relationships, names] = attributeLists.map((list) => readNames(json, list));
  if (names && (properties ?? relationships))
    throw badData(`The ${where} cannot have attributeNames together with propertyNames or relationshipNames.`);
  if (names ?? properties ?? relationships)
    return [...new Set([...(names ?? []), ...(properties ?? []), ...(relationships ?? [])])];
  return undefined;
}

/** The standard requires a type. Clients also register entities by id alone. */
function readEntityInfo(json: Json, where: string): EntityInfo {
  if (!isObject(json))
    throw badData(`The ${where} must be an object such as {"type": "Vehicle"}, not ${quoted(json)}.`);
  refuseMembers(json, entityMembers, where);
  const types = readTypes(json['type'], where);
  const id = json['id'] === undefined ? undefined : readId(json['id'], `the id in ${where}`);
  const idPattern = readText(json, 'idPattern');
  if (types.length === 0 && id === undefined && idPattern === undefined)
    throw badData(`The ${where} needs a type, an id or an idPattern.`);
  return {
    types,
    ...(id === undefined ? undefined : { id }),
    ...(idPattern === undefined ? undefined : { idPattern, ...matcherOf(idPattern, id, where) }),
  };
}

/** A pattern beside an id has no effect, but it must be valid. */
function matcherOf(idPattern: string, id: string | undefined, where: string): Pick<EntityInfo, 'matches'> {
  const matches = inMember(`${where}.idPattern`, () => compilePattern(idPattern));
  return id === undefined ? { matches } : {};
}

function readTypes(json: Json | undefined, where: string): readonly string[] {
  if (json === undefined) return [];
  const types = typeof json === 'string' ? [json] : json;
  if (isStrings(types) && types.length > 0 && types.every((type) => type !== '')) return types;
  throw badData(`The type in ${where} must be a name or an array of names, not ${quoted(json)}.`);
}
