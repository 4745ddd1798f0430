/** Describes what catalogues, datasets and services refer to: agents, contacts, places and periods (DCAT-AP 3.0.1, section 2.7 classes). */
import type { Json } from '../../core/model/json.ts';
import { boundingBox, type BoundingBox, readGeometry } from '../../core/model/geometry.ts';
import type { Description } from './description.ts';
import { literal, localLiterals, nodesOf, type RdfObject, type Subject } from './graph.ts';
import type { Publication } from './publication.ts';
import { isIri } from './vocabulary.ts';
import { temporalTypeOf } from './xsd.ts';

/** The titles, descriptions or names of an entity as literals. */
export const localTextsOf = (about: Description, term: string, { language }: Publication): readonly RdfObject[] =>
  localLiterals(about.localTexts(term), language);

/** The agent with this id, or with this name. It is described once. */
export function agentNode(text: string | undefined, publication: Publication): Subject | undefined {
  if (text === undefined) return undefined;
  const known = publication.agents.get(text);
  if (known) return known;
  const { graph, catalogue } = publication;
  const node = isIri(text) ? graph.node(text, 'foaf:Agent') : graph.blank('foaf:Agent');
  publication.agents.set(text, node);
  const about = catalogue.agents.get(text);
  const names = about ? localTextsOf(about, 'name', publication) : [];
  graph.add(node, 'foaf:name', names.length > 0 ? names : literal(text));
  if (about) {
    graph.add(node, 'dct:type', nodesOf(graph, about.texts('Type').slice(0, 1)));
    graph.add(node, 'foaf:homepage', nodesOf(graph, about.texts('homepage').slice(0, 1), 'foaf:Document'));
  }
  return node;
}

interface Contact {
  /** E-mail addresses and pages. */
  readonly texts: readonly string[];
  /** The name of the agent who answers for the data. */
  readonly name: string | undefined;
}

/** Whom to ask about the subject with this IRI. */
export function contactNode(iri: string, { texts, name }: Contact, { graph }: Publication): Subject | undefined {
  const pages = texts.filter((contact) => /^https?:/.test(contact) && isIri(contact));
  const mails = texts
    .map((contact) => contact.replace(/^mailto:/, ''))
    .filter((contact) => /^[^\s@<>"]+@[^\s@<>"]+$/.test(contact));
  if (pages.length + mails.length === 0) return undefined;
  const node = graph.node(`${iri}#contact`, 'vcard:Organization');
  graph.add(node, 'rdf:type', graph.node('http://www.w3.org/2006/vcard/ns#Kind'));
  graph.add(node, 'vcard:fn', name === undefined ? undefined : literal(name));
  graph.add(
    node,
    'vcard:hasEmail',
    nodesOf(
      graph,
      mails.map((mail) => `mailto:${encodeURI(mail)}`),
      'rdfs:Resource',
    ),
  );
  graph.add(node, 'vcard:hasURL', nodesOf(graph, pages, 'rdfs:Resource'));
  return node;
}

/** The name of the agent who answers for a dataset, for contacts. */
export function agentName(text: string | undefined, { catalogue, language = 'sl' }: Publication): string | undefined {
  const agent = text === undefined ? undefined : catalogue.agents.get(text);
  return agent?.textIn('name', [language, 'en']) ?? text;
}

/** The place of the subject with this IRI: a geometry, or the IRI of a place such as one of GeoNames. */
export function placeNode(iri: string, value: Json | undefined, { graph }: Publication): Subject | undefined {
  if (typeof value === 'string') return isIri(value) ? graph.node(value, 'dct:Location') : undefined;
  const box = boxOf(value);
  if (!box) return undefined;
  const node = graph.node(`${iri}#place`, 'dct:Location');
  const [west, south, east, north] = box;
  if (west < east || south < north) graph.add(node, 'dcat:bbox', wkt(`POLYGON((${ringOf(box)}))`));
  graph.add(node, 'dcat:centroid', wkt(`POINT(${middle(west, east)} ${middle(south, north)})`));
  return node;
}

function boxOf(value: Json | undefined): BoundingBox | undefined {
  try {
    return value === undefined ? undefined : boundingBox(readGeometry(value, 'spatial'));
  } catch {
    // A value that is no geometry describes no place.
    return undefined;
  }
}

const ringOf = ([west, south, east, north]: BoundingBox): string =>
  [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ]
    .map(([longitude = 0, latitude = 0]) => `${longitude} ${latitude}`)
    .join(',');

/** With six digits after the point, which is about a decimetre. */
const middle = (from: number, to: number): number => Number(((from + to) / 2).toFixed(6));

const wkt = (text: string): RdfObject => literal(text, 'gsp:wktLiteral');

/** The period between two texts, or of one text with a slash between them. A text that is no date is left out. */
export function periodNode(texts: readonly string[], { graph }: Publication): Subject | undefined {
  const [start, end] = texts.flatMap((text) => text.split('/')).map(dateOf);
  if (!start && !end) return undefined;
  const node = graph.blank('dct:PeriodOfTime');
  graph.add(node, 'dcat:startDate', start);
  graph.add(node, 'dcat:endDate', end);
  return node;
}

/** A date with its datatype; undefined for a text that is none. */
export function dateOf(text: string | undefined): RdfObject | undefined {
  const type = text === undefined ? undefined : temporalTypeOf(text);
  return text === undefined || type === undefined ? undefined : literal(text, type);
}
