/** The operation that shows data officers what a dataset would publish, before they write its description. Nothing is stored. */
import { isObject, type Json, type JsonObject } from '../../../core/model/json.ts';
import { mutate } from '../../../core/model/mutate.ts';
import { badData, Problem } from '../../../core/model/problem.ts';
import { readEntity } from '../../../core/model/read/entity.ts';
import type { Entity, Terms } from '../../../core/model/entity.ts';
import type { CallContext, Operation } from '../../../core/operation/operation.ts';
import type { CatalogueOptions } from '../catalogue-options.ts';
import { type Dataset, isPublic, nameDatasets } from '../dataset.ts';
import { describe } from '../description.ts';
import { describeColumn } from '../file/column-metadata.ts';
import { historyColumns } from '../file/history.ts';
import { type LatestOptions, latestTable } from '../file/latest.ts';
import { profileOf } from '../file/profile.ts';
import { isHistory, selectionOf } from '../file/selection.ts';
import type { Table } from '../file/table.ts';
import { csvTexts } from '../file/write-text.ts';
import { type Catalogue, readCatalogue } from '../read-catalogue.ts';
import { createSite } from '../site.ts';
import { findingsOf, violationsOf } from './findings.ts';

/** Rows in the answer. */
const rowsMax = 10;

export const createPreviewOperations = (options: CatalogueOptions): readonly Operation[] => [
  {
    name: 'previewDataset',
    clause: '5.7.2',
    method: 'POST',
    path: '/dcat/preview',
    action: 'read',
    access: 'read',
    body: 'object',
    unknownTenant: 'empty',
    takesContext: true,
    parameters: ['tenant'],
    media: ['json'],
    async run({ body = null }, call) {
      const entity = entityIn(body, options, call);
      const { catalogue, dataset } = await catalogueWith(entity, options, call);
      const findings = await findingsFor(dataset, catalogue, { options, call });
      const head = { slug: dataset.slug, isPublic: isPublic(dataset.about), findings };
      const content = { ...head, ...(await contentOrProblem(dataset, catalogue, { options, call })) };
      return {
        kind: 'document',
        status: 200,
        headers: { 'Content-Type': 'application/json' },
        content: `${JSON.stringify(content, undefined, 1)}\n`,
      };
    },
  },
];

/** Reads the description. Its names are those of the @context of the catalogue. Throws BadRequestData. */
function entityIn(body: Json, { irisOf }: CatalogueOptions, { now }: CallContext): Entity {
  const { '@context': _, ...members } = isObject(body) ? body : {};
  const terms: Terms = {
    expand: (term) => irisOf(term)[0] ?? term,
    compact: (iri) => iri,
    compactVocab: (iri) => iri,
    defines: () => true,
  };
  const given = readEntity(members, terms);
  if (!irisOf('Dataset').some((iri) => given.types.includes(iri))) throw badData('The type must be Dataset.');
  const made = mutate(undefined, { op: 'create', id: given.id, entity: given }, now);
  if (!made.next) throw badData('The dataset cannot be created like this.');
  return made.next;
}

/** The catalogue as it would be with the description. The name of a dataset depends on those of the others. */
async function catalogueWith(
  entity: Entity,
  { irisOf }: CatalogueOptions,
  call: CallContext,
): Promise<{ readonly catalogue: Catalogue; readonly dataset: Dataset }> {
  const stored = await readCatalogue(call, irisOf);
  const others = stored.datasets.filter(({ about }) => about.id !== entity.id).map(({ about }) => about);
  const datasets = nameDatasets([...others, describe(entity, irisOf)]);
  const dataset = datasets.find(({ about }) => about.id === entity.id);
  if (!dataset) throw badData('The dataset has no name.');
  return { dataset, catalogue: { ...stored, datasets, published: datasets.filter(({ about }) => isPublic(about)) } };
}

interface Previewing {
  readonly options: CatalogueOptions;
  readonly call: CallContext;
}

/** The rules are those of `mlaka check dcat`, of the data model, and of what portals want. */
async function findingsFor(
  dataset: Dataset,
  catalogue: Catalogue,
  { options: { types, publicUrl }, call }: Previewing,
): Promise<JsonObject[]> {
  const { graphOfDataset } = await import('../describe-catalogue.ts');
  const { checkCatalogue } = await import('../check/check-catalogue.ts');
  const quads = graphOfDataset(dataset, catalogue, { site: createSite(call, publicUrl), types });
  const ofRecord = checkCatalogue(quads, Date.parse(call.now));
  const violations = violationsOf(dataset.about.entity, call.services.models);
  return findingsOf({ dataset, ofRecord, violations }).map((finding) => ({ ...finding }));
}

/** A description that cannot be followed, such as a wrong condition, is an answer too. */
async function contentOrProblem(dataset: Dataset, catalogue: Catalogue, previewing: Previewing): Promise<JsonObject> {
  try {
    return await contentOf(dataset, catalogue, previewing);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { problem: error.message };
  }
}

/** What the file in CSV would hold: its columns and first rows. A history has rows only for those who ask for the file. */
async function contentOf(
  dataset: Dataset,
  { about }: Catalogue,
  { options: { types }, call }: Previewing,
): Promise<JsonObject> {
  const selection = await selectionOf(dataset, types, call);
  const profile = await profileOf(selection, call);
  const head = { entities: profile.entities, attributes: profile.attributes.size };
  if (isHistory(dataset.about)) return { ...head, columns: historyColumns.map(describeColumn), rows: [] };
  const latest: LatestOptions = {
    selection,
    profile,
    meanings: types.meaningsOf(selection.types, selection.context),
    languages: about?.texts('language') ?? ['sl', 'en'],
    keepsGeometries: false,
  };
  const table = latestTable(latest, call);
  return { ...head, columns: table.columns.map(describeColumn), rows: await firstRows(table) };
}

async function firstRows({ columns, rows }: Table): Promise<string[][]> {
  const texts = csvTexts(columns);
  for await (const group of rows) return group.slice(0, rowsMax).map((row) => [...texts(row)]);
  return [];
}
