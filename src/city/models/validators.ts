/** Compiles parts of the models' JSON Schemas, each when it is first needed: all together take half a second. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { isObject, type Json, type JsonObject } from '../../core/model/json.ts';

/** Members of a schema that check nothing. */
const annotations = new Set(['description', 'title', 'x-ngsi']);

export interface Validators {
  /** Takes the schema of a type, so that its parts can be asked for. */
  add(schema: JsonObject): void;
  /** The validator of one attribute's value in the schema with this id. */
  ofAttribute(schemaId: string, attribute: string, rules: Json | undefined): ValidateFunction;
  /** The validator of a schema that is no part of another. */
  ofSchema(schema: JsonObject): ValidateFunction;
}

/** Validators that know the schema whose shapes all types share. */
export function createValidators(sharedSchema: JsonObject): Validators {
  const ajv = new Ajv2020({ strict: true, verbose: true });
  formats.default(ajv);
  ajv.addKeyword('x-ngsi');
  ajv.addSchema(sharedSchema);
  return {
    add: (schema) => void ajv.addSchema(schema),
    ofSchema: (schema) => ajv.compile(schema),
    ofAttribute(schemaId, attribute, rules) {
      const place = sharedPlace(schemaId, rules) ?? `${schemaId}#/properties/${pointerToken(attribute)}`;
      const validate = ajv.getSchema(place);
      if (!validate) throw new Error(`The schema ${schemaId} refers to ${place}, which does not exist.`);
      return validate;
    },
  };
}

/** Where rules that only refer to others lead: such shapes, a geometry for one, are compiled once for all types. */
function sharedPlace(schemaId: string, rules: Json | undefined): string | undefined {
  if (!isObject(rules)) return undefined;
  const reference = rules['$ref'];
  const others = Object.keys(rules).filter((member) => member !== '$ref' && !annotations.has(member));
  return typeof reference === 'string' && others.length === 0 ? new URL(reference, schemaId).href : undefined;
}

/** A name as a token of a JSON pointer in the fragment of a URI (RFC 6901 clause 6). */
const pointerToken = (name: string): string => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
