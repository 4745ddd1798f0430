/** Reads grants: from requests, with names in the terms of the request, and from the store, with expanded names. */
import { compileFilter } from '../language/matches/matches.ts';
import { parseQ } from '../language/q/q.ts';
import { writeQ } from '../language/q/write-q.ts';
import { parseScopeQ } from '../language/scope-query.ts';
import type { Query, ScopePattern } from '../language/filter.ts';
import type { Terms } from '../model/entity.ts';
import { type Instant, isInstant } from '../model/instant.ts';
import { isObject, isStrings, isWhole, type Json, type JsonObject } from '../model/json.ts';
import { badData, unreadable } from '../model/problem.ts';
import { quoted } from '../model/read/id.ts';
import { readAttributeName, readTypeName } from '../model/read/name.ts';
import { filterOf } from './granted-filter.ts';
import { type Grant, type OperationClass, operationClasses } from './grant.ts';

/** What a client says of a grant. Names are expanded, except in `q`. Absent members do not restrict it. */
export interface GrantContent {
  /** `public`, `authenticated`, `role:NAME`, or the subject of an identity, such as `key:NAME`. */
  readonly to: string;
  readonly operations: readonly OperationClass[];
  /** The default tenant is the empty text. */
  readonly tenants: readonly string[] | undefined;
  readonly types: readonly string[] | undefined;
  readonly idPattern: string | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly attrs: readonly string[] | undefined;
  /** Only entities that the receiver of the grant created. */
  readonly own: true | undefined;
  readonly q: string | undefined;
  /** The expanded forms of the names in `q`. */
  readonly terms: Readonly<Record<string, string>> | undefined;
  readonly description: string | undefined;
}

/** A stored grant. */
export interface GrantDocument {
  readonly id: string;
  readonly content: GrantContent;
  /** Counts the changes, from 1. */
  readonly version: number;
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly modifiedAt: Instant;
  readonly modifiedBy: string;
}

/** The collection of grants, in the default tenant. */
export const grantCollection = 'grants';

/** Most elements of a list in a grant, and most characters of a text. */
const listMax = 200;
const textMax = 4096;

const memberNames = ['to', 'operations', 'tenants', 'types', 'idPattern', 'scopes', 'attrs', 'own', 'q', 'description'];

/** The content of a grant in a request. Throws BadRequestData that names the faulty member. */
export function readGrantContent(json: JsonObject, terms: Terms): GrantContent {
  const unknown = Object.keys(json).find((name) => !memberNames.includes(name));
  if (unknown !== undefined)
    throw badData(`A grant has no member ${quoted(unknown)}. There are: ${memberNames.join(', ')}.`);
  const used: Record<string, string> = {};
  const q = readText(json, 'q');
  if (q !== undefined) parseQ(q, recording(terms, used), { expandValues: [], jsonKeys: [] });
  const content: GrantContent = {
    to: readTo(json['to']),
    operations: readOperations(json),
    tenants: readList(json, 'tenants'),
    types: readList(json, 'types')?.map((name) => readTypeName(name, terms)),
    idPattern: readText(json, 'idPattern'),
    scopes: readList(json, 'scopes'),
    attrs: readList(json, 'attrs')?.map((name) => readAttributeName(name, terms)),
    own: readOwn(json['own']),
    q,
    terms: q === undefined ? undefined : used,
    description: readText(json, 'description'),
  };
  // A faulty pattern or condition is refused now, not when it is needed.
  compileFilter(filterOf(grantOf('', content)));
  return content;
}

/** The terms, noting each name that is expanded. */
const recording = (terms: Terms, used: Record<string, string>): Terms => ({
  ...terms,
  compact: (iri) => terms.compact(iri),
  compactVocab: (iri) => terms.compactVocab(iri),
  defines: (term) => terms.defines(term),
  expand: (term) => {
    const iri = terms.expand(term);
    used[term] = iri;
    return iri;
  },
});

/** Terms that were noted before. Other names are IRIs. */
const noted = (used: Readonly<Record<string, string>>): Terms => ({
  expand: (term) => (Object.hasOwn(used, term) ? (used[term] ?? term) : term),
  compact: (iri) => iri,
  compactVocab: (iri) => iri,
  defines: (term) => Object.hasOwn(used, term),
});

