/** The types of the data of a dataset: what the names in its attribute `entityTypes` stand for. */
import type { Terms } from '../../core/model/entity.ts';
import { readModelIndex } from '../models/model-index.ts';
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

export interface DataTypes {
  /**
   * The expanded types of a dataset. A name stands for the type of the data model with this name, and for the type that a client without a
   * @context writes by it. An IRI stands for itself.
   */
  readonly irisOf: (dataset: Description) => readonly string[];
  /** The data models of these types. */
  readonly modelsOf: (iris: readonly string[]) => readonly ModelledType[];
}

/** Reads the index of a folder of data models. `core` is the core @context. Throws an Error that names the file and the fault. */
export function readDataTypes(directory: string, core: Pick<Terms, 'expand'>): DataTypes {
  const models = readModelIndex(directory).families.flatMap(({ context, types }) =>
    types.map(({ name, iri, schema }) => ({ name, iri, contextUrl: context.url, schemaUrl: schema.id })),
  );
  const irisOfName = (name: string): readonly string[] =>
    isIri(name) ? [name] : [...models.filter((model) => model.name === name).map(({ iri }) => iri), core.expand(name)];
  return {
    irisOf: ({ texts }) => [...new Set(texts('entityTypes').flatMap(irisOfName))],
    modelsOf: (iris) => models.filter(({ iri }) => iris.includes(iri)),
  };
}
