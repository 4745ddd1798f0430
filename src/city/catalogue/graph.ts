/** Builds an RDF graph from names such as `dct:title`. */
import { type BlankNode, DataFactory, type Literal, type NamedNode, type Quad } from 'n3';
import type { LocalText } from './description.ts';
import { iriOf, isIri, type PrefixedName } from './vocabulary.ts';

export type Subject = NamedNode | BlankNode;
export type RdfObject = Subject | Literal;

type Objects = RdfObject | undefined | readonly (RdfObject | undefined)[];

/** The statements about a subject can be added at any time. They are written in the order in which they were added. */
export interface Graph {
  readonly quads: readonly Quad[];
  /** A node with an IRI, and perhaps with a class. */
  readonly node: (iri: string, type?: PrefixedName) => NamedNode;
  /** A new node without an IRI. */
  readonly blank: (type: PrefixedName) => BlankNode;
  /** Adds a statement for each object. Absent objects are left out. */
  readonly add: (subject: Subject, property: PrefixedName, objects: Objects) => void;
}

const namedNode = (iri: string): NamedNode => DataFactory.namedNode(iri);

export function createGraph(): Graph {
  const quads: Quad[] = [];
  const typed = new Set<string>();
  let blanks = 0;
  const add: Graph['add'] = (subject, property, objects) => {
    for (const object of listOf(objects)) if (object) quads.push(DataFactory.quad(subject, named(property), object));
  };
  const withType = <Node extends Subject>(node: Node, type: PrefixedName | undefined): Node => {
    if (type === undefined || typed.has(`${node.id} ${type}`)) return node;
    typed.add(`${node.id} ${type}`);
    add(node, 'rdf:type', named(type));
    return node;
  };
  return {
    quads,
    add,
    node: (iri, type) => withType(namedNode(iri), type),
    blank: (type) => {
      blanks += 1;
      return withType(DataFactory.blankNode(`b${blanks}`), type);
    },
  };
}

const listOf = (objects: Objects): readonly (RdfObject | undefined)[] =>
  objects !== undefined && 'termType' in objects ? [objects] : (objects ?? []);

const named = (name: PrefixedName): NamedNode => namedNode(iriOf(name));

/** A literal of a datatype such as `xsd:date`, or a plain text. */
export const literal = (text: string, datatype?: PrefixedName): Literal =>
  datatype === undefined ? DataFactory.literal(text) : DataFactory.literal(text, named(datatype));

/** Texts with their languages; `initial` is the language of texts that name none. */
export const localLiterals = (texts: readonly LocalText[], initial: string | undefined): readonly Literal[] =>
  texts.map(({ text, language = initial }) =>
    language === undefined ? DataFactory.literal(text) : DataFactory.literal(text, language),
  );

/** Nodes for those texts that are IRIs. */
export const nodesOf = (
  graph: Graph,
  texts: readonly (string | undefined)[],
  type?: PrefixedName,
): readonly NamedNode[] => texts.flatMap((text) => (text !== undefined && isIri(text) ? [graph.node(text, type)] : []));
