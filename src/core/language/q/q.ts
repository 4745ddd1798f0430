/** Parses the query language `q` (clause 4.9) to a tree of terms with expanded names. */
import type { Terms } from '../../model/entity.ts';
import { isUri } from '../../model/read/id.ts';
import { percentDecoded, readRawOrDecoded } from '../../model/read/percent.ts';
import type { QPath, Query, QValue } from '../filter.ts';
import { type Cursor, countTerm, createCursor, eat, enclosed, readEnd } from './q-cursor.ts';
import { readPath } from './q-path.ts';
import { asTime, readTail, type Tail } from './q-value.ts';

interface Reader {
  readonly cursor: Cursor;
  readonly terms: Terms;
  /** Expanded names of the attributes whose values are vocabulary terms. */
  readonly vocabulary: ReadonlySet<string>;
}

/**
 * The tree of a query. `expandValues` names attributes whose operands are vocabulary terms to expand. `jsonKeys` has no effect: names
 * inside values are not expanded, because values are stored unexpanded. A text that is only valid when percent-decoded is decoded. Throws
 * BadRequestData with the position of the first error, and TooComplexQuery beyond 16 384 characters, 64 levels or 500 terms.
 */
export function parseQ(text: string, terms: Terms, { expandValues, name = 'q' }: QOptions): Query {
  const vocabulary = new Set(expandValues.map((one) => terms.expand(one)));
  return readRawOrDecoded(text, (raw) => {
    const cursor = createCursor(raw, name);
    const query = readAny({ cursor, terms, vocabulary });
    readEnd(cursor, '";", "|" or the end');
    return query;
  });
}

interface QOptions {
  readonly expandValues: readonly string[];
  readonly jsonKeys: readonly string[];
  /** The name of the text in messages; absent: q. */
  readonly name?: string;
}

/** `;` has a higher precedence than `|`. */
function readAny(reader: Reader): Query {
  const parts = [readAll(reader)];
  while (eat(reader.cursor, '|')) parts.push(readAll(reader));
  return joined('or', parts);
}

function readAll(reader: Reader): Query {
  const parts = [readTerm(reader)];
  while (eat(reader.cursor, ';')) parts.push(readTerm(reader));
  return joined('and', parts);
}

const joined = (op: 'and' | 'or', parts: readonly Query[]): Query =>
  parts.length === 1 && parts[0] ? parts[0] : { op, parts };

function readTerm(reader: Reader): Query {
  const { cursor, terms } = reader;
  if (eat(cursor, '(')) return enclosed(cursor, ')', () => readAny(reader));
  countTerm(cursor);
  if (eat(cursor, '!')) return { op: 'missing', path: readPath(cursor, terms, () => undefined).path };
  const { path, tail = readTail(cursor) } = readPath(cursor, terms, () => readTail(cursor));
  return tail ? comparison(reader, path, tail) : { op: 'exists', path };
}

const timeMembers = new Set(['createdAt', 'modifiedAt', 'deletedAt', 'expiresAt', 'observedAt']);
/** Members whose values are always stored expanded. */
const typeMembers = new Set(['type', 'objectType', 'valueType']);

function comparison({ cursor, terms, vocabulary }: Reader, path: QPath, tail: Tail): Query {
  if ('pattern' in tail) return { ...tail, path };
  const target = targetOf(path);
  const last = target.sub.at(-1) ?? target.attr;
  const isEquality = tail.op === '==' || tail.op === '!=';
  const value = valueAs(timeMembers.has(last) ? 'time' : 'any', tail, cursor);
  const isVocabulary = typeMembers.has(last) || vocabulary.has(target.attr) || vocabulary.has(last);
  const expanded = isVocabulary && isEquality ? expansions(value, terms) : [];
  return { op: tail.op, path, value, ...(expanded.length > 0 ? { expanded } : undefined) };
}

/** Converts the operand for a member that can hold only a time, or any value. */
function valueAs(content: 'time' | 'any', { op, value }: Extract<Tail, { value: QValue }>, cursor: Cursor): QValue {
  if (content === 'time') return asTime(value, cursor);
  return op === '==' || op === '!=' ? withDecoded(value) : value;
}

/**
 * A quoted text with percent-encoded characters matches both unchanged and decoded: some clients write `name=="Eiffel%20Tower"` in bodies
 * and mean the blank. A URI is not decoded.
 */
function withDecoded(value: QValue): QValue {
  const values = value.kind === 'list' ? value.values : [value];
  const both = values.flatMap((one) => [one, ...decodedOf(one)]);
  return both.length > values.length ? { kind: 'list', values: both } : value;
}

function decodedOf(value: QValue): readonly QValue[] {
  if (value.kind !== 'json' || typeof value.value !== 'string' || !value.value.includes('%') || isUri(value.value))
    return [];
  const decoded = percentDecoded(value.value);
  return decoded === undefined || decoded === value.value ? [] : [{ kind: 'json', value: decoded, isDecoded: true }];
}

/** The path in the last entity, after all relationships. */
const targetOf = (path: QPath): QPath => (path.linked ? targetOf(path.linked.path) : path);

function expansions(value: QValue, terms: Terms): readonly string[] {
  if (value.kind === 'uri') return [terms.expand(value.uri)];
  if (value.kind === 'list') return value.values.flatMap((one) => expansions(one, terms));
  return value.kind === 'json' && typeof value.value === 'string' ? [terms.expand(value.value)] : [];
}
