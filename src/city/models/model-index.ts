/** Reads `index.json` of a folder of data models, which lists families, types and their files. */
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { isObject, type Json, type JsonObject } from '../../core/model/json.ts';
import { readJson } from './read-json.ts';

/** An entity type with a model. */
interface IndexedType {
  /** Short name, such as `ParkingSpot`. */
  readonly name: string;
  /** The IRI of the type in the @context of its family. */
  readonly iri: string;
  readonly schema: { readonly file: string; readonly id: string };
}

/** Types that share one @context. */
export interface IndexedFamily {
  readonly name: string;
  readonly context: { readonly file: string; readonly url: string };
  readonly types: readonly IndexedType[];
}

export interface ModelIndex {
  readonly sharedSchema: { readonly file: string; readonly id: string };
  readonly families: readonly IndexedFamily[];
}

const text = { type: 'string', minLength: 1 };
const object = (properties: JsonObject) => ({ type: 'object', required: Object.keys(properties), properties });

const indexSchema = object({
  sharedSchema: object({ file: text, id: text }),
  families: {
    type: 'array',
    items: object({
      name: text,
      context: object({ file: text, url: text }),
      types: { type: 'array', items: object({ name: text, iri: text, schema: object({ file: text, id: text }) }) },
    }),
  },
});

/** The index of a folder of models. Throws an Error that names the file and the fault when it is invalid. */
export function readModelIndex(directory: string): ModelIndex {
  const path = join(directory, 'index.json');
  const index = readJson(path);
  // The schema is our own: checking it takes longer than the rest of this.
  const ajv = new Ajv2020({ strict: true, validateSchema: false });
  if (!ajv.validate<ModelIndex>(indexSchema, index))
    throw new Error(`${path} is no index of data models: ${ajv.errorsText()}.`);
  return index;
}

/** The terms of a family's @context by name. These @contexts are flat: every term maps to an IRI. */
export function readTerms(path: string): ReadonlyMap<string, string> {
  const document = readJson(path);
  const context = isObject(document) ? document['@context'] : undefined;
  if (!isObject(context)) throw new Error(`${path} holds no @context object.`);
  return new Map(Object.entries(context).flatMap(([term, meaning]) => meaningOf(term, meaning)));
}

function meaningOf(term: string, meaning: Json): readonly (readonly [string, string])[] {
  const iri = isObject(meaning) ? meaning['@id'] : meaning;
  return typeof iri === 'string' && !term.startsWith('@') ? [[term, iri]] : [];
}
