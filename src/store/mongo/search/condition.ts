/** Compiles filters to MongoDB conditions. These match a superset of the result. */
import type { Document } from 'mongodb';
import type {
  EntitySelector,
  Filter,
  GeoQuery,
  QPath,
  Query,
  QValue,
  ScopePattern,
  ScopeQuery,
  TypeSelection,
} from '../../../core/language/filter.ts';
import { searchBox } from '../../../core/language/geo/geo-query.ts';
import { coveringShape } from '../cover.ts';
import { isUniqueKey, type Key, keyOf, ownerName } from '../subject-document.ts';

/** `where` is absent when everything matches. Input of clients is always a value in it, never an operator. */
export interface Condition {
  readonly where?: Document;
  /** True when `where` matches the result only, among entities without unlisted values and without an expiry. */
  readonly isExact: boolean;
}

const matchAll: Condition = { isExact: true };
const unknown: Condition = { isExact: false };
const matchNone: Condition = { where: { _id: { $in: [] } }, isExact: true };

export function compileCondition(filter: Filter): Condition {
  const { selectors, owner, attrs, datasetIds, q, geo, scopeQ, also, anyOf } = filter;
  return allOf([
    selectors ? oneOf(selectors.map(ofSelector)) : matchAll,
    owner === undefined ? matchAll : ofOwner(owner),
    attrs ? { where: { 'values.n': { $in: attrs } }, isExact: !datasetIds } : matchAll,
    q ? ofQuery(q) : matchAll,
    geo ? ofGeo(geo) : matchAll,
    scopeQ ? ofScopes(scopeQ) : matchAll,
    ...(also ?? []).map(compileCondition),
    anyOf ? oneOf(anyOf.map(compileCondition)) : matchAll,
  ]);
}

const ofOwner = (owner: string): Condition => ({
  where: { values: { $elemMatch: { n: ownerName, v: keyOf(owner) } } },
  isExact: isUniqueKey(owner),
});

function allOf(conditions: readonly Condition[]): Condition {
  const parts: readonly Document[] = conditions.flatMap(({ where }) => where ?? []);
  const isExact = conditions.every((one) => one.isExact);
  const [only] = parts;
  if (!only) return { isExact };
  return { where: parts.length === 1 ? only : { $and: parts }, isExact };
}

function oneOf(conditions: readonly Condition[]): Condition {
  const [only] = conditions;
  if (!only) return matchNone;
  if (conditions.length === 1) return only;
  const parts: readonly Document[] = conditions.flatMap(({ where }) => where ?? []);
  if (parts.length < conditions.length)
    return conditions.some(({ where, isExact }) => !where && isExact) ? matchAll : unknown;
  return { where: { $or: parts }, isExact: conditions.every((one) => one.isExact) };
}

function ofSelector({ ids, idPattern, types }: EntitySelector): Condition {
  const ofIds = ids
    ? { where: { _id: { $in: ids } }, isExact: true }
    : idPattern
      ? ofPattern(idPattern.source)
      : matchAll;
  return allOf([ofIds, types ? ofTypes(types) : matchAll]);
}

function ofTypes(selection: TypeSelection): Condition {
  switch (selection.op) {
    case 'any':
      return matchAll;
    case 'type':
      return { where: { types: selection.type }, isExact: true };
    case 'and':
      return allOf(selection.parts.map(ofTypes));
    case 'or':
      return oneOf(selection.parts.map(ofTypes));
  }
}

/** The texts with the literal prefix of a pattern. The core checks the pattern itself: MongoDB's regex engine may run forever. */
function ofPattern(source: string): Condition {
  const [, literal = '', next = ''] = /^\^([\w:/-]*)(.?)/.exec(source) ?? [];
  const prefix = '*?{'.includes(next) ? literal.slice(0, -1) : literal;
  if (prefix === '' || source.includes('|')) return unknown;
  const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
  return { where: { _id: { $gte: prefix, $lt: end } }, isExact: false };
}

type Term = Exclude<Query, { readonly parts: readonly Query[] }>;

