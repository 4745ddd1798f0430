/**
 * Maps names of NGSI v2 to IRIs and back: a term of the @context is its IRI, an IRI is itself, any other name is percent-encoded in the
 * default vocabulary.
 */
import type { Terms } from '../model/entity.ts';
import { isUri } from '../model/read/id.ts';
import { isReserved } from '../model/read/name.ts';
import { percentDecoded } from '../model/read/percent.ts';

/** The vocabulary of names that no @context defines (CIM 009 annex B). */
const vocabulary = 'https://uri.etsi.org/ngsi-ld/default-context/';

/** The names whose core terms are for geometries only. */
const spatial = new Set(['location', 'observationSpace', 'operationSpace']);

/** Members of attributes in NGSI-LD that are terms of the core @context without being reserved there. */
const memberNames = new Set(['vocab', 'json', 'entity', 'entityList', 'lang']);

const isMember = (name: string): boolean => isReserved(name) || memberNames.has(name);

/** The IRI of an attribute. Members of NGSI-LD, such as `scope`, are no terms here. */
export const attributeIri = (name: string, terms: Terms): string =>
  isReserved(name) ? inVocabulary(name) : iriOf(name, terms);

/** The IRI of a metadata item, which becomes a sub-attribute. */
export const metadataIri = (name: string, terms: Terms): string =>
  isMember(name) ? inVocabulary(name) : iriOf(name, terms);

/** The IRI of the type of an entity or of a value. */
export const typeIri = (name: string, terms: Terms): string => attributeIri(name, terms);

/** The IRI of an attribute `location`, `observationSpace` or `operationSpace` whose value is no geometry; undefined for other names. */
export const nonSpatialIri = (name: string): string | undefined => (spatial.has(name) ? inVocabulary(name) : undefined);

/** The IRIs that an attribute of this name can have: two for a name such as `location`, whose value can be a geometry or not. */
export function attributeIris(name: string, terms: Terms): readonly string[] {
  const iri = attributeIri(name, terms);
  const other = nonSpatialIri(name);
  return other === undefined ? [iri] : [iri, other];
}

/** The v2 name of an attribute: the shortest one that leads to the IRI again. */
export function attributeName(iri: string, terms: Terms): string {
  const last = iri.startsWith(vocabulary) ? iri.slice(vocabulary.length) : '';
  return spatial.has(last) ? last : nameOf(iri, terms, attributeIri);
}

export const metadataName = (iri: string, terms: Terms): string => nameOf(iri, terms, metadataIri);

export const typeName = (iri: string, terms: Terms): string => nameOf(iri, terms, typeIri);

const inVocabulary = (name: string): string => vocabulary + encodeURIComponent(name);

function iriOf(name: string, terms: Terms): string {
  if (terms.defines(name)) {
    const iri = terms.expand(name);
    // A keyword of JSON-LD, or a term without a meaning, begins with @.
    if (isUri(iri)) return iri;
  }
  return isUri(name) ? name : inVocabulary(name);
}

/** The term of the @context, or the decoded rest after the default vocabulary, or the IRI. */
function nameOf(iri: string, terms: Terms, iriIn: (name: string, terms: Terms) => string): string {
  const short = terms.compact(iri);
  if (iriIn(short, terms) === iri) return short;
  const decoded = iri.startsWith(vocabulary) ? percentDecoded(iri.slice(vocabulary.length)) : undefined;
  return decoded !== undefined && decoded !== '' && iriIn(decoded, terms) === iri ? decoded : iri;
}
