/** Describes a dataset and its distributions (DCAT-AP 3.0.1, classes Dataset and Distribution; HVD 3.0.0 for high-value datasets). */
import { type Dataset, isHighValue, lawsOf, responsible } from './dataset.ts';
import type { Description } from './description.ts';
import { agentName, agentNode, contactNode, dateOf, localTextsOf, periodNode, placeNode } from './describe-parts.ts';
import { type Graph, literal, localLiterals, nodesOf, type RdfObject, type Subject } from './graph.ts';
import { formsOf, type FileForm } from './file/file-forms.ts';
import { isHistory } from './file/selection.ts';
import { apiIri, datasetUrl, type Publication } from './publication.ts';
import { conceptOf, languageOf, licenceOf, mediaTypeBase } from './vocabulary.ts';
import { decimalText, isWellFormed } from './xsd.ts';

/** Adds a dataset with all its distributions. Returns its node. */
export function addDataset(dataset: Dataset, publication: Publication): Subject {
  const { graph } = publication;
  const { about } = dataset;
  const node = graph.node(datasetUrl(dataset, publication), 'dcat:Dataset');
  addTexts(node, dataset, publication);
  addResponsibility(node, about, publication);
  addClassification(node, about, publication);
  addCoverage(node, about, publication);
  addLinks(node, about, publication);
  addDates(node, about, publication);
  for (const distribution of distributionsOf(dataset, publication)) graph.add(node, 'dcat:distribution', distribution);
  return node;
}

function addTexts(node: Subject, { about, slug }: Dataset, publication: Publication): void {
  const { graph } = publication;
  const titles = localTextsOf(about, 'title', publication);
  const descriptions = localTextsOf(about, 'description', publication);
  const title = titles.length > 0 ? titles : [literal(slug)];
  graph.add(node, 'dct:title', title);
  graph.add(node, 'dct:description', descriptions.length > 0 ? descriptions : title);
  graph.add(
    node,
    'dct:identifier',
    (about.texts('identifier').length > 0 ? about.texts('identifier') : [about.id]).map((text) => literal(text)),
  );
  for (const text of about.texts('otherIdentifier')) {
    const identifier = graph.blank('adms:Identifier');
    graph.add(identifier, 'skos:notation', literal(text));
    graph.add(node, 'adms:identifier', identifier);
  }
  graph.add(node, 'dcat:keyword', localTextsOf(about, 'keyword', publication));
}

function addResponsibility(node: Subject, about: Description, publication: Publication): void {
  const { graph } = publication;
  const agent = responsible(about);
  graph.add(node, 'dct:publisher', agentNode(agent, publication));
  graph.add(
    node,
    'dct:creator',
    about.texts('creator').map((creator) => agentNode(creator, publication)),
  );
  graph.add(
    node,
    'dcat:contactPoint',
    contactNode(node.value, { texts: about.texts('contactPoint'), name: agentName(agent, publication) }, publication),
  );
}

function addClassification(node: Subject, about: Description, { graph }: Publication): void {
  const { texts } = about;
  const first = (word: string | undefined, table: Parameters<typeof conceptOf>[0]): string | undefined =>
    word === undefined ? undefined : conceptOf(table, word);
  graph.add(
    node,
    'dcat:theme',
    nodesOf(
      graph,
      texts('theme').map((word) => conceptOf('data-theme', word)),
    ),
  );
  graph.add(node, 'dct:accessRights', nodesOf(graph, [first(about.text('accessRights'), 'access-right')]));
  graph.add(node, 'dct:accrualPeriodicity', nodesOf(graph, [first(about.text('accrualPeriodicity'), 'frequency')]));
  graph.add(node, 'dct:language', nodesOf(graph, texts('language').map(languageOf)));
  graph.add(node, 'dcatap:applicableLegislation', nodesOf(graph, lawsOf(about), 'eli:LegalResource'));
  if (isHighValue(about)) graph.add(node, 'dcatap:hvdCategory', nodesOf(graph, texts('hvdCategory')));
}

