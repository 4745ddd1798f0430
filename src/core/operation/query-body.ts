/** Reads the body of a query by POST (clause 5.2.23): converts its members to the parameters of the same query by GET. */
import type { EntitySelector } from '../language/filter.ts';
import { refuseUnknownGeo } from '../language/geo/geo-query.ts';
import { refuseManyPatterns } from '../language/pattern/pattern.ts';
import { parseTypeSelection } from '../language/type-selection.ts';
import type { Terms } from '../model/entity.ts';
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted, readId } from '../model/read/id.ts';
import { inMember } from '../model/read/member.ts';
import { refuseTooManyNames } from '../model/read/name-count.ts';
import { entityMapParameters } from './distributed/entity-maps.ts';
import type { CallContext } from './operation.ts';
import { readPattern } from './selection.ts';

/** The parameters that every query by POST takes in its URL. */
export const queryByPostParameters = [
  'limit',
  'offset',
  'count',
  'options',
  'format',
  'local',
  'explain',
  ...entityMapParameters,
] as const;

/** A query: entity selectors, and everything else as parameters. */
export interface QueryBody {
  readonly selectors?: readonly EntitySelector[];
  readonly params: Readonly<Record<string, string>>;
}

/** Members whose value is text, and members that are lists of names. */
const texts = new Set(['q', 'scopeQ', 'csf', 'lang']);
const lists = new Set(['attrs', 'pick', 'omit', 'datasetId']);
const textsOrLists = new Set(['expandValues', 'jsonKeys']);

/** Throws BadRequestData that names the faulty member. */
export function readQueryBody(
  body: Json,
  { context: terms, services }: Pick<CallContext, 'context' | 'services'>,
  about: 'present' | 'temporal',
): QueryBody {
  if (!isObject(body)) throw badData(`A query must be a JSON object, not ${quoted(body)}.`);
  if (body['type'] !== 'Query') throw badData(`A query needs the type Query, not ${quoted(body['type'])}.`);
  refuseTooManyNames(body, services.limits);
  const { type: _, entities, ...members } = body;
  const readers = about === 'present' ? presentReaders : temporalReaders;
  const params = Object.entries(members).flatMap(([name, json]) =>
    Object.entries((readers.get(name) ?? readMember)(json, name)),
  );
  return {
    params: Object.fromEntries(params),
    ...(entities === undefined ? undefined : { selectors: readSelectors(entities, terms) }),
  };
}

type Params = Readonly<Record<string, string>>;
type ReadMember = (json: Json, name: string) => Params;

/** Members that have their own structure, and members that only one kind of query has. */
const commonReaders: readonly (readonly [string, ReadMember])[] = [
  ['geoQ', readGeoMembers],
  ['ordering', readOrdering],
  ['splitEntities', readFlag],
  ['entityMap', readFlag],
  ['entityMapLifetime', readText],
];
const presentReaders: ReadonlyMap<string, ReadMember> = new Map<string, ReadMember>([
  ...commonReaders,
  ['join', readText],
  ['joinLevel', (json) => ({ joinLevel: JSON.stringify(json) })],
  ['containedBy', readList],
]);
const aggrMembers = ['aggrMethods', 'aggrPeriodDuration', 'timeZone'];
const temporalReaders: ReadonlyMap<string, ReadMember> = new Map<string, ReadMember>([
  ...commonReaders,
  ['temporalQ', readTemporalMembers(['timerel', 'timeAt', 'endTimeAt', 'timeproperty', 'lastN', ...aggrMembers])],
  ['aggrParams', readTemporalMembers(aggrMembers)],
]);

function readMember(json: Json, name: string): Params {
  if (texts.has(name) || (textsOrLists.has(name) && typeof json === 'string')) return readText(json, name);
  if (lists.has(name) || textsOrLists.has(name)) return readList(json, name);
  throw badData(`A query cannot have a member ${name} here.`);
}

function readText(json: Json, name: string): Params {
  if (typeof json === 'string') return { [name]: json };
  throw badData(`The member ${name} of a query must be a string, not ${quoted(json)}.`);
}

function readFlag(json: Json, name: string): Params {
  if (typeof json === 'boolean') return { [name]: String(json) };
  throw badData(`The member ${name} of a query must be true or false, not ${quoted(json)}.`);
}

function readList(json: Json, name: string): Params {
  if (isStrings(json) && json.length > 0) return { [name]: json.join(',') };
  throw badData(`The member ${name} of a query must be an array of strings that is not empty, not ${quoted(json)}.`);
}

