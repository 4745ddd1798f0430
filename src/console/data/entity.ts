/** Reads entities, as the API and the stream show them in the concise representation. */
import { isObject, type JsonObject, listOf, memberOf, numberOf, textOf, textsOf } from './json.ts';
import { shortId, shortName } from './names.ts';
import type { Language } from './session.ts';

/** One instance of an attribute. */
export interface Reading {
  /** The name as the broker stores it, usually an IRI. */
  readonly name: string;
  readonly kind: 'property' | 'relationship' | 'geo' | 'language' | 'vocabulary' | 'json';
  readonly value: unknown;
  readonly unitCode: string | undefined;
  readonly observedAt: string | undefined;
  readonly datasetId: string | undefined;
  /** Attributes of the attribute. */
  readonly inner: readonly Reading[];
}

export interface Position {
  readonly longitude: number;
  readonly latitude: number;
}

export interface Geometry {
  readonly type: string;
  readonly coordinates: unknown;
}

/** An entity. */
export interface Thing {
  readonly id: string;
  readonly types: readonly string[];
  readonly scopes: readonly string[];
  readonly readings: readonly Reading[];
  readonly geometry: Geometry | undefined;
}

const members = new Set(['id', 'type', 'scope', '@context', 'createdAt', 'modifiedAt', 'deletedAt', 'expiresAt']);
const innerMembers = new Set([
  ...['type', 'value', 'object', 'objectList', 'objectType', 'languageMap', 'vocab', 'vocabList', 'json', 'valueList'],
  ...['unitCode', 'observedAt', 'datasetId', 'instanceId', 'createdAt', 'modifiedAt', 'deletedAt', 'previousValue'],
]);

export function readThing(json: JsonObject): Thing {
  const readings = Object.entries(json)
    .filter(([name]) => !members.has(name))
    .flatMap(([name, attribute]) => readAttribute(name, attribute));
  return {
    id: textOf(json, 'id') ?? '',
    types: textsOf(json['type']),
    scopes: textsOf(json['scope']),
    readings,
    geometry: geometryOf(readings.find(({ name, kind }) => kind === 'geo' && name === 'location')?.value),
  };
}

/** A list is a list of instances when its items say so; otherwise it is a value. */
function readAttribute(name: string, attribute: unknown): readonly Reading[] {
  const items = Array.isArray(attribute) ? listOf(attribute) : [];
  const isInstances = items.some((item) => isObject(item) && 'datasetId' in item);
  return isInstances ? items.map((item) => readInstance(name, item)) : [readInstance(name, attribute)];
}

const valueMembers = [
  ['object', 'relationship'],
  ['objectList', 'relationship'],
  ['languageMap', 'language'],
  ['vocab', 'vocabulary'],
  ['vocabList', 'vocabulary'],
  ['json', 'json'],
  ['valueList', 'property'],
] as const;

function readInstance(name: string, instance: unknown): Reading {
  const inner = isObject(instance) && !isGeometry(instance) ? instance : undefined;
  const [value, kind] = valueOf(instance);
  return {
    name,
    kind,
    value,
    unitCode: textOf(inner, 'unitCode'),
    observedAt: textOf(inner, 'observedAt'),
    datasetId: textOf(inner, 'datasetId'),
    inner: Object.entries(inner ?? {})
      .filter(([member]) => !innerMembers.has(member))
      .flatMap(([member, attribute]) => readAttribute(member, attribute)),
  };
}

function valueOf(instance: unknown): readonly [unknown, Reading['kind']] {
  if (!isObject(instance)) return [instance, 'property'];
  if (isGeometry(instance)) return [instance, 'geo'];
  for (const [member, kind] of valueMembers) if (member in instance) return [instance[member], kind];
  const { value } = instance;
  return [value, isGeometry(value) ? 'geo' : 'property'];
}

const isGeometry = (value: unknown): boolean =>
  isObject(value) && typeof value['type'] === 'string' && Array.isArray(value['coordinates']);

const geometryOf = (value: unknown): Geometry | undefined =>
  isGeometry(value) ? { type: textOf(value, 'type') ?? '', coordinates: memberOf(value, 'coordinates') } : undefined;

/** The first position of a geometry, or the middle one of a line. */
export function positionOf(geometry: Geometry | undefined): Position | undefined {
  let found: unknown = geometry?.coordinates;
  while (Array.isArray(found) && Array.isArray(found[0])) found = found[Math.floor((found.length - 1) / 2)];
  const [longitude, latitude] = listOf(found);
  return typeof longitude === 'number' && typeof latitude === 'number' ? { longitude, latitude } : undefined;
}

/** The instance of an attribute by its short name. The one without a dataset comes first. */
export function readingOf(thing: Thing, name: string): Reading | undefined {
  let first: Reading | undefined;
  for (const reading of thing.readings) {
    if (shortName(reading.name) !== name) continue;
    if (reading.datasetId === undefined) return reading;
    first ??= reading;
  }
  return first;
}

export function numberIn(thing: Thing, name: string): number | undefined {
  return numberOf(readingOf(thing, name), 'value');
}

/** A text of an attribute, in the language when there is one. */
export function textIn(thing: Thing, name: string, language: Language): string | undefined {
  const value = readingOf(thing, name)?.value;
  if (typeof value === 'string') return value;
  const inLanguage = textOf(value, language) ?? Object.values(isObject(value) ? value : {})[0];
  return typeof inLanguage === 'string' ? inLanguage : undefined;
}

/** What people call an entity. */
export const titleOf = (thing: Thing, language: Language): string =>
  textIn(thing, 'name', language) ?? textIn(thing, 'title', language) ?? shortId(thing.id).replace(/^\w+:/, '');

/** The area that an entity belongs to. */
export const areaOf = (thing: Thing, language: Language): string | undefined =>
  textIn(thing, 'areaServed', language) ?? textOf(memberOf(readingOf(thing, 'address'), 'value'), 'addressLocality');

/** The newest time of observation, as milliseconds. */
export function observedOf(thing: Thing): number | undefined {
  let newest: number | undefined;
  for (const { observedAt } of thing.readings) {
    const at = observedAt === undefined ? NaN : Date.parse(observedAt);
    if (!Number.isNaN(at) && (newest === undefined || at > newest)) newest = at;
  }
  return newest;
}
