/** Writes a graph as Turtle, JSON-LD or RDF/XML. The three forms hold the same graph. */
import jsonld from 'jsonld';
import { type Quad, Writer } from 'n3';
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import { rdfXmlOf } from './rdf-xml.ts';
import { prefixes } from './vocabulary.ts';

export type RdfForm = 'turtle' | 'ld+json' | 'rdf+xml';

/** `yieldToEventLoop`: long texts are written with pauses. */
export async function writeRdf(
  quads: readonly Quad[],
  form: RdfForm,
  yieldToEventLoop: YieldToEventLoop,
): Promise<string> {
  const used = usedPrefixes(quads);
  if (form === 'rdf+xml') return rdfXmlOf(quads, used);
  // The writer of Turtle begins a new paragraph with each change of the subject.
  return form === 'turtle'
    ? turtleOf(bySubject(quads), used, yieldToEventLoop)
    : jsonLdOf(quads, used, yieldToEventLoop);
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

async function turtleOf(quads: readonly Quad[], used: Prefixes, yieldToEventLoop: YieldToEventLoop): Promise<string> {
  const writer = new Writer({ prefixes: used });
  for (const quad of quads) {
    const pause = yieldToEventLoop();
    if (pause) await pause;
    writer.addQuad(quad);
  }
  return ended(writer);
}

const ended = (writer: Writer): Promise<string> =>
  new Promise((resolve, reject) => {
    writer.end((error: Error | null, text: string) => {
      if (error) reject(error);
      else resolve(text);
    });
  });

/** Without repetitions. */
const distinct = (quads: readonly Quad[]): Quad[] => [
  ...new Map(quads.map((one) => [JSON.stringify([one.subject.id, one.predicate.id, one.object.id]), one])).values(),
];

/** Subjects that are written without a pause. The graph has no lists, so that each subject can be written apart from the others. */
const subjectsAtOnce = 20;

/** Values keep their lexical forms: `useNativeTypes` would write numbers as JSON, which changes some of them. */
async function jsonLdOf(quads: readonly Quad[], used: Prefixes, yieldToEventLoop: YieldToEventLoop): Promise<string> {
  const subjects = [...Map.groupBy(distinct(quads), ({ subject }) => subject.id).values()];
  const graph: unknown[] = [];
  for (let start = 0; start < subjects.length; start += subjectsAtOnce) {
    const pause = yieldToEventLoop();
    if (pause) await pause;
    // From a text, jsonld compares each quad with all others.
    const some = subjects.slice(start, start + subjectsAtOnce).flat();
    const expanded = await jsonld.fromRDF(some, { useNativeTypes: false });
    const { '@graph': nodes = [] } = await jsonld.compact(expanded, used, { graph: true });
    graph.push(...[nodes].flat());
  }
  return `${JSON.stringify({ '@context': used, '@graph': graph }, undefined, 1)}\n`;
}
