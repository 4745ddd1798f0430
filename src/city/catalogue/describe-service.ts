/** Describes data services: the NGSI-LD API of the broker, and those that the data officer describes (DCAT-AP 3.0.1, class DataService). */
import { type Dataset, isHighValue, lawsOf, responsible } from './dataset.ts';
import type { Description } from './description.ts';
import { agentName, agentNode, contactNode, localTextsOf } from './describe-parts.ts';
import { literal, localLiterals, nodesOf, type Subject } from './graph.ts';
import { apiIri, datasetUrl, type Publication } from './publication.ts';
import { conceptOf, licenceOf, publicAccess } from './vocabulary.ts';

const standard = 'https://www.etsi.org/deliver/etsi_gs/CIM/001_099/009/';

/** Datasets of which entities are in the broker. */
const servedByApi = ({ about }: Dataset): boolean => about.texts('entityTypes').length > 0;

/** Adds the services that serve some of these datasets. Returns their nodes. */
export function addServices(datasets: readonly Dataset[], publication: Publication): readonly Subject[] {
  const served = datasets.filter(servedByApi);
  return [
    ...(served.length > 0 ? [addApi(served, publication)] : []),
    ...publication.catalogue.services.flatMap((one) => addDescribed(one, datasets, publication) ?? []),
  ];
}

function addApi(served: readonly Dataset[], publication: Publication): Subject {
  const { graph, site } = publication;
  const node = graph.node(apiIri(publication), 'dcat:DataService');
  graph.add(
    node,
    'dct:title',
    localLiterals(
      [
        { text: 'NGSI-LD API', language: 'sl' },
        { text: 'NGSI-LD API', language: 'en' },
      ],
      undefined,
    ),
  );
  graph.add(node, 'dcat:endpointURL', graph.node(site.ownUrlOf('/ngsi-ld/v1'), 'rdfs:Resource'));
  graph.add(node, 'dcat:endpointDescription', graph.node(site.ownUrlOf('/openapi.yaml'), 'rdfs:Resource'));
  graph.add(node, 'foaf:page', graph.node(site.ownUrlOf('/docs/'), 'foaf:Document'));
  graph.add(node, 'dct:conformsTo', graph.node(standard, 'dct:Standard'));
  graph.add(node, 'dct:format', nodesOf(graph, [conceptOf('file-type', 'JSON_LD')]));
  graph.add(node, 'dct:accessRights', graph.node(publicAccess));
  addApiAgents(node, served, publication);
  addSharedRights(node, served, publication);
  graph.add(
    node,
    'dcat:servesDataset',
    served.map((one) => graph.node(datasetUrl(one, publication))),
  );
  return node;
}

/** The publisher of the catalogue, and whom to ask: the contact of a dataset of high value, where there is one. */
function addApiAgents(node: Subject, served: readonly Dataset[], publication: Publication): void {
  const { graph, site, catalogue } = publication;
  const first = served.find(({ about }) => isHighValue(about)) ?? served[0];
  const agent = catalogue.about?.text('publisher') ?? (first && responsible(first.about));
  const contact = { texts: first?.about.texts('contactPoint') ?? [], name: agentName(agent, publication) };
  graph.add(node, 'dct:publisher', agentNode(agent, publication));
  graph.add(node, 'dcat:contactPoint', contactNode(site.urlOf('/dcat/catalog'), contact, publication));
}

/** The licence, when all datasets have the same one; laws and categories of those of high value. */
function addSharedRights(node: Subject, served: readonly Dataset[], { graph }: Publication): void {
  const licences = new Set(served.map(({ about }) => about.text('license') ?? '').map(licenceOf));
  const [licence] = licences;
  if (licences.size === 1) graph.add(node, 'dct:license', nodesOf(graph, [licence], 'dct:LicenseDocument'));
  else {
    const rights = graph.blank('dct:RightsStatement');
    graph.add(rights, 'rdfs:label', literal('The licence of each dataset applies to what the service gives of it.'));
    graph.add(node, 'dct:rights', rights);
  }
  const valued = served.filter(({ about }) => isHighValue(about));
  const all = (of: (about: Description) => readonly string[]): readonly string[] => [
    ...new Set(valued.flatMap(({ about }) => of(about))),
  ];
  graph.add(node, 'dcatap:applicableLegislation', nodesOf(graph, all(lawsOf), 'eli:LegalResource'));
  graph.add(
    node,
    'dcatap:hvdCategory',
    nodesOf(
      graph,
      all(({ texts }) => texts('hvdCategory')),
    ),
  );
}

/** A service that the data officer describes: with a title and an address, and serving one of the datasets. */
function addDescribed(one: Description, datasets: readonly Dataset[], publication: Publication): Subject | undefined {
  const { graph } = publication;
  const ids = new Set(one.texts('servesDataset'));
  const served = datasets.filter(({ about }) => ids.has(about.id));
  const titles = localTextsOf(one, 'title', publication);
  const addresses = one.texts('endPointURL').filter((text) => /^https?:/.test(text));
  if (served.length === 0 || titles.length === 0 || addresses.length === 0) return undefined;
  const node = graph.node(one.id, 'dcat:DataService');
  const [licence, rights] = [one.text('license'), one.text('accessRights')];
  graph.add(node, 'dct:title', titles);
  graph.add(node, 'dct:description', localTextsOf(one, 'description', publication));
  graph.add(node, 'dcat:endpointURL', nodesOf(graph, addresses, 'rdfs:Resource'));
  graph.add(node, 'dcat:endpointDescription', nodesOf(graph, one.texts('endPointDescription'), 'rdfs:Resource'));
  graph.add(node, 'dct:license', nodesOf(graph, [licence && licenceOf(licence)], 'dct:LicenseDocument'));
  graph.add(node, 'dct:accessRights', nodesOf(graph, [rights && conceptOf('access-right', rights)]));
  graph.add(
    node,
    'dcat:servesDataset',
    served.map((dataset) => graph.node(datasetUrl(dataset, publication))),
  );
  return node;
}
