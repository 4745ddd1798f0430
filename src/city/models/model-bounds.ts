/** Tells what the data models say of numeric attributes: bounds, units, and the attribute that holds the maximum. */
import { join } from 'node:path';
import { isObject, isStrings, type Json, type JsonObject } from '../../core/model/json.ts';
import { readModelIndex, readTerms } from './model-index.ts';
import { readJson } from './read-json.ts';

/** What a model says of one numeric attribute. */
export interface ModelBounds {
  readonly minimum?: number;
  readonly maximum?: number;
  /** The units that it may have. The bounds are in the first one. */
  readonly unitCodes?: readonly string[];
  /** The attribute of the same entity that is its maximum. */
  readonly maximumFrom?: string;
}

/** The numeric attributes of all data models, whatever their modes are. */
export interface NumericAttributes {
  /** `type`: an IRI. */
  hasModel(type: string): boolean;
  /** Both are IRIs. Undefined: the model of the type has no such number. */
  boundsOf(type: string, attribute: string): ModelBounds | undefined;
}

const defaultVocabulary = 'https://uri.etsi.org/ngsi-ld/default-context/';

/** Reads the models of a folder on first use. Throws an Error when a file is missing or invalid. */
export function createNumericAttributes(directory: string): NumericAttributes {
  let known: ReadonlyMap<string, ReadonlyMap<string, ModelBounds>> | undefined;
  const models = (): NonNullable<typeof known> => (known ??= readAll(directory));
  return {
    hasModel: (type) => models().has(type),
    boundsOf: (type, attribute) => models().get(type)?.get(attribute),
  };
}

/** By the IRI of the type, and by its name in the default vocabulary; the same with attributes. */
function readAll(directory: string): ReadonlyMap<string, ReadonlyMap<string, ModelBounds>> {
  return new Map(
    readModelIndex(directory).families.flatMap(({ context, types }) => {
      const terms = readTerms(join(directory, context.file));
      return types.flatMap(({ name, iri, schema }) => {
        const numbers = numbersIn(readJson(join(directory, schema.file)), terms);
        return [[iri, numbers] as const, [`${defaultVocabulary}${name}`, numbers] as const];
      });
    }),
  );
}

function numbersIn(schema: Json, terms: ReadonlyMap<string, string>): ReadonlyMap<string, ModelBounds> {
  const properties = isObject(schema) && isObject(schema['properties']) ? schema['properties'] : {};
  return new Map(
    Object.entries(properties).flatMap(([term, rules]) => {
      if (!isObject(rules) || !(rules['type'] === 'number' || rules['type'] === 'integer')) return [];
      const bounds = boundsIn(rules);
      return [terms.get(term) ?? term, `${defaultVocabulary}${term}`].map((iri) => [iri, bounds] as const);
    }),
  );
}

function boundsIn({ minimum, maximum, 'x-ngsi': marks }: JsonObject): ModelBounds {
  const { unitCodes, maximumFrom } = isObject(marks) ? marks : {};
  return {
    ...(typeof minimum === 'number' ? { minimum } : undefined),
    ...(typeof maximum === 'number' ? { maximum } : undefined),
    ...(isStrings(unitCodes) ? { unitCodes } : undefined),
    ...(typeof maximumFrom === 'string' ? { maximumFrom } : undefined),
  };
}
