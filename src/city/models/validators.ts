/** Compiles parts of the models' JSON Schemas on first use. Compiling all of them takes half a second. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { isObject, type Json, type JsonObject } from '../../core/model/json.ts';

/** Schema members without validation. */
const annotations = new Set(['description', 'title', 'x-ngsi']);

export interface Validators {
  /** Adds the schema of a type, so that validators for its parts can be requested. */
  add(schema: JsonObject): void;
  /** The validator for the value of one attribute in the schema with this id. */
  ofAttribute(schemaId: string, attribute: string, rules: Json | undefined): ValidateFunction;
  /** The validator for a separate schema. */
  ofSchema(schema: JsonObject): ValidateFunction;
}

/** Creates validators. `sharedSchema` contains the definitions that all types share. `areChecked`: the schemas are known to be valid. */
export function createValidators(
  sharedSchema: JsonObject,
  { areChecked }: { readonly areChecked: boolean },
): Validators {
  const ajv = new Ajv2020({ strict: true, verbose: true, validateSchema: !areChecked });
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

/** The shared definition that rules only refer to. A shared definition, such as a geometry, is compiled once for all types. */
function sharedPlace(schemaId: string, rules: Json | undefined): string | undefined {
  if (!isObject(rules)) return undefined;
  const reference = rules['$ref'];
  const others = Object.keys(rules).filter((member) => member !== '$ref' && !annotations.has(member));
  return typeof reference === 'string' && others.length === 0 ? new URL(reference, schemaId).href : undefined;
}

/** A name as a token of a JSON pointer in a URI fragment (RFC 6901 clause 6). */
const pointerToken = (name: string): string => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
