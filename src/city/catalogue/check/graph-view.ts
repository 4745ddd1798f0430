/** Finds statements in a graph. */
import type { Quad } from 'n3';
import { iriOf, type PrefixedName } from '../vocabulary.ts';

type Term = Quad['object'];

export interface GraphView {
  /** The nodes of a class, by the text that identifies them. */
  readonly nodesOf: (type: PrefixedName) => readonly string[];
  readonly valuesOf: (subject: string, property: PrefixedName) => readonly Term[];
  /** The nodes that have this value. */
  readonly subjectsWith: (property: PrefixedName, value: string) => readonly string[];
  readonly isA: (node: string, type: PrefixedName) => boolean;
}

/** Blank nodes have a prefix, so that they are no IRIs. */
export const keyOf = ({ termType, value }: Pick<Term, 'termType' | 'value'>): string =>
  termType === 'BlankNode' ? `_:${value}` : value;

export function createView(quads: readonly Quad[]): GraphView {
  const bySubject = new Map<string, Map<string, Term[]>>();
  const byValue = new Map<string, Set<string>>();
  for (const { subject, predicate, object } of quads) {
    const properties = bySubject.get(keyOf(subject)) ?? new Map<string, Term[]>();
    bySubject.set(keyOf(subject), properties);
    const values = properties.get(predicate.value) ?? [];
    properties.set(predicate.value, values);
    if (!values.some((one) => one.equals(object))) values.push(object);
    const key = `${predicate.value} ${keyOf(object)}`;
    byValue.set(key, (byValue.get(key) ?? new Set()).add(keyOf(subject)));
  }
  const subjectsWith: GraphView['subjectsWith'] = (property, value) => [
    ...(byValue.get(`${iriOf(property)} ${value}`) ?? []),
  ];
  return {
    nodesOf: (type) => subjectsWith('rdf:type', iriOf(type)),
    valuesOf: (subject, property) => bySubject.get(subject)?.get(iriOf(property)) ?? [],
    subjectsWith,
    isA: (node, type) => byValue.get(`${iriOf('rdf:type')} ${iriOf(type)}`)?.has(node) ?? false,
  };
}
