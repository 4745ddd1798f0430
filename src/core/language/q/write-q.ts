/** Writes a query as `q` text, with other names: the reverse of `parseQ` (clause 4.9). */
import type { Terms } from '../../model/entity.ts';
import type { QPath, Query, QValue } from '../filter.ts';
import { encoded, writeNames } from './q-name.ts';

/** A text that `parseQ` reads as the same query with the same terms. */
export function writeQ(query: Query, terms: Terms): string {
  switch (query.op) {
    case 'and':
      return query.parts.map((part) => (part.op === 'or' ? `(${writeQ(part, terms)})` : writeQ(part, terms))).join(';');
    case 'or':
      return query.parts.map((part) => writeQ(part, terms)).join('|');
    case 'missing':
      return `!${writePath(query.path, terms)}`;
    case 'exists':
      return writePath(query.path, terms);
    case '~=':
    case '!~=':
      return writePath(query.path, terms) + `${query.op}"${query.pattern.source.replace(/["\\]/g, '\\$&')}"`;
    default:
      return `${writePath(query.path, terms)}${query.op}${writeOperand(query, terms)}`;
  }
}

type Comparison = Extract<Query, { readonly value: QValue }>;

/** Vocabulary terms are compacted with the given terms. */
function writeOperand({ value, expanded }: Comparison, terms: Terms): string {
  if (!expanded) return writeValue(value);
  const iris = [...expanded];
  const operands = value.kind === 'list' ? value.values : [value];
  return operands
    .flatMap((one) => {
      const isTerm = one.kind === 'uri' || (one.kind === 'json' && typeof one.value === 'string');
      const iri = isTerm ? iris.shift() : undefined;
      if (!isWritten(one)) return [];
      return iri === undefined ? writeValue(one) : JSON.stringify(terms.compactVocab(iri));
    })
    .join(',');
}

/** False for a value that `parseQ` adds itself. */
const isWritten = (value: QValue): boolean => value.kind !== 'json' || value.isDecoded === undefined;

function writeValue(value: QValue): string {
  switch (value.kind) {
    case 'json':
      return JSON.stringify(value.value);
    case 'time':
      return value.text;
    case 'uri':
      return value.uri;
    case 'list':
      return value.values.filter(isWritten).map(writeValue).join(',');
    case 'range':
      return `${writeValue(value.from)}..${writeValue(value.to)}`;
  }
}

/** Writes a path. In a linked path without types, an unencoded colon in the first name would be read as the end of the types. */
function writePath(path: QPath, terms: Terms, isAfterBrace = false): string {
  const { attr, sub, inside, linked } = path;
  const names = writeNames([attr, ...sub], terms, { isHidden: isAfterBrace });
  const brackets = inside.length === 0 ? '' : `[${inside.map(writeInner).join('.')}]`;
  if (!linked) return `${names}${brackets}`;
  const types = linked.types.map((type) => encoded(terms.compact(type))).join(',');
  return types === ''
    ? `${names}{${writePath(linked.path, terms, true)}}`
    : `${names}{${types}:${writePath(linked.path, terms)}}`;
}

const writeInner = (name: string): string => (/^[^\s.[\]"]+$/.test(name) ? name : JSON.stringify(name));
