/** The operation that tells data officers what the broker knows of their datasets, and which data nobody has described. */
import type { JsonObject } from '../../../core/model/json.ts';
import { badData, Problem } from '../../../core/model/problem.ts';
import type { CallContext, Operation } from '../../../core/operation/operation.ts';
import { readWhole } from '../../../core/operation/parameters.ts';
import type { CatalogueOptions } from '../catalogue-options.ts';
import type { Dataset } from '../dataset.ts';
import { readCatalogue } from '../read-catalogue.ts';
import { factsOf } from './dataset-facts.ts';

/** Datasets in one answer: each of them costs some milliseconds. */
const limitInitial = 20;
const limitMax = 100;

export const createFactOperations = (options: CatalogueOptions): readonly Operation[] => [
  {
    name: 'readCatalogueFacts',
    clause: '5.7.2',
    method: 'GET',
    path: '/dcat/facts',
    action: 'read',
    access: 'read',
    body: 'none',
    unknownTenant: 'empty',
    takesContext: true,
    parameters: ['dataset', 'limit', 'offset', 'tenant'],
    media: ['json'],
    async run({ params }, call) {
      const { datasets } = await readCatalogue(call, options.irisOf);
      const facts: JsonObject[] = [];
      for (const dataset of chosen(datasets, params)) facts.push(await factsOrProblem(dataset, options, call));
      const undescribed = await undescribedIn(datasets, options, call);
      const text = `${JSON.stringify({ count: datasets.length, datasets: facts, undescribed }, undefined, 1)}\n`;
      return { kind: 'document', status: 200, headers: { 'Content-Type': 'application/json' }, content: text };
    },
  },
];

function chosen(datasets: readonly Dataset[], params: Readonly<Record<string, string>>): readonly Dataset[] {
  const { dataset: slug } = params;
  const limit = readWhole(params, 'limit', 1) ?? limitInitial;
  const offset = readWhole(params, 'offset', 0) ?? 0;
  if (limit > limitMax) throw badData(`The parameter limit must be at most ${limitMax}, not ${limit}.`);
  if (slug === undefined) return datasets.slice(offset, offset + limit);
  const found = datasets.find((one) => one.slug === slug);
  if (!found) throw new Problem('ResourceNotFound', `There is no dataset named ${JSON.stringify(slug)}.`);
  return [found];
}

/** A description that cannot be followed, such as a wrong condition, is a fact too. */
async function factsOrProblem(dataset: Dataset, { types }: CatalogueOptions, call: CallContext): Promise<JsonObject> {
  try {
    return await factsOf(dataset, types, call);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { id: dataset.about.id, slug: dataset.slug, problem: error.message };
  }
}

/** The types of entities that belong to no dataset. The catalogue itself is none. */
async function undescribedIn(
  datasets: readonly Dataset[],
  { types, irisOf }: CatalogueOptions,
  { store, context }: CallContext,
): Promise<readonly JsonObject[]> {
  const described = new Set([
    ...datasets.flatMap(({ about }) => types.irisOf(about)),
    ...['Catalogue', 'Dataset', 'Distribution', 'DataService', 'Agent'].flatMap(irisOf),
  ]);
  const { types: stored } = await store.summary();
  return stored
    .filter(({ type, entities }) => entities > 0 && !described.has(type))
    .map(({ type, entities, attrs }) => ({
      type,
      name: context.compact(type),
      entities,
      attributes: attrs.map(({ name }) => context.compact(name)),
    }));
}