function addCoverage(node: Subject, about: Description, publication: Publication): void {
  const { graph } = publication;
  graph.add(node, 'dct:spatial', placeNode(node.value, about.value('spatial'), publication));
  graph.add(node, 'dct:temporal', periodNode(about.texts('temporal'), publication));
  const resolution = about.texts('temporalResolution').find((text) => isWellFormed(text, durationType));
  graph.add(
    node,
    'dcat:temporalResolution',
    resolution === undefined ? undefined : literal(resolution, 'xsd:duration'),
  );
  const [metres] = about.texts('spatialResolutionInMeters').map((text) => decimalText(Number(text)));
  graph.add(node, 'dcat:spatialResolutionInMeters', metres === undefined ? undefined : literal(metres, 'xsd:decimal'));
}

const durationType = 'http://www.w3.org/2001/XMLSchema#duration';

function addLinks(node: Subject, about: Description, publication: Publication): void {
  const { graph, types } = publication;
  const { texts } = about;
  const models = types.modelsOf(types.irisOf(about)).map(({ schemaUrl }) => schemaUrl);
  graph.add(node, 'dct:conformsTo', nodesOf(graph, [...texts('conformsTo'), ...models], 'dct:Standard'));
  graph.add(node, 'foaf:page', nodesOf(graph, texts('page'), 'foaf:Document'));
  graph.add(node, 'dcat:landingPage', nodesOf(graph, texts('landingPage'), 'foaf:Document'));
  graph.add(
    node,
    'dct:source',
    nodesOf(
      graph,
      texts('source').map((source) => sourceUrl(source, publication)),
    ),
  );
  graph.add(
    node,
    'dcat:version',
    texts('version')
      .slice(0, 1)
      .map((text) => literal(text)),
  );
  graph.add(node, 'adms:versionNotes', localTextsOf(about, 'versionNotes', publication));
  for (const text of localLiterals(about.localTexts('provenance'), publication.language)) {
    const statement = graph.blank('dct:ProvenanceStatement');
    graph.add(statement, 'rdfs:label', text);
    graph.add(node, 'dct:provenance', statement);
  }
}

/** The URL of a dataset of the catalogue that another one was made of. The id of one that is not published says nothing to readers. */
function sourceUrl(source: string, publication: Publication): string | undefined {
  const { datasets, published } = publication.catalogue;
  const found = published.find(({ about }) => about.id === source);
  if (found) return datasetUrl(found, publication);
  return datasets.some(({ about }) => about.id === source) || /^urn:ngsi-ld:/.test(source) ? undefined : source;
}

function addDates(node: Subject, about: Description, { graph }: Publication): void {
  const { modifiedAt, createdAt } = about.entity;
  graph.add(node, 'dct:issued', dateOf(about.text('issued')));
  graph.add(node, 'dct:modified', dateOf(about.text('modified')) ?? dateOf(modifiedAt ?? createdAt));
}

/** Adds the distributions: those of the broker, and those that the data officer describes. */
function distributionsOf(dataset: Dataset, publication: Publication): readonly Subject[] {
  const { about } = dataset;
  // A URL cannot name another tenant than the initial one: that needs a header.
  const isInBroker = about.texts('entityTypes').length > 0;
  const hasRequest = publication.site.isDefaultTenant && isInBroker;
  return [
    ...(isInBroker ? formsOf(isHistory(about)).map((form) => addFile(form, dataset, publication)) : []),
    ...(hasRequest ? [addApiDistribution(dataset, publication)] : []),
    ...publication.catalogue
      .distributionsOf(about)
      .flatMap((one) => addDescribedDistribution(one, dataset, publication) ?? []),
  ];
}

/** What all distributions of a dataset have: its licence, and its laws when it is of high value. */
function addRights(node: Subject, { about }: Dataset, { graph }: Publication): void {
  const licence = about.text('license');
  graph.add(
    node,
    'dct:license',
    nodesOf(graph, [licence === undefined ? undefined : licenceOf(licence)], 'dct:LicenseDocument'),
  );
  if (isHighValue(about))
    graph.add(node, 'dcatap:applicableLegislation', nodesOf(graph, lawsOf(about), 'eli:LegalResource'));
}

