/** What DCAT-AP 3.0.1 says of properties: how often they occur, and what their values are (chapter 2 of the specification, class by class). */
import { mediaTypeBase, type PrefixedName, tableOf, themeScheme } from '../vocabulary.ts';

/** `node`: an IRI or a blank node. `date`: a literal of a temporal type. Others are literals of that datatype. */
export type ValueKind =
  | 'text'
  | 'literal'
  | 'iri'
  | 'node'
  | 'date'
  | 'nonNegativeInteger'
  | 'decimal'
  | 'duration'
  | 'hexBinary';

export interface PropertyRule {
  readonly kind: ValueKind;
  /** Fewer are a fault. */
  readonly least?: number;
  /** More are a fault. */
  readonly most?: number;
  /** None is a warning. */
  readonly isRecommended?: true;
  /** What the IRIs of all values must begin with. */
  readonly begins?: readonly string[];
  /** What the IRI of one value at least should begin with; else there is a warning. */
  readonly oneBegins?: string;
  /** The class that each value must have. */
  readonly type?: PrefixedName;
}

export type Rules = Readonly<Partial<Record<PrefixedName, PropertyRule>>>;

const text = { kind: 'text' } as const;
const node = { kind: 'node' } as const;
const literal = { kind: 'literal' } as const;
const date = { kind: 'date', most: 1 } as const;
const one = { most: 1 } as const;
const mandatory = { ...text, least: 1 } as const;
const recommended = { ...node, isRecommended: true } as const;
const language = { ...node, begins: [tableOf('language')] } as const;
const agent = { ...node, ...one, type: 'foaf:Agent' } as const;
const contact = { ...recommended, type: 'vcard:Kind' } as const;
const resolutions: Rules = {
  'dcat:spatialResolutionInMeters': { kind: 'decimal' },
  'dcat:temporalResolution': { kind: 'duration', ...one },
};
const links: Rules = {
  'dct:conformsTo': node,
  'dcat:landingPage': node,
  'foaf:page': node,
  'dcatap:applicableLegislation': node,
  'dcatap:hvdCategory': { ...node, begins: ['http://data.europa.eu/bna/'] },
};

const catalogue: Rules = {
  ...links,
  'dct:title': mandatory,
  'dct:description': mandatory,
  'dct:publisher': { ...agent, least: 1 },
  'dct:creator': { ...node, ...one },
  'dct:license': { ...node, ...one },
  'dct:issued': date,
  'dct:modified': date,
  'dct:language': language,
  'dct:spatial': node,
  'dct:rights': node,
  'foaf:homepage': { ...node, ...one },
  'dcat:themeTaxonomy': { ...recommended, oneBegins: themeScheme },
  'dcat:dataset': { ...node, type: 'dcat:Dataset' },
  'dcat:service': { ...node, type: 'dcat:DataService' },
};

const dataset: Rules = {
  ...links,
  ...resolutions,
  'dct:title': mandatory,
  'dct:description': mandatory,
  'dct:publisher': { ...agent, isRecommended: true },
  'dct:creator': node,
  'dcat:contactPoint': contact,
  'dcat:distribution': { ...recommended, type: 'dcat:Distribution' },
  'dcat:keyword': { ...text, isRecommended: true },
  'dcat:theme': { ...recommended, oneBegins: tableOf('data-theme') },
  'dct:spatial': recommended,
  'dct:temporal': { ...recommended, type: 'dct:PeriodOfTime' },
  'dct:accessRights': { ...node, ...one, oneBegins: tableOf('access-right') },
  'dct:accrualPeriodicity': { ...node, ...one, begins: [tableOf('frequency')] },
  'dct:identifier': literal,
  'dct:language': language,
  'dct:issued': date,
  'dct:modified': date,
  'dct:provenance': node,
  'dct:source': node,
  'dct:relation': node,
  'dcat:inSeries': node,
  'dcat:version': { ...literal, ...one },
};

const distribution: Rules = {
  ...links,
  ...resolutions,
  'dcat:accessURL': { kind: 'iri', least: 1 },
  'dcat:downloadURL': { kind: 'iri' },
  'dct:title': text,
  'dct:description': text,
  'dct:format': { ...node, ...one, begins: [tableOf('file-type')] },
  'dct:license': { ...recommended, ...one },
  'dct:rights': node,
  'dct:language': language,
  'dcat:mediaType': { kind: 'iri', ...one, begins: [mediaTypeBase] },
  'dcat:compressFormat': { kind: 'iri', ...one, begins: [mediaTypeBase] },
  'dcat:packageFormat': { kind: 'iri', ...one, begins: [mediaTypeBase] },
  'dcat:byteSize': { kind: 'nonNegativeInteger', ...one },
  'dcat:accessService': { ...node, type: 'dcat:DataService' },
  'dcatap:availability': { ...node, ...one, begins: [tableOf('planned-availability')] },
  'spdx:checksum': { ...node, ...one, type: 'spdx:Checksum' },
  'dct:issued': date,
  'dct:modified': date,
  'adms:status': { ...node, ...one, begins: [tableOf('distribution-status'), 'http://purl.org/adms/status/'] },
};

const service: Rules = {
  ...links,
  'dct:title': mandatory,
  'dct:description': text,
  'dcat:endpointURL': { kind: 'iri', least: 1 },
  'dcat:endpointDescription': { kind: 'iri' },
  'dcat:servesDataset': { ...recommended, type: 'dcat:Dataset' },
  'dcat:contactPoint': { ...node, type: 'vcard:Kind' },
  'dct:publisher': agent,
  'dcat:keyword': text,
  'dcat:theme': node,
  'dct:license': { ...node, ...one },
  'dct:rights': node,
  'dct:accessRights': { ...node, ...one, oneBegins: tableOf('access-right') },
  'dct:format': { ...node, begins: [tableOf('file-type')] },
};

/** The rules by class. */
export const rulesOfClasses: Readonly<Partial<Record<PrefixedName, Rules>>> = {
  'dcat:Catalog': catalogue,
  'dcat:Dataset': dataset,
  'dcat:Distribution': distribution,
  'dcat:DataService': service,
  'dcat:DatasetSeries': {
    'dct:title': mandatory,
    'dct:description': mandatory,
    'dcat:contactPoint': contact,
    'dct:publisher': { ...agent, isRecommended: true },
    'dct:issued': date,
    'dct:modified': date,
  },
  'dcat:CatalogRecord': { 'dct:modified': { ...date, least: 1 }, 'foaf:primaryTopic': { ...node, least: 1, most: 1 } },
  'foaf:Agent': { 'foaf:name': mandatory, 'dct:type': { ...node, ...one } },
  'vcard:Kind': { 'vcard:hasEmail': { kind: 'iri', begins: ['mailto:'] }, 'vcard:hasURL': { kind: 'iri' } },
  'dct:Location': {
    'dcat:bbox': { ...literal, ...one },
    'dcat:centroid': { ...literal, ...one },
    'locn:geometry': { ...literal, ...one },
  },
  'dct:PeriodOfTime': { 'dcat:startDate': date, 'dcat:endDate': date },
  'spdx:Checksum': {
    'spdx:algorithm': { ...node, least: 1, most: 1 },
    'spdx:checksumValue': { kind: 'hexBinary', least: 1, most: 1 },
  },
};
