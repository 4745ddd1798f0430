/** The types of the data of a dataset: what the names in its attribute `entityTypes` stand for. */
import { join } from 'node:path';
import type { Terms } from '../../core/model/entity.ts';
import { isObject } from '../../core/model/json.ts';
import { readModelIndex } from '../models/model-index.ts';
import { readJson } from '../models/read-json.ts';
import type { Description } from './description.ts';
import { isIri } from './vocabulary.ts';

/** A type that has a data model. */
interface ModelledType {
  readonly iri: string;
  /** The URL of the @context in which its attributes have their names. */
  readonly contextUrl: string;
  /** The URL of the schema of its model. */
  readonly schemaUrl: string;
}

interface DescribedType extends ModelledType {
  readonly name: string;
  /** The description of an attribute in words, by its short name. */
  readonly meanings: () => ReadonlyMap<string, string>;
}

export interface DataTypes {
  /**
   * The expanded types of a dataset. A name stands for the type of the data model with this name, and for the type that a client without a
   * @context writes by it. An IRI stands for itself.
   */
  readonly irisOf: (dataset: Description) => readonly string[];
  /** The data models of these types. */
  readonly modelsOf: (iris: readonly string[]) => readonly ModelledType[];
  /** What the attributes of these types mean, in words, by expanded name. */
  readonly meaningsOf: (iris: readonly string[], terms: Pick<Terms, 'expand'>) => ReadonlyMap<string, string>;
}

/** Reads the index of a folder of data models. `core` is the core @context. Throws an Error that names the file and the fault. */
export function readDataTypes(directory: string, core: Pick<Terms, 'expand'>): DataTypes {
  const models: readonly DescribedType[] = readModelIndex(directory).families.flatMap(({ context, types }) =>
    types.map(({ name, iri, schema }) => ({
      name,
      iri,
      contextUrl: context.url,
      schemaUrl: schema.id,
      meanings: onDemand(() => readMeanings(join(directory, schema.file))),
    })),
  );
  const irisOfName = (name: string): readonly string[] =>
    isIri(name) ? [name] : [...models.filter((model) => model.name === name).map(({ iri }) => iri), core.expand(name)];
  return {
    irisOf: ({ texts }) => [...new Set(texts('entityTypes').flatMap(irisOfName))],
    modelsOf: (iris) => models.filter(({ iri }) => iris.includes(iri)),
    meaningsOf: (iris, terms) =>
      new Map(
        models
          .filter(({ iri }) => iris.includes(iri))
          .flatMap(({ meanings }) => [...meanings()].map(([name, about]) => [terms.expand(name), about] as const)),
      ),
  };
}

/** Reads once, and only when it is needed. */
function onDemand<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => (known ??= { value: read() }).value;
}

/** The descriptions of the properties in a JSON Schema, by name. */
function readMeanings(path: string): ReadonlyMap<string, string> {
  const schema = readJson(path);
  const properties = isObject(schema) ? schema['properties'] : undefined;
  if (!isObject(properties)) return new Map();
  return new Map(
    Object.entries(properties).flatMap(([name, rules]) => {
      const about = isObject(rules) ? rules['description'] : undefined;
      return typeof about === 'string' ? [[name, about] as const] : [];
    }),
  );
}
