/**
 * Writes a graph as RDF/XML. No maintained package for JavaScript writes it correctly: that of `rdflib` turns classes into properties, and
 * others are no longer maintained.
 */
import type { Quad } from 'n3';
import { prefixes } from './vocabulary.ts';

type Prefixes = Readonly<Record<string, string>>;
type Object_ = Quad['object'];

/** One `rdf:Description` for each subject, in the order in which they first occur. */
export function rdfXmlOf(quads: readonly Quad[], used: Prefixes): string {
  const names: Prefixes = { ...used, rdf: prefixes.rdf };
  const bySubject = Map.groupBy(quads, ({ subject }) => subject.id);
  const declared = Object.entries(names).map(([prefix, base]) => ` xmlns:${prefix}="${escaped(base)}"`);
  const subjects = [...bySubject.values()].map((statements) => descriptionOf(statements, names));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF${declared.join('')}>\n${subjects.join('')}</rdf:RDF>\n`;
}

function descriptionOf(statements: readonly Quad[], names: Prefixes): string {
  const [first] = statements;
  if (!first) return '';
  const lines = statements.map(
    ({ predicate, object }) => `  ${propertyOf(elementName(predicate.value, names), object)}\n`,
  );
  return ` <rdf:Description ${reference(first.subject, 'about')}>\n${lines.join('')} </rdf:Description>\n`;
}

function propertyOf(name: string, object: Object_): string {
  if (object.termType !== 'Literal') return `<${name} ${reference(object, 'resource')}/>`;
  const { value, language, datatype } = object;
  const kind =
    language !== ''
      ? ` xml:lang="${escaped(language)}"`
      : datatype.value === `${prefixes.xsd}string`
        ? ''
        : ` rdf:datatype="${escaped(datatype.value)}"`;
  return `<${name}${kind}>${escaped(value)}</${name}>`;
}

const reference = ({ termType, value }: Object_ | Quad['subject'], attribute: 'about' | 'resource'): string =>
  termType === 'BlankNode' ? `rdf:nodeID="${escaped(value)}"` : `rdf:${attribute}="${escaped(value)}"`;

/** The name of a property with its prefix. All properties of the catalogue have one. */
function elementName(iri: string, names: Prefixes): string {
  const [prefix, base] = Object.entries(names).find(([, start]) => iri.startsWith(start)) ?? [];
  if (prefix === undefined || base === undefined) throw new Error(`The property ${iri} has no prefix.`);
  return `${prefix}:${iri.slice(base.length)}`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

/** Characters that XML 1.0 cannot hold are left out. */
const escaped = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu, '')
    .replace(/[&<>"\r]/g, (character) => entities[character] ?? character);
