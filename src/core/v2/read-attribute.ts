/** Reads one attribute of NGSI v2 as an assignment of the model. */
import type { Assignment, Content, UpdateOperation } from '../model/v2/assignment.ts';
import type { Terms } from '../model/entity.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { checkIdentifier, checkValue } from './characters.ts';
import { takenNames } from './builtins.ts';
import { readDate } from './date.ts';
import { attributeIri, nonSpatialIri, typeIri } from './names.ts';
import { badRequest, V2Problem } from './problem.ts';
import { readMetadata } from './read-metadata.ts';
import type { V2Reading } from './reading.ts';
import { alternativesOf, plainContent, readContent } from './value.ts';

/** An assignment with the expanded name of its attribute. */
export interface NamedAssignment {
  readonly iri: string;
  readonly assignment: Assignment;
}

/** An attribute as a member of an entity, or as the body of a request on one attribute. Throws BadRequest. */
export function readV2Attribute(name: string, json: Json, reading: V2Reading): NamedAssignment {
  checkAttributeName(name);
  if (reading.isKeyValues) return assignmentOf(name, { value: json }, reading);
  if (!isObject(json)) throw badRequest('attribute must be a JSON object, unless keyValues option is used');
  const unknown = Object.keys(json).some((member) => !members.has(member));
  if (unknown) throw badRequest('unrecognized property for context attribute');
  return assignmentOf(name, json, reading);
}

const members: ReadonlySet<string> = new Set(['value', 'type', 'metadata']);

/** The new value of an attribute whose type and metadata stay. Throws BadRequest. */
export function readV2Value(name: string, value: Json, reading: V2Reading): NamedAssignment {
  const { iri, assignment } = assignmentOf(name, { value }, { ...reading, metadata: 'keep' });
  return { iri, assignment: { ...assignment, initialTypes: initialTypes(reading.terms) } };
}

/** The expanded names of the types that values have without a given one. */
const initialTypes = (terms: Terms): NonNullable<Assignment['initialTypes']> => ({
  Text: typeIri('Text', terms),
  Number: typeIri('Number', terms),
  Boolean: typeIri('Boolean', terms),
  StructuredValue: typeIri('StructuredValue', terms),
  None: typeIri('None', terms),
});

/** Throws BadRequest when no attribute can have the name. */
function checkAttributeName(name: string): void {
  checkIdentifier(name, 'attribute name');
  if (takenNames.has(name)) throw badRequest('Invalid characters in attribute name');
}

function assignmentOf(name: string, json: JsonObject, reading: V2Reading): NamedAssignment {
  const { value = null, metadata } = json;
  checkValue(value, { what: 'attribute value', isStrict: reading.isStrict && !isUnrestricted(json) });
  const type = json['type'] === undefined ? undefined : checkIdentifier(json['type'], 'attribute type');
  const described = readMetadata(metadata, reading);
  const parts = valueParts(json, { name, value, type }, reading);
  const { iri, alias } = namesOf(name, parts.content, reading.terms);
  return {
    iri,
    assignment: {
      ...parts,
      ...described,
      metadata: isEmpty(metadata) ? 'replace' : reading.metadata,
      ...(alias === undefined ? undefined : { alias }),
    },
  };
}

type ValueParts = Pick<Assignment, 'content' | 'alternatives' | 'operations'>;

function valueParts(json: JsonObject, given: Given, reading: V2Reading): ValueParts {
  const { value, type } = given;
  const operations = operationsIn(value);
  if (operations) return { content: plainContent(0, type, reading.terms), operations };
  const content = contentOf(json, given, reading);
  const alternatives = type === undefined ? alternativesOf(value, reading.terms) : [];
  return alternatives.length > 0 ? { content, alternatives } : { content };
}

/** An empty object removes all metadata. */
const isEmpty = (metadata: Json | undefined): boolean => isObject(metadata) && Object.keys(metadata).length === 0;

/** A `location` that is no geometry has an IRI of its own. */
function namesOf(name: string, { kind }: Content, terms: Terms): { readonly iri: string; readonly alias?: string } {
  const spatial = attributeIri(name, terms);
  const other = nonSpatialIri(name);
  if (other === undefined) return { iri: spatial };
  return kind === 'GeoProperty' ? { iri: spatial, alias: other } : { iri: other, alias: spatial };
}

interface Given {
  readonly name: string;
  readonly value: Json;
  readonly type: string | undefined;
}

/** Features are more than their geometry, and stay whole where this is not needed. */
const isFeature = (value: Json): boolean =>
  isObject(value) && (value['type'] === 'Feature' || value['type'] === 'FeatureCollection');

/** With the metadata `ignoreType`, the value of a location may be anything. */
function contentOf(json: JsonObject, { name, ...given }: Given, { terms }: V2Reading): Content {
  const isIgnored = given.type?.startsWith('geo:') === true && hasFlag(json, 'ignoreType');
  if (isIgnored && isFeature(given.value)) return plainContent(given.value, given.type, terms);
  try {
    const isSpatialName = nonSpatialIri(name) !== undefined;
    return readContent({ ...given, isSpatialName, what: 'attribute value' }, terms);
  } catch (error) {
    if (error instanceof V2Problem && isIgnored) return plainContent(given.value, given.type, terms);
    throw error;
  }
}

const isUnrestricted = (json: JsonObject): boolean =>
  json['type'] === 'TextUnrestricted' || hasFlag(json, 'TextUnrestricted');

/** True when the attribute has a metadata item of this name with the value true. */
function hasFlag({ metadata }: JsonObject, name: string): boolean {
  const item = isObject(metadata) && Object.hasOwn(metadata, name) ? metadata[name] : undefined;
  return isObject(item) && item['value'] === true;
}

const isNumber = (operand: Json): boolean => typeof operand === 'number';
const isOrdered = (operand: Json): boolean => typeof operand === 'number' || typeof operand === 'string';
const isAny = (): boolean => true;

/** The operands that each operator can have. */
const operands: Readonly<Record<UpdateOperation['name'], (operand: Json) => boolean>> = {
  $inc: isNumber,
  $mul: isNumber,
  $min: isOrdered,
  $max: isOrdered,
  $push: isAny,
  $addToSet: isAny,
  $pull: isAny,
  $pullAll: isArray,
  $set: isAny,
  $unset: isAny,
};

const isOperator = (name: string): name is UpdateOperation['name'] => Object.hasOwn(operands, name);

/** The update operators in a value; undefined when it is an ordinary value. Throws BadRequest for a wrong operand or combination. */
function operationsIn(value: Json): readonly UpdateOperation[] | undefined {
  if (!isObject(value)) return undefined;
  const names = Object.keys(value);
  if (!names.some(isOperator)) return undefined;
  if (names.length > 1 && !isSetAndUnset(value)) throw badRequest('invalid combination of update operators');
  return names.map((name) => {
    const operand = value[name] ?? null;
    if (!isOperator(name) || !operands[name](operand)) throw badRequest(`invalid value for update operator ${name}`);
    const time = typeof operand === 'string' ? readDate(operand) : undefined;
    return { name, operand, ...(time === undefined ? undefined : { time }) };
  });
}

function isSetAndUnset(value: JsonObject): boolean {
  const { $set: set, $unset: unset } = value;
  if (Object.keys(value).length !== 2 || !isObject(set ?? null) || !isObject(unset ?? null)) return false;
  return isObject(set) && isObject(unset) && Object.keys(set).every((name) => !Object.hasOwn(unset, name));
}
