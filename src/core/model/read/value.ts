/** Reads the value of an attribute instance, by kind (CIM 009 clauses 4.5.2 to 4.5.5). */
import { type Kind, ngsildNull, valueMember } from '../attribute.ts';
import type { Terms } from '../entity.ts';
import { readGeometry } from '../geometry.ts';
import { isArray, isObject, type Json, type JsonObject, parseGiven } from '../json.ts';
import { badData } from '../problem.ts';
import { quoted, readId } from './id.ts';
import type { Reading } from './reading.ts';

/**
 * The value of an instance of this kind; `ngsildNull` when the JSON requests its deletion. Messages name the attribute. Throws
 * BadRequestData for an invalid value, and for a deletion where none is allowed.
 */
export function readValue(kind: Kind, json: Json, reading: Reading): Json {
  if (isDeletion(kind, json)) {
    if (reading.nulls === 'forbidden') throw badData(`The NGSI-LD Null is not allowed here: ${reading.where}.`);
    return ngsildNull;
  }
  const place = `${valueMember[kind]} of ${reading.where}`;
  switch (kind) {
    case 'Property':
      return readPlain(json, place, reading);
    case 'ListProperty':
      if (!isArray(json)) throw badData(`The ${place} must be an array, not ${quoted(json)}.`);
      return readPlain(json, place, reading);
    case 'GeoProperty':
      return reading.merge === 'all' && isPartOfGeometry(json) ? json : readGeo(json, place);
    case 'LanguageProperty':
      return readLanguageMap(json, place, reading);
    case 'VocabProperty':
      return readVocab(json, place, reading.terms);
    case 'JsonProperty':
      if (!isObject(json) && !isArray(json))
        throw badData(`The ${place} must be an object or an array, not ${quoted(json)}.`);
      return readOpaque(json, place);
    case 'Relationship':
      return isArray(json) ? readUris(json, place) : readId(json, `the ${place}`);
    case 'ListRelationship':
      return readObjectList(json, place);
  }
}

/** True when the value requests a deletion. Each kind has its own form (clause 4.5.0). */
function isDeletion(kind: Kind, json: Json): boolean {
  if (json === ngsildNull) return true;
  if (kind === 'LanguageProperty')
    return isObject(json) && json['@none'] === ngsildNull && Object.keys(json).length === 1;
  return (
    (kind === 'ListProperty' || kind === 'ListRelationship') &&
    isArray(json) &&
    json.length === 1 &&
    json[0] === ngsildNull
  );
}

/** Returns the JSON unchanged. Refuses numbers that JSON cannot write again. */
function readOpaque(json: Json, place: string): Json {
  if (typeof json === 'number' && !Number.isFinite(json)) throw badData(lostNumber(place));
  if (isObject(json) || isArray(json)) for (const member of Object.values(json)) readOpaque(member, place);
  return json;
}

const lostNumber = (place: string): string =>
  `A number in the ${place} cannot be kept to its last digit: it is an integer beyond 2^53, or too large. Give it as a text.`;

/** Accepts any JSON except null and numbers that JSON cannot write again. The NGSI-LD Null is allowed only inside a merge. */
function readPlain(json: Json, place: string, reading: Reading): Json {
  if (isJsonLiteral(json)) return readOpaque(json, place);
  if (isObject(json) || isArray(json)) return readMembers(json, place, reading);
  if (json === null) throw badData(`null is not a value of NGSI-LD, but stands in the ${place}.`);
  if (json === ngsildNull && reading.nulls !== 'deep')
    throw badData(`The NGSI-LD Null is not allowed inside the ${place}.`);
  if (typeof json === 'number' && !Number.isFinite(json)) throw badData(lostNumber(place));
  return json;
}

/** A JSON literal is a value without further checks, even null (clause 4.6.1). */
const isJsonLiteral = (json: Json): boolean => isObject(json) && json['@type'] === '@json' && '@value' in json;

/** A merge replaces an array as a whole, so nothing inside it can be deleted. */
function readMembers(json: JsonObject | readonly Json[], place: string, reading: Reading): Json {
  const inside: Reading = isArray(json) && reading.nulls === 'deep' ? { ...reading, nulls: 'allowed' } : reading;
  for (const member of Object.values(json)) readPlain(member, place, inside);
  return json;
}

/** True for a part of a geometry. A merge completes it with the existing geometry, and the result is read again. */
const isPartOfGeometry = (json: Json): boolean => isObject(json) && 'type' in json !== 'coordinates' in json;

/** A geometry, or a string that holds one (clause 4.7). */
export function readGeo(json: Json, place: string): Json {
  return readGeometry(typeof json === 'string' ? parsed(json, place) : json, place);
}

function parsed(text: string, place: string): Json {
  try {
    // The depth check of the body does not cover the content of its strings.
    if (!isDeep(text)) return parseGiven(text);
  } catch {
    // Invalid JSON is invalid GeoJSON too.
  }
  throw badData(`The ${place} is a string that holds no GeoJSON: ${quoted(text)}.`);
}

/** The maximum nesting depth of a geometry, with room for foreign members. */
const depthMax = 20;

function isDeep(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '[' || character === '{') depth += 1;
    if (character === ']' || character === '}') depth -= 1;
    if (depth > depthMax) return true;
  }
  return false;
}

const languageTag = /^(?:@none|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)$/;

/** True for a key of a language map: a language tag (RFC 5646), or `@none`. */
export const isLanguageTag = (text: string): boolean => languageTag.test(text);

function readLanguageMap(json: Json, place: string, { nulls }: Reading): Json {
  if (!isObject(json)) throw badData(`The ${place} must be an object of languages, not ${quoted(json)}.`);
  for (const [tag, text] of Object.entries(json)) {
    if (!isLanguageTag(tag)) throw badData(`The ${place} has ${quoted(tag)} where a language tag or @none is needed.`);
    const isText = typeof text === 'string' || (isArray(text) && text.every((one) => typeof one === 'string'));
    if (!isText) throw badData(`The ${place} must have a string or strings for ${tag}, not ${quoted(text)}.`);
    if (isArray(text) ? text.includes(ngsildNull) : text === ngsildNull && nulls !== 'deep')
      throw badData(`The NGSI-LD Null is not allowed inside the ${place}.`);
  }
  return json;
}

/** The maximum of terms in one value: each is expanded by the @context, and its IRI may be a hundred times as long. */
export const vocabMax = 10_000;

function readVocab(json: Json, place: string, terms: Terms): Json {
  if (typeof json === 'string') return terms.expand(json);
  if (!isArray(json) || json.length === 0)
    throw badData(`The ${place} must be a term or an array of terms, not ${quoted(json)}.`);
  if (json.length > vocabMax) throw badData(`The ${place} has more than ${vocabMax} terms.`);
  return json.map((term) => {
    if (typeof term !== 'string' || term === ngsildNull)
      throw badData(`The ${place} holds ${quoted(term)} where a term is needed.`);
    return terms.expand(term);
  });
}

function readUris(json: readonly Json[], place: string): readonly string[] {
  if (json.length === 0) throw badData(`The ${place} must not be empty.`);
  return json.map((uri) => readId(uri, `the ${place}`));
}

/** Reads URIs, each bare or as `{"object": URI}`. */
function readObjectList(json: Json, place: string): readonly string[] {
  if (!isArray(json)) throw badData(`The ${place} must be an array, not ${quoted(json)}.`);
  return json.map((element) =>
    readId(isObject(element) && Object.keys(element).length === 1 ? element['object'] : element, `the ${place}`),
  );
}
