/** Extracts the terms of `q` that an index over values can answer. They are necessary conditions: the entity is checked anyway. */
import type { QPath, Query, QValue } from '../../../core/language/filter.ts';
import { type Key, keyOf } from './value-index.ts';

/** Entities with one of the values, or with a number between the bounds (both included). */
type IndexRange = { readonly keys: readonly Key[] } | { readonly from: number; readonly to: number };

export interface IndexTerm {
  /** The expanded name of the attribute. */
  readonly attr: string;
  readonly range: IndexRange;
}

/** Terms that must all hold for the query to hold. */
export function indexTerms(query: Query): readonly IndexTerm[] {
  if ('parts' in query) return query.op === 'and' ? query.parts.flatMap(indexTerms) : [];
  if (!isOfWholeValue(query.path)) return [];
  const range = rangeOf(query);
  return range ? [{ attr: query.path.attr, range }] : [];
}

/** Members of entities have short names; attributes are IRIs. */
const isOfWholeValue = ({ attr, sub, inside, linked }: QPath): boolean =>
  attr.includes(':') && sub.length === 0 && inside.length === 0 && !linked;

function rangeOf(term: Extract<Query, { readonly path: QPath }>): IndexRange | undefined {
  switch (term.op) {
    case '==':
      return equalTo(term.value, term.expanded ?? []);
    case '>':
    case '>=':
      return ordered(term.value, (bound) => ({ from: bound, to: Infinity }));
    case '<':
    case '<=':
      return ordered(term.value, (bound) => ({ from: -Infinity, to: bound }));
    default:
      return undefined;
  }
}

function ordered(value: QValue, make: (bound: number) => IndexRange): IndexRange | undefined {
  const bound = numberIn(value);
  return bound === undefined ? undefined : make(bound);
}

const numberIn = (value: QValue): number | undefined =>
  value.kind === 'json' && typeof value.value === 'number' ? value.value : undefined;

function equalTo(value: QValue, expanded: readonly string[]): IndexRange | undefined {
  if (value.kind === 'range') {
    const [from, to] = [numberIn(value.from), numberIn(value.to)];
    return from === undefined || to === undefined ? undefined : { from, to };
  }
  const keys = keysOf(value);
  return keys && { keys: [...keys, ...expanded.flatMap((iri) => keyOf(iri) ?? [])] };
}

/** Undefined when a value may equal a different text, as times do. */
function keysOf(value: QValue): readonly Key[] | undefined {
  if (value.kind === 'list') {
    const lists = value.values.map(keysOf);
    return lists.includes(undefined) ? undefined : lists.flatMap((keys) => keys ?? []);
  }
  const key = value.kind === 'json' ? keyOf(value.value) : value.kind === 'uri' ? keyOf(value.uri) : undefined;
  return key === undefined ? undefined : [key];
}
