/** Translates the query language of NGSI v2 (`q`, `mq`) to the queries of the core. */
import type { QPath, Query, QValue } from '../language/filter.ts';
import { compilePattern } from '../language/pattern/pattern.ts';
import type { Terms } from '../model/entity.ts';
import { microsOfInstant } from '../model/instant.ts';
import { uriOfV2Id } from '../model/v2/id.ts';
import { readDate } from './date.ts';
import { attributeIri, metadataIri, nonSpatialIri, typeIri } from './names.ts';
import { badRequest } from './problem.ts';
import { type Literal, readLiteral, readStatements, splitOutside, type Statement, unquoted } from './query-text.ts';

/** Which language: paths of `q` lead into values, those of `mq` to metadata first. */
export type QueryLanguage = 'q' | 'mq';

/** The query. Throws BadRequest with the text of Orion. */
export function parseV2Query(text: string, language: QueryLanguage, terms: Terms): Query {
  const parts = readStatements(text).map((statement) => queryOf(statement, pathsOf(statement, language, terms), terms));
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
  if (metadata === undefined) throw badRequest('metadata in mq-item is missing');
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
    throw badRequest('invalid regular expression in q-item');
  }
  return { source };
}

function comparison({ op = '==', operand }: Statement, path: QPath, terms: Terms): Query {
  if (op === '~=') return { op, path, pattern: patternOf(unquoted(operand)) };
  const elements = splitOutside(operand, ',').map((text) => text.trim());
  const range = elements.length === 1 ? rangeIn(operand) : undefined;
  refuseOrder(op, { range, elements });
  const types = { path, terms };
  if (range) return ofType(range[0], { op, path, value: rangeOf(range) }, types);
  const literals = elements.map(readLiteral);
  if (op === '!=' || !literals.some(isDateLike)) return { op, path, value: listOf(literals.flatMap(valuesOf)) };
  const parts = literals.map((one) => ofType(one, { op, path, value: listOf(valuesOf(one)) }, types));
  const [only] = parts;
  return only && parts.length === 1 ? only : { op: 'or', parts };
}

/** Ranges and lists have no order. */
function refuseOrder(
  op: Statement['op'],
  { range, elements }: { readonly range: Range | undefined; readonly elements: readonly string[] },
): void {
  if (op === '==' || op === '!=') return;
  if (range) throw badRequest('ranges only valid for equal and not equal ops');
  if (elements.length > 1) throw badRequest('lists only valid for equal and not equal ops');
}

type Range = readonly [from: Literal, to: Literal];

function rangeIn(text: string): Range | undefined {
  const at = text.startsWith("'") ? text.indexOf("'..'") + 1 : text.indexOf('..');
  if (at <= 0) return undefined;
  const [from, to] = [readLiteral(text.slice(0, at)), readLiteral(text.slice(at + 2))];
  if (from.kind !== to.kind || typeof from.value !== typeof to.value) throw badRequest('invalid range: types mixed');
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
