/** Detects the kind of an attribute from its JSON, normalized or concise (CIM 009 clauses 4.5.2, 4.5.3, Annex C.2.2). */
import { type Kind, kinds, valueMember } from '../attribute.ts';
import { looksLikeGeometry } from '../geometry.ts';
import { isArray, isObject, type Json, type JsonObject } from '../json.ts';
import { badData } from '../problem.ts';
import { quoted } from './id.ts';
import type { Reading } from './reading.ts';

/** An instance with a detected kind: its value and the object that holds its other members. */
export interface DetectedAttribute {
  /** Absent in a fragment that does not identify its kind. */
  readonly kind?: Kind;
  /** Absent in a fragment without a value. */
  readonly json?: Json;
  readonly members: JsonObject;
  /** True when `value` without a type is read as a Property. It can be part of a geometry too. */
  readonly isInferred?: boolean;
}

/** Kinds that have their own value member. Kinds with a `value` are distinguished by its content. */
const kindsByMember = kinds.filter((kind) => valueMember[kind] !== 'value');

const isKind = (text: Json | undefined): text is Kind => kinds.some((kind) => kind === text);

/** True for an object that can only be an attribute instance: it has a kind or a value member. */
export const isInstance = (json: Json): json is JsonObject =>
  isObject(json) &&
  (isKind(json['type'] ?? json['@type']) || Object.values(valueMember).some((member) => member in json));

/** True for an array of instances. In a merge, instances can leave out the kind when they give a datasetId. */
export const areInstances = (json: Json, { merge }: Pick<Reading, 'merge'>): json is readonly Json[] =>
  isArray(json) &&
  (json.some(isInstance) ||
    (merge !== undefined && json.every(isObject) && json.some((element) => 'datasetId' in element)));

/** True for an object that identifies neither kind nor value: it is either a value or parts of an instance. */
export const saysNothing = (json: Json): json is JsonObject =>
  isObject(json) && !isInstance(json) && !['type', '@type', '@value'].some((member) => member in json);

const metadata = new Set(['observedAt', 'unitCode', 'datasetId', 'expiresAt', 'objectType', 'valueType']);

/** True for members that an object has only when it is a fragment of an instance, not a value. */
export const isPartMember = (name: string): boolean => metadata.has(name);

/**
 * Detects kind and value in any representation. `isPart`: the JSON can be a fragment without kind and value. Otherwise an object without
 * them is the value of a Property.
 */
export function detectKind(json: Json, { where, isPart }: { where: string; isPart: boolean }): DetectedAttribute {
  if (!isObject(json)) return bare('Property', json);
  const type = json['type'] ?? json['@type'];
  if (isKind(type)) return typed(type, json);
  if (looksLikeGeometry(json)) return bare('GeoProperty', json);
  if ('@value' in json) return bare('Property', json);
  if (type !== undefined) throw badData(`The type of ${where} must be ${kinds.join(', ')}, not ${quoted(type)}.`);
  return detectByMember(json, isPart);
}

/** Handles an object without a type: its value member identifies the kind, or the object is a value itself. */
function detectByMember(json: JsonObject, isPart: boolean): DetectedAttribute {
  const { value } = json;
  if (value !== undefined)
    return looksLikeGeometry(value) ? typed('GeoProperty', json) : { ...typed('Property', json), isInferred: true };
  const found = kindsByMember.find((kind) => valueMember[kind] in json);
  if (found) return typed(found, json);
  return isPart || Object.keys(json).some(isPartMember) ? { members: json } : bare('Property', json);
}

const bare = (kind: Kind, json: Json): DetectedAttribute => ({ kind, json, members: {} });

function typed(kind: Kind, members: JsonObject): DetectedAttribute {
  const json = members[valueMember[kind]];
  return { kind, ...(json === undefined ? undefined : { json }), members };
}

const geoNames = new Set(
  ['location', 'observationSpace', 'operationSpace'].map((name) => `https://uri.etsi.org/ngsi-ld/${name}`),
);

/** Throws BadRequestData when an attribute that the core context defines as a GeoProperty has another kind (clause 4.7). */
export function refuseWrongKind(iri: string, kind: Kind | undefined, where = iri): void {
  if (geoNames.has(iri) && kind !== undefined && kind !== 'GeoProperty')
    throw badData(`The ${where} must be a GeoProperty, not a ${kind}.`);
}