function ofQuery(query: Query): Condition {
  if ('parts' in query) return (query.op === 'and' ? allOf : oneOf)(query.parts.map(ofQuery));
  const { attr } = query.path;
  // Members of entities have short names; attributes are IRIs.
  if (query.op === 'missing' || !attr.includes(':')) return unknown;
  return (
    (isOfWholeValue(query.path) ? ofValue(query, attr) : undefined) ?? { where: { 'values.n': attr }, isExact: false }
  );
}

const isOfWholeValue = ({ sub, inside, linked }: QPath): boolean => sub.length === 0 && inside.length === 0 && !linked;

/** The condition of a term that an index over values answers; undefined for other terms. */
function ofValue(term: Term, attr: string): Condition | undefined {
  switch (term.op) {
    case '==':
      return equalTo(attr, term.value, term.expanded ?? []);
    case '>':
    case '>=':
      return ordered(attr, term.op === '>' ? '$gt' : '$gte', term.value);
    case '<':
    case '<=':
      return ordered(attr, term.op === '<' ? '$lt' : '$lte', term.value);
    default:
      return undefined;
  }
}

/** Matches when some value of the attribute matches. */
const withValue = (attr: string, v: Document, isExact: boolean): Condition => ({
  where: { $or: [{ values: { $elemMatch: { n: attr, v } } }, { unlisted: attr }] },
  isExact,
});

function ordered(attr: string, operator: '$gt' | '$gte' | '$lt' | '$lte', value: QValue): Condition | undefined {
  const bound = keyIn(value);
  if (typeof bound === 'number') return withValue(attr, { [operator]: bound }, true);
  // Beyond U+FFFC, the order in the index may differ from the order of the texts.
  if (typeof bound !== 'string' || /[\ufffd-\uffff]/.test(bound)) return undefined;
  // Texts with only their beginning in the index may be equal there without being equal.
  return withValue(attr, { [operator.slice(0, 3) + 'e']: bound }, false);
}

function equalTo(attr: string, value: QValue, expanded: readonly string[]): Condition | undefined {
  if (value.kind === 'range') {
    const [from, to] = [keyIn(value.from), keyIn(value.to)];
    return typeof from === 'number' && typeof to === 'number'
      ? withValue(attr, { $gte: from, $lte: to }, true)
      : undefined;
  }
  const values = scalarsIn(value);
  if (!values) return undefined;
  const wanted = [...values, ...expanded];
  return withValue(attr, { $in: wanted.flatMap((one) => keyOf(one) ?? []) }, wanted.every(isUniqueKey));
}

const keyIn = (value: QValue): Key | undefined => (value.kind === 'json' ? keyOf(value.value) : undefined);

/** Undefined when a value may equal a different text, as times do. */
function scalarsIn(value: QValue): readonly Key[] | undefined {
  switch (value.kind) {
    case 'json':
      return value.value === null ? undefined : [value.value];
    case 'uri':
      return [value.uri];
    case 'list': {
      const lists = value.values.map(scalarsIn);
      return lists.includes(undefined) ? undefined : lists.flatMap((one) => one ?? []);
    }
    default:
      return undefined;
  }
}

function ofGeo(geo: GeoQuery): Condition {
  const box = searchBox(geo);
  const cover = box === 'everywhere' ? undefined : coveringShape(box);
  const attr = geo.geoproperty;
  if (geo.isV2) return unknown;
  if (!cover) return { where: { 'values.n': attr }, isExact: false };
  const at = { $geoIntersects: { $geometry: cover } };
  return { where: { $or: [{ places: { $elemMatch: { n: attr, at } } }, { unlisted: attr }] }, isExact: false };
}

const ofScopes = ({ anyOf }: ScopeQuery): Condition =>
  oneOf(
    anyOf.map(({ allOf: patterns }) =>
      allOf(patterns.map((pattern) => ({ where: { scopes: scopeTest(pattern) }, isExact: false }))),
    ),
  );

/** Levels are letters, digits and `_`, which are literals in a pattern. */
function scopeTest({ levels, deep }: ScopePattern): Document {
  const isPlain = levels.every((level) => level === '+' || /^[\p{L}\p{N}_]{1,200}$/u.test(level));
  if (levels.length === 0 || !isPlain) return { $exists: true };
  const path = levels.map((level) => (level === '+' ? '[^/]+' : level)).join('/');
  return { $regex: `^/?${path}${deep ? '(/|$)' : '$'}` };
}