function readTo(to: Json | undefined): string {
  const isKnown =
    to === 'public' || to === 'authenticated' || (typeof to === 'string' && /^(?:role|key|token):./s.test(to));
  if (isKnown && to.length <= textMax) return to;
  throw badData(
    `The member to must be public, authenticated, or begin with role:, key: or token: such as role:reader, not ${quoted(to)}.`,
  );
}

function readOperations(json: JsonObject): readonly OperationClass[] {
  const names = readList(json, 'operations') ?? [];
  const operations = operationClasses.filter((one) => names.includes(one));
  if (names.length > 0 && operations.length === new Set(names).size) return operations;
  throw badData(
    `The member operations must be a list of some of ${operationClasses.join(', ')}, not ${quoted(json['operations'])}.`,
  );
}

function readList(json: JsonObject, name: string): readonly string[] | undefined {
  const list = json[name];
  if (list === undefined) return undefined;
  if (!isStrings(list) || list.length === 0 || list.length > listMax || list.some(({ length }) => length > textMax))
    throw badData(`The member ${name} must be a list of 1 to ${listMax} texts, not ${quoted(list)}.`);
  return list;
}

function readOwn(own: Json | undefined): true | undefined {
  if (own === undefined || own === true) return own;
  throw badData(`The member own must be true, or absent for the entities of others too, not ${quoted(own)}.`);
}

function readText(json: JsonObject, name: string): string | undefined {
  const text = json[name];
  if (text === undefined || (typeof text === 'string' && text !== '' && text.length <= textMax)) return text;
  throw badData(`The member ${name} must be a text of 1 to ${textMax} characters, not ${quoted(text)}.`);
}

/** The grant that a content means. */
export function grantOf(id: string, content: GrantContent): Grant {
  const { operations, tenants, types, idPattern, scopes, attrs, own, q, terms } = content;
  return {
    id,
    operations,
    ...(tenants ? { tenants } : undefined),
    ...(types ? { types } : undefined),
    ...(idPattern === undefined ? undefined : { idPattern: { source: idPattern } }),
    ...(scopes ? { scopes: scopes.map(readScope) } : undefined),
    ...(attrs ? { attrs } : undefined),
    ...(own ? { own } : undefined),
    ...(q === undefined ? undefined : { q: readQuery(q, terms) }),
  };
}

const readQuery = (q: string, used: GrantContent['terms']): Query =>
  parseQ(q, noted(used ?? {}), { expandValues: [], jsonKeys: [] });

function readScope(text: string): ScopePattern {
  const [only, ...others] = parseScopeQ(text).anyOf;
  const [pattern, ...more] = only?.allOf ?? [];
  if (pattern && others.length === 0 && more.length === 0) return pattern;
  throw badData(`Each of scopes must be one scope such as /Kranj or /Kranj/#, not ${quoted(text)}.`);
}

/** The document as JSON, for the collection. */
export const grantJson = ({ content, ...document }: GrantDocument): JsonObject => ({
  ...document,
  content: contentJson(content),
});

/** The given members of the content. */
const contentJson = (content: GrantContent): JsonObject =>
  Object.fromEntries(
    Object.entries(content).flatMap(([name, member]: [string, Json | undefined]) =>
      member === undefined ? [] : [[name, member]],
    ),
  );

/** The document in the collection. Throws ResourceNotFound when it is not a valid grant. */
export function grantDocumentIn(json: Json): GrantDocument {
  if (!isObject(json)) throw unreadable('A grant');
  const { id, content, version, createdAt, createdBy, modifiedAt, modifiedBy } = json;
  const isMade = isInstant(createdAt) && typeof createdBy === 'string';
  const isNoted = isInstant(modifiedAt) && typeof modifiedBy === 'string';
  if (typeof id !== 'string' || !isWhole(version) || !isMade || !isNoted || !isObject(content))
    throw unreadable('A grant');
  const { terms, ...given } = content;
  const used = isObject(terms) ? Object.fromEntries(Object.entries(terms).filter(isText)) : {};
  return { id, content: readGrantContent(given, noted(used)), version, createdAt, createdBy, modifiedAt, modifiedBy };
}

const isText = (entry: [string, Json]): entry is [string, string] => typeof entry[1] === 'string';

/** The content in other terms. */
export const contentIn = (content: GrantContent, terms: Terms): JsonObject =>
  contentJson({
    ...content,
    q: content.q === undefined ? undefined : writeQ(readQuery(content.q, content.terms), terms),
    terms: undefined,
    types: content.types?.map((type) => terms.compact(type)),
    attrs: content.attrs?.map((name) => terms.compact(name)),
  });
