/** Writes a graph as Turtle, JSON-LD or RDF/XML. The three forms hold the same graph. */
import jsonld from 'jsonld';
import { type Quad, Writer } from 'n3';
import { rdfXmlOf } from './rdf-xml.ts';
import { prefixes } from './vocabulary.ts';

export type RdfForm = 'turtle' | 'ld+json' | 'rdf+xml';

export async function writeRdf(quads: readonly Quad[], form: RdfForm): Promise<string> {
  const used = usedPrefixes(quads);
  if (form === 'rdf+xml') return rdfXmlOf(quads, used);
  // The writer of Turtle begins a new paragraph with each change of the subject.
  return form === 'turtle' ? turtleOf(bySubject(quads), used) : jsonLdOf(quads, used);
}

const bySubject = (quads: readonly Quad[]): readonly Quad[] =>
  [...Map.groupBy(quads, ({ subject }) => subject.id).values()].flat();

type Prefixes = Readonly<Record<string, string>>;

/** The prefixes that names in the graph begin with. */
function usedPrefixes(quads: readonly Quad[]): Prefixes {
  const iris = new Set(
    quads.flatMap(({ predicate, object }) => [
      predicate.value,
      object.termType === 'Literal' ? object.datatype.value : object.value,
    ]),
  );
  return Object.fromEntries(
    Object.entries(prefixes).filter(([name, base]) => name !== 'rdf' && [...iris].some((iri) => iri.startsWith(base))),
  );
}

const turtleOf = (quads: readonly Quad[], used: Prefixes): Promise<string> =>
  ended(new Writer({ prefixes: used }), quads);

/** The text of a writer to which the quads are added. */
const ended = (writer: Writer, quads: readonly Quad[]): Promise<string> =>
  new Promise((resolve, reject) => {
    writer.addQuads([...quads]);
    writer.end((error: Error | null, text: string) => {
      if (error) reject(error);
      else resolve(text);
    });
  });

/** Without repetitions. */
const distinct = (quads: readonly Quad[]): Quad[] => [
  ...new Map(quads.map((one) => [JSON.stringify([one.subject.id, one.predicate.id, one.object.id]), one])).values(),
];

/** Values keep their lexical forms: `useNativeTypes` would write numbers as JSON, which changes some of them. */
async function jsonLdOf(quads: readonly Quad[], used: Prefixes): Promise<string> {
  // From a text, jsonld compares each quad with all others.
  const expanded = await jsonld.fromRDF(distinct(quads), { useNativeTypes: false });
  const compacted = await jsonld.compact(expanded, used, { graph: true });
  return `${JSON.stringify(compacted, undefined, 1)}\n`;
}