/** A file of the dataset. */
function addFile(form: FileForm, dataset: Dataset, publication: Publication): Subject {
  const { graph, site } = publication;
  const { ending, title, fileType, registered } = form;
  const node = graph.node(`${datasetUrl(dataset, publication)}#${ending}`, 'dcat:Distribution');
  const file = graph.node(site.urlOf(`/data/${dataset.slug}.${ending}`), 'rdfs:Resource');
  graph.add(node, 'dct:title', literal(title));
  graph.add(node, 'dcat:accessURL', file);
  graph.add(node, 'dcat:downloadURL', file);
  graph.add(node, 'dct:format', nodesOf(graph, [conceptOf('file-type', fileType)]));
  if (registered !== undefined)
    graph.add(node, 'dcat:mediaType', graph.node(mediaTypeBase + registered, 'dct:MediaType'));
  if (ending === 'csv')
    graph.add(
      node,
      'dct:conformsTo',
      graph.node(site.urlOf(`/data/${dataset.slug}.csv-metadata.json`), 'dct:Standard'),
    );
  graph.add(node, 'dcatap:availability', nodesOf(graph, [conceptOf('planned-availability', 'AVAILABLE')]));
  addRights(node, dataset, publication);
  return node;
}

/** The query of the NGSI-LD API that finds the entities of the dataset. */
function addApiDistribution(dataset: Dataset, publication: Publication): Subject {
  const { graph, site, types } = publication;
  const { about } = dataset;
  const node = graph.node(`${datasetUrl(dataset, publication)}#api`, 'dcat:Distribution');
  const query = new URLSearchParams({ type: types.irisOf(about).join(','), local: 'true' });
  const q = about.text('query');
  if (q !== undefined) query.set('q', q);
  graph.add(node, 'dct:title', [literal('NGSI-LD API')]);
  graph.add(
    node,
    'dcat:accessURL',
    graph.node(`${site.ownUrlOf('/ngsi-ld/v1/entities')}?${query.toString()}`, 'rdfs:Resource'),
  );
  graph.add(node, 'dcat:accessService', graph.node(apiIri(publication)));
  graph.add(node, 'dct:format', nodesOf(graph, [conceptOf('file-type', 'JSON_LD')]));
  graph.add(node, 'dcat:mediaType', graph.node(`${mediaTypeBase}application/ld+json`, 'dct:MediaType'));
  addRights(node, dataset, publication);
  return node;
}

/** A distribution that the data officer describes. Without a usable `accessURL` there is none. */
function addDescribedDistribution(one: Description, dataset: Dataset, publication: Publication): Subject | undefined {
  const { graph } = publication;
  const access = one.texts('accessURL').filter((text) => /^https?:/.test(text));
  if (access.length === 0) return undefined;
  const node = graph.node(one.id, 'dcat:Distribution');
  graph.add(node, 'dct:title', localTextsOf(one, 'title', publication));
  graph.add(node, 'dct:description', localTextsOf(one, 'description', publication));
  graph.add(node, 'dcat:accessURL', nodesOf(graph, access, 'rdfs:Resource'));
  graph.add(node, 'dcat:downloadURL', nodesOf(graph, one.texts('downloadURL'), 'rdfs:Resource'));
  addFormat(node, one, graph);
  graph.add(node, 'dct:issued', dateOf(one.text('issued')));
  graph.add(node, 'dct:modified', dateOf(one.text('modified')));
  graph.add(node, 'dcat:byteSize', sizeOf(one.text('byteSize')));
  if (one.text('license') === undefined) addRights(node, dataset, publication);
  else addRights(node, { ...dataset, about: withLicence(dataset.about, one) }, publication);
  return node;
}

const withLicence = (about: Description, { text }: Description): Description => ({
  ...about,
  text: (term) => (term === 'license' ? text(term) : about.text(term)),
});

function addFormat(node: Subject, { text }: Description, graph: Graph): void {
  const format = text('format');
  graph.add(node, 'dct:format', nodesOf(graph, [format === undefined ? undefined : conceptOf('file-type', format)]));
  const media = text('mediaType')?.replace(/^https?:\/\/www\.iana\.org\/assignments\/media-types\//, '');
  if (media !== undefined && /^[\w.+-]+\/[\w.+-]+$/.test(media))
    graph.add(node, 'dcat:mediaType', graph.node(mediaTypeBase + media, 'dct:MediaType'));
}

const sizeOf = (text: string | undefined): RdfObject | undefined =>
  text !== undefined && /^\d+$/.test(text) ? literal(text, 'xsd:nonNegativeInteger') : undefined;