function readSelectors(json: Json, terms: Terms): readonly EntitySelector[] {
  if (!isArray(json) || json.length === 0)
    throw badData(`The member entities of a query must be an array that is not empty, not ${quoted(json)}.`);
  return inMember('entities', () => {
    refuseManyPatterns(json.flatMap(patternIn));
    return json.map((element) => readSelector(element, terms));
  });
}

const patternIn = (json: Json): readonly string[] =>
  isObject(json) && typeof json['idPattern'] === 'string' ? [json['idPattern']] : [];

function readSelector(json: Json, terms: Terms): EntitySelector {
  if (!isObject(json)) throw badData(`An element of entities must be an object, not ${quoted(json)}.`);
  refuseUnknown(json, selectorMembers, 'entities');
  const { type, id, idPattern } = json;
  const types = readTypes(type, terms);
  if (id !== undefined)
    return { ...types, ids: (isArray(id) ? id : [id]).map((one) => readId(one, 'an id in entities')) };
  if (idPattern !== undefined) return { ...types, idPattern: readPattern(idPattern) };
  if (types) return types;
  throw badData('An element of entities needs a type, an id or an idPattern.');
}

/** A selector does not need a type. */
function readTypes(type: Json | undefined, terms: Terms): Pick<EntitySelector, 'types'> | undefined {
  if (type === undefined) return undefined;
  if (typeof type === 'string') return { types: parseTypeSelection(type, terms) };
  throw badData(`The type in an element of entities must be a text, not ${quoted(type)}.`);
}

/**
 * Converts `ordering` to the equivalent parameters. Its members for geometry and coordinates have names that differ from the parameters.
 */
function readOrdering(json: Json): Readonly<Record<string, string>> {
  if (!isObject(json)) throw badData(`The member ordering of a query must be an object, not ${quoted(json)}.`);
  refuseUnknown(json, orderingMembers, 'ordering');
  const { orderBy, collation, geometry, coordinates } = json;
  if (!isStrings(orderBy) || orderBy.length === 0)
    throw badData(
      `The member orderBy of ordering must be an array of strings that is not empty, not ${quoted(orderBy)}.`,
    );
  if (coordinates !== undefined && !isArray(coordinates))
    throw badData(`The coordinates of ordering must be an array, not ${quoted(coordinates)}.`);
  const texts = { collation, orderGeometry: geometry };
  const wrong = Object.entries(texts).find(([, text]) => text !== undefined && typeof text !== 'string');
  if (wrong) throw badData(`The member ${wrong[0]} of ordering must be a string, not ${quoted(wrong[1])}.`);
  return {
    orderBy: orderBy.join(','),
    ...(coordinates === undefined ? undefined : { orderFrom: JSON.stringify(coordinates) }),
    ...(typeof collation === 'string' ? { collation } : undefined),
    ...(typeof geometry === 'string' ? { orderGeometry: geometry } : undefined),
  };
}

/** Converts `temporalQ` and `aggrParams` to the equivalent parameters. */
function readTemporalMembers(known: readonly string[]): ReadMember {
  return (json, member) => {
    if (!isObject(json)) throw badData(`The member ${member} of a query must be an object, not ${quoted(json)}.`);
    refuseUnknown(json, known, member);
    return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, textOfMember(value, name)]));
  };
}

/** Methods may be a list, and `lastN` may be a number. */
function textOfMember(value: Json, name: string): string {
  if (typeof value === 'string') return value;
  if (name === 'aggrMethods' && isStrings(value)) return value.join(',');
  if (name === 'lastN' && typeof value === 'number') return String(value);
  throw badData(`The member ${name} of a query cannot be ${quoted(value)}.`);
}

const selectorMembers = ['type', 'id', 'idPattern'];
const orderingMembers = ['orderBy', 'collation', 'geometry', 'coordinates'];

function refuseUnknown(json: JsonObject, known: readonly string[], member: string): void {
  const unknown = Object.keys(json).find((name) => !known.includes(name));
  if (unknown !== undefined) throw badData(`The member ${member} of a query cannot have a member ${quoted(unknown)}.`);
}

/** Converts `geoQ` to the equivalent parameters. */
function readGeoMembers(json: Json): JsonObject & Readonly<Record<string, string>> {
  if (!isObject(json)) throw badData(`The member geoQ of a query must be an object, not ${quoted(json)}.`);
  refuseUnknownGeo(json);
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
