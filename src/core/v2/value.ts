/** Reads the value and the type of an attribute or metadata item of NGSI v2 as a kind of attribute with its value. */
import type { Kind } from '../model/attribute.ts';
import type { Content } from '../model/v2/assignment.ts';
import type { Terms } from '../model/entity.ts';
import { looksLikeGeometry } from '../model/geometry.ts';
import { isArray, isObject, isStrings, type Json } from '../model/json.ts';
import { isLanguageTag } from '../model/read/value.ts';
import { initialType, nullLiteral } from '../model/v2/initial-type.ts';
import { uriOfV2Id } from '../model/v2/id.ts';
import { readDate } from './date.ts';
import { isSimpleLocationType, simpleLocationTypes, readGeoJson, readSimpleLocation } from './location.ts';
import { typeIri } from './names.ts';
import { badRequest, V2Problem } from './problem.ts';

/** The types of values that are dates. */
export const isDateType = (type: string): boolean => type === 'DateTime' || type === 'ISO8601';

/** A value with its type, which is absent when the request gives none. */
export interface TypedInput {
  readonly value: Json;
  readonly type?: string | undefined;
  /** True when the type follows from the name: a `location` whose value is a geometry. */
  readonly isSpatialName?: boolean;
  readonly what: 'attribute value' | 'metadata value';
}

/** The content of an instance. Throws BadRequest when the value does not fit a type that v2 defines. */
export function readContent(given: TypedInput, terms: Terms): Content {
  const { value, type, isSpatialName = false } = given;
  if (value === null)
    return { kind: 'Property', value: nullLiteral, ...valueTypeMember(type === 'None' ? undefined : type, terms) };
  if (type !== undefined) return contentOfType(type, given, terms);
  return isSpatialName && looksLikeGeometry(value)
    ? { kind: 'GeoProperty', value: readGeoJson(value) }
    : plainContent(value, undefined, terms);
}

function contentOfType(type: string, { value, what }: TypedInput, terms: Terms): Content {
  if (isDateType(type)) {
    const date = typeof value === 'string' ? readDate(value) : undefined;
    if (date === undefined) throw badRequest(`date has invalid format in ${what}`);
    return { kind: 'Property', value: date, ...valueTypeMember(type, terms) };
  }
  if (type === 'geo:json') return { kind: 'GeoProperty', value: readGeoJson(value) };
  if (isSimpleLocationType(type))
    return { kind: 'GeoProperty', value: readSimpleLocation(type, value), ...valueTypeMember(type, terms) };
  return contentOfKind(type, value, terms) ?? plainContent(value, type, terms);
}

const valueTypeMember = (type: string | undefined, terms: Terms): Pick<Content, 'valueType'> =>
  type === undefined ? {} : { valueType: typeIri(type, terms) };

/** A Property, or a JsonProperty for what a Property cannot hold. */
export function plainContent(value: Json, type: string | undefined, terms: Terms): Content {
  const initial = initialType(value);
  if (!isPlain(value)) return { kind: 'JsonProperty', value, ...valueTypeMember(type ?? initial, terms) };
  return { kind: 'Property', value, ...valueTypeMember(type === initial ? undefined : type, terms) };
}

/** True when a Property can hold the value: it has no null, and no member whose name begins with @, which JSON-LD interprets. */
function isPlain(value: Json): boolean {
  if (isArray(value)) return value.every(isPlain);
  if (!isObject(value)) return value !== null;
  return Object.entries(value).every(([name, member]) => !name.startsWith('@') && isPlain(member));
}

/** The kinds of attributes that can be named as the type in v2. */
const kindOfType: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['Relationship', 'Relationship'],
  ['LanguageProperty', 'LanguageProperty'],
  ['VocabProperty', 'VocabProperty'],
  ['JsonProperty', 'JsonProperty'],
  ['ListProperty', 'ListProperty'],
  ['ListRelationship', 'ListRelationship'],
]);

/** The content as the kind that the type names; undefined when it names none or the value does not fit. */
function contentOfKind(type: string, value: Json, terms: Terms): Content | undefined {
  const kind = kindOfType.get(type);
  const converted = kind && valueOfKind(kind, value, terms);
  return kind && converted !== undefined ? { kind, value: converted } : undefined;
}

function valueOfKind(kind: Kind, value: Json, terms: Terms): Json | undefined {
  switch (kind) {
    case 'Relationship':
      return oneOrMore(value, uriOfV2Id);
    case 'ListRelationship':
      return isStrings(value) ? allOf(value, uriOfV2Id) : undefined;
    case 'LanguageProperty':
      return isLanguageMap(value) ? value : undefined;
    case 'VocabProperty':
      return oneOrMore(value, (term) => terms.expand(term));
    case 'JsonProperty':
      return isObject(value) || isArray(value) ? value : undefined;
    case 'ListProperty':
      return isArray(value) ? value : undefined;
    default:
      return undefined;
  }
}

/** Maps a text, or each text of a list that is not empty. Undefined: one of them cannot be mapped, or the value is something else. */
function oneOrMore(value: Json, map: (text: string) => string | undefined): Json | undefined {
  if (typeof value === 'string') return map(value);
  return isStrings(value) && value.length > 0 ? allOf(value, map) : undefined;
}

function allOf(texts: readonly string[], map: (text: string) => string | undefined): Json | undefined {
  const mapped = texts.flatMap((text) => map(text) ?? []);
  return mapped.length === texts.length ? mapped : undefined;
}

const isLanguageMap = (value: Json): boolean =>
  isObject(value) &&
  Object.entries(value).every(([tag, text]) => isLanguageTag(tag) && (typeof text === 'string' || isStrings(text)));

/** What a value without a type can be besides a Property. An update keeps the kind of the stored attribute when one of these has it. */
export function alternativesOf(value: Json, terms: Terms): readonly Content[] {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return [];
  const kinds = [...kindOfType.keys()].flatMap((type) => contentOfKind(type, value, terms) ?? []);
  const places = [undefined, ...simpleLocationTypes].flatMap((type) => locationOf(value, type, terms) ?? []);
  return [...kinds, ...places, ...datesOf(value, terms)];
}

function locationOf(
  value: Json,
  type: (typeof simpleLocationTypes)[number] | undefined,
  terms: Terms,
): Content | undefined {
  if (type === undefined && !isObject(value)) return undefined;
  if (type !== undefined && isObject(value)) return undefined;
  try {
    const geometry = type === undefined ? readGeoJson(value) : readSimpleLocation(type, value);
    return { kind: 'GeoProperty', value: geometry, ...valueTypeMember(type, terms) };
  } catch (error) {
    if (error instanceof V2Problem) return undefined;
    throw error;
  }
}

/** The text as a date of each date type. Empty: it is no date. */
function datesOf(value: Json, terms: Terms): readonly Content[] {
  const date = typeof value === 'string' ? readDate(value) : undefined;
  return date === undefined
    ? []
    : ['DateTime', 'ISO8601'].map((type) => ({ kind: 'Property', value: date, ...valueTypeMember(type, terms) }));
}
