/** Translates the query language of NGSI v2 (`q`, `mq`) to the queries of the core. */
import type { QPath, Query, QValue } from '../language/filter.ts';
import { compilePattern } from '../language/pattern/pattern.ts';
import type { Terms } from '../model/entity.ts';
import { microsOfInstant } from '../model/instant.ts';
import { uriOfV2Id } from '../model/v2/id.ts';
import { readDate } from './date.ts';
import { attributeIri, metadataIri, nonSpatialIri, typeIri } from './names.ts';
import { badRequest } from './problem.ts';
import {
  type Literal,
  type QueryLanguage,
  readLiteral,
  readStatements,
  splitOutside,
  type Statement,
  unquoted,
} from './query-text.ts';

/** The query. Throws BadRequest with the text of Orion. */
export function parseV2Query(text: string, language: QueryLanguage, terms: Terms): Query {
  const parts = readStatements(text, language).map((statement) =>
    queryOf(statement, pathsOf(statement, language, terms), terms),
  );
  const [only] = parts;
  return only && parts.length === 1 ? only : { op: 'and', parts };
}

const system: ReadonlyMap<string, string> = new Map([
  ['dateCreated', 'createdAt'],
  ['dateModified', 'modifiedAt'],
  ['dateExpires', 'expiresAt'],
  ['servicePath', 'scope'],
]);

const memberOfMetadata: ReadonlyMap<string, string> = new Map([
  ['dateCreated', 'createdAt'],
  ['dateModified', 'modifiedAt'],
  ['dateExpires', 'expiresAt'],
  ['TimeInstant', 'observedAt'],
  ['unitCode', 'unitCode'],
]);

/** The path of an attribute name, such as `orderBy` has it. */
export const pathOfName = (name: string, terms: Terms): QPath => ({
  attr: system.get(name) ?? (name === 'id' || name === 'type' ? name : attributeIri(name, terms)),
  sub: [],
  inside: [],
  text: name,
});

/** The paths that a statement can mean: more than one for a name with two IRIs, such as `location`. */
function pathsOf({ path }: Statement, language: QueryLanguage, terms: Terms): readonly QPath[] {
  const [name = '', ...rest] = path;
  const first = pathOfName(name, terms);
  const apart = nonSpatialIri(name);
  const firsts = apart === undefined ? [first] : [first, { ...first, attr: apart }];
  if (language === 'q') return firsts.map((one) => ({ ...one, inside: rest, text: path.join('.') }));
  const [metadata, ...inside] = rest;
  if (metadata === undefined) throw badRequest('no metadata in right-hand-side of q-item');
  const sub = [memberOfMetadata.get(metadata) ?? metadataIri(metadata, terms)];
  return firsts.map((one) => ({ ...one, sub, inside, text: path.join('.') }));
}

function queryOf(statement: Statement, paths: readonly QPath[], terms: Terms): Query {
  const { op, isNegated } = statement;
  const queries = paths.map((path): Query => {
    if (op === undefined) return { op: isNegated ? 'missing' : 'exists', path };
    return path.attr === 'scope' ? ofServicePath(statement, path) : comparison(statement, path, terms);
  });
  const [only] = queries;
  return only && queries.length === 1 ? only : { op: isNegated ? 'and' : 'or', parts: queries };
}

/** The service path `/` is the lack of a scope. */
function ofServicePath({ op = '==', operand }: Statement, path: QPath): Query {
  const value = unquoted(operand);
  if (op === '~=') return { op, path, pattern: patternOf(value) };
  if (value === '/') return { op: op === '!=' ? 'exists' : 'missing', path };
  return { op, path, value: { kind: 'json', value } };
}

function patternOf(source: string): { readonly source: string } {
  try {
    compilePattern(source);
  } catch {
    throw badRequest(`error compiling filter regex: '${source}'`);
  }
  return { source };
}

function comparison({ op = '==', operand }: Statement, path: QPath, terms: Terms): Query {
  if (op === '~=') return { op, path, pattern: patternOf(operand) };
  const types = { path, terms };
  const at = rangeAt(operand);
  if (at !== undefined) {
    if (isOrder(op)) throw badRequest('ranges only valid for equal and not equal ops');
    const range = rangeIn(operand, at);
    return ofType(range[0], { op, path, value: rangeOf(range) }, types);
  }
  const literals = readList(op, operand);
  const values = isOrder(op) ? (one: Literal): readonly QValue[] => [valueOf(one)] : valuesOf;
  if (op === '!=' || !literals.some(isDateLike)) return { op, path, value: listOf(literals.flatMap(values)) };
  const parts = literals.map((one) => ofType(one, { op, path, value: listOf(values(one)) }, types));
  const [only] = parts;
  return only && parts.length === 1 ? only : { op: 'or', parts };
}

