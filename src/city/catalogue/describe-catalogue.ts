/** Describes the catalogue with its datasets and services, page by page, and single datasets (DCAT-AP 3.0.1, class Catalogue). */
import type { Quad } from 'n3';
import { compareInstants } from '../../core/model/instant.ts';
import type { DataTypes } from './data-types.ts';
import type { Dataset } from './dataset.ts';
import type { Description } from './description.ts';
import { addDataset } from './describe-dataset.ts';
import { agentNode, dateOf, localTextsOf, placeNode } from './describe-parts.ts';
import { addServices } from './describe-service.ts';
import { createGraph, literal, localLiterals, nodesOf, type Subject } from './graph.ts';
import type { Publication, Site } from './publication.ts';
import type { Catalogue } from './read-catalogue.ts';
import { languageOf, licenceOf, themeScheme } from './vocabulary.ts';

/** Datasets on a page. A catalogue of one page says nothing of pages. */
const pageSize = 100;

export const pageCount = ({ published }: Catalogue): number => Math.max(1, Math.ceil(published.length / pageSize));

/** What every publication needs. */
interface Publishing {
  readonly site: Site;
  readonly types: DataTypes;
}

interface PageOf extends Publishing {
  /** From 1 to `pageCount`. */
  readonly page: number;
  /** The URL of another page in the same form. */
  readonly urlOfPage: (page: number) => string;
}

/** The statements of a page: about the catalogue, its services, and the datasets of this page. */
export function graphOfPage(catalogue: Catalogue, { page, urlOfPage, ...publishing }: PageOf): readonly Quad[] {
  const { site } = publishing;
  const publication = publicationOf(catalogue, publishing);
  const { graph } = publication;
  const datasets = catalogue.published.slice((page - 1) * pageSize, page * pageSize);
  const node = graph.node(site.urlOf('/dcat/catalog'), 'dcat:Catalog');
  addAbout(node, publication);
  graph.add(node, 'dcat:service', addServices(datasets, publication));
  for (const dataset of datasets) graph.add(node, 'dcat:dataset', addDataset(dataset, publication));
  const last = pageCount(catalogue);
  if (last > 1) addPaging(publication, { page, last, urlOfPage });
  return graph.quads;
}

/** The statements about one dataset, with the services that serve it. */
export function graphOfDataset(dataset: Dataset, catalogue: Catalogue, publishing: Publishing): readonly Quad[] {
  const publication = publicationOf(catalogue, publishing);
  addDataset(dataset, publication);
  addServices([dataset], publication);
  return publication.graph.quads;
}

const publicationOf = (catalogue: Catalogue, publishing: Publishing): Publication => ({
  ...publishing,
  graph: createGraph(),
  catalogue,
  language: languageTagOf(catalogue),
  agents: new Map(),
});

/** The language of the catalogue's own texts: the first one that it names by a tag such as `sl`. */
const languageTagOf = ({ about }: Catalogue): string | undefined =>
  about?.texts('language').find((text) => /^[a-z]{2,3}(?:-[A-Za-z0-9]+)*$/.test(text));

const titles = [
  { text: 'Katalog podatkov', language: 'sl' },
  { text: 'Data catalogue', language: 'en' },
];
const descriptions = [
  { text: 'Zbirke podatkov mestne podatkovne platforme.', language: 'sl' },
  { text: 'Datasets of the city data platform.', language: 'en' },
];

/** The mandatory properties are there even when nobody has described the catalogue. */
function addAbout(node: Subject, publication: Publication): void {
  const { graph, site, catalogue, language } = publication;
  const { about } = catalogue;
  const texts = (term: 'title' | 'description', initial: typeof titles) => {
    const own = about ? localTextsOf(about, term, publication) : [];
    return own.length > 0 ? own : localLiterals(initial, language);
  };
  graph.add(node, 'dct:title', texts('title', titles));
  graph.add(node, 'dct:description', texts('description', descriptions));
  graph.add(node, 'dct:publisher', agentNode(about?.text('publisher') ?? site.name, publication));
  graph.add(node, 'dcat:themeTaxonomy', graph.node(themeScheme));
  graph.add(node, 'dct:language', nodesOf(graph, (about?.texts('language') ?? ['sl', 'en']).map(languageOf)));
  graph.add(node, 'dct:modified', dateOf(about?.text('modified')) ?? dateOf(lastChange(catalogue)));
  if (about) addDescribed(node, about, publication);
}

function addDescribed(node: Subject, about: Description, publication: Publication): void {
  const { graph } = publication;
  const licence = about.text('license');
  graph.add(node, 'foaf:homepage', nodesOf(graph, about.texts('homepage').slice(0, 1), 'foaf:Document'));
  graph.add(node, 'dct:license', nodesOf(graph, [licence && licenceOf(licence)], 'dct:LicenseDocument'));
  graph.add(node, 'dct:spatial', placeNode(node.value, about.value('spatial'), publication));
  graph.add(node, 'dct:issued', dateOf(about.text('issued')));
}

/** When the description of a published dataset changed last. */
const lastChange = ({ published }: Catalogue): string | undefined =>
  published
    .map(({ about: { entity } }) => entity.modifiedAt ?? entity.createdAt)
    .sort(compareInstants)
    .at(-1);

/** Pages as harvesters of ckanext-dcat follow them (Hydra). */
function addPaging(
  { graph, site, catalogue }: Publication,
  {
    page,
    last,
    urlOfPage,
  }: { readonly page: number; readonly last: number; readonly urlOfPage: (page: number) => string },
): void {
  const node = graph.node(urlOfPage(page), 'hydra:PartialCollectionView');
  graph.add(graph.node(site.urlOf('/dcat/catalog')), 'hydra:view', node);
  graph.add(
    graph.node(site.urlOf('/dcat/catalog')),
    'hydra:totalItems',
    literal(String(catalogue.published.length), 'xsd:integer'),
  );
  graph.add(node, 'hydra:first', graph.node(urlOfPage(1)));
  graph.add(node, 'hydra:last', graph.node(urlOfPage(last)));
  if (page > 1) graph.add(node, 'hydra:previous', graph.node(urlOfPage(page - 1)));
  if (page < last) graph.add(node, 'hydra:next', graph.node(urlOfPage(page + 1)));
}