type Op = NonNullable<Statement['op']>;

/** Ranges and lists have no order. */
const isOrder = (op: Op): boolean => op !== '==' && op !== '!=';

/** The literals that are separated by commas: one, or more for equality. */
function readList(op: Op, operand: string): readonly Literal[] {
  const texts = splitOutside(operand, ',').map((text) => text.trim());
  if (texts.length > 1 && isOrder(op)) throw badRequest('lists only valid for equal and not equal ops');
  if (texts.includes('')) throw badRequest('empty item in list');
  const literals = texts.map(readLiteral);
  const [first] = literals;
  if (isOrder(op) && first && !isOrdered(first))
    throw badRequest(`values of type /${first.value === null ? 'Null' : 'Bool'}/ not supported for operator /${op}/`);
  if (literals.length > 1 && new Set(literals.map(typeInList)).size > 1)
    throw badRequest('invalid JSON value type in list');
  return literals;
}

/** The type of a literal in a list, which all others there must have. Null is among texts, and a boolean in no list. */
const typeInList = (literal: Literal, index: number): string => {
  const { kind, value } = literal;
  if (typeof value === 'boolean') return `boolean ${index}`;
  return kind === 'plain' && value === null ? 'text' : kind;
};

/** True for a number, a date or a text. */
const isOrdered = ({ value }: Literal): boolean => value !== null && typeof value !== 'boolean';

type Range = readonly [from: Literal, to: Literal];

/** Where the two dots of a range are; undefined when the text is no range. */
function rangeAt(text: string): number | undefined {
  const at = text.startsWith("'") ? text.indexOf("'..'") + 1 : text.indexOf('..');
  return at > 0 || text.startsWith('..') ? at : undefined;
}

function rangeIn(text: string, at: number): Range {
  const ends = [text.slice(0, at).trim(), text.slice(at + 2).trim()] as const;
  if (ends.includes('')) throw badRequest('empty item in range');
  const [from, to] = [readLiteral(ends[0]), readLiteral(ends[1])];
  if (!isOrdered(from)) throw badRequest('invalid data type for /range-from/');
  if (!isOrdered(to)) throw badRequest('invalid data type for /range-to/');
  if (from.kind !== to.kind) throw badRequest('invalid range: types mixed');
  return [from, to];
}

const rangeOf = ([from, to]: Range): QValue => ({ kind: 'range', from: valueOf(from), to: valueOf(to) });

function listOf(values: readonly QValue[]): QValue {
  const [only] = values;
  return only && values.length === 1 ? only : { kind: 'list', values };
}

const valueOf = ({ kind, value }: Literal): QValue =>
  kind === 'date'
    ? { kind: 'time', form: 'dateTime', text: value, micros: microsOfInstant(value) }
    : { kind: 'json', value };

/** The values that are equal to a literal: for a text also the URI of the id, because the target of a Relationship is stored so. */
function valuesOf(literal: Literal): readonly QValue[] {
  const uri = literal.kind === 'text' ? uriOfV2Id(literal.value) : undefined;
  return uri === undefined || uri === literal.value ? [valueOf(literal)] : [valueOf(literal), { kind: 'uri', uri }];
}

const isDateLike = ({ kind, value }: Literal): boolean =>
  kind === 'date' || (kind === 'text' && readDate(value) !== undefined);

/** A date is compared with dates only, and a text that looks like a date with texts only. */
function ofType(literal: Literal, query: Query, { path, terms }: { path: QPath; terms: Terms }): Query {
  if (!isDateLike(literal) || !path.attr.includes(':') || path.sub.some((name) => !name.includes(':'))) return query;
  const type: QPath = { ...path, sub: [...path.sub, 'valueType'], inside: [] };
  const dates = listOf(['DateTime', 'ISO8601'].map((name) => ({ kind: 'uri', uri: typeIri(name, terms) })));
  if (literal.kind === 'text')
    return {
      op: 'and',
      parts: [
        query,
        {
          op: 'or',
          parts: [
            { op: 'missing', path: type },
            { op: '!=', path: type, value: dates },
          ],
        },
      ],
    };
  const typed: QPath = { ...path, inside: ['@type'] };
  const isTyped: Query = { op: '==', path: typed, value: { kind: 'json', value: 'DateTime' } };
  return { op: 'and', parts: [query, { op: 'or', parts: [{ op: '==', path: type, value: dates }, isTyped] }] };
}
