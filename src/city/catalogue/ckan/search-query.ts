/** Reads the search queries that harvesters send to CKAN: words, `field:value`, ranges of time, AND, OR, NOT and brackets. */
import { microsOf, microsOfInstant } from '../../../core/model/instant.ts';
import type { Package } from './package.ts';

/** A query that cannot be read. CKAN answers 400 with the type Search Query Error. */
export class SearchQueryError extends Error {}

export type Matches = (one: Package) => boolean;

/** Longest queries of a search in characters, and deepest nesting of brackets. */
const lengthMax = 4000;
const depthMax = 20;

/** A bracket, an operator, or a term: a field with a value, a phrase in quotes, or a word. */
const token =
  /\s*(?:([()])|(AND|OR|NOT|&&|\|\|)(?=[\s()]|$)|([-+!])|(\w+):(\[[^\]]*\]|"[^"]*"|[^\s()"]+|(?=\())|"([^"]*)"|([^\s()"]+))/y;

interface Token {
  readonly kind: 'open' | 'close' | 'and' | 'or' | 'not' | 'must' | 'term';
  readonly field?: string;
  readonly value?: string;
}

/** All queries must match. Throws SearchQueryError. An empty query and `*:*` match everything. */
export function parseSearches(queries: readonly string[]): Matches {
  if (queries.join('').length > lengthMax)
    throw new SearchQueryError(`The queries of a search have at most ${lengthMax} characters.`);
  const all = queries.filter((text) => text.trim() !== '' && text.trim() !== '*:*').map(parseSearch);
  return (one) => all.every((matches) => matches(one));
}

function parseSearch(text: string): Matches {
  const reader = { tokens: tokensOf(text), at: 0, depth: 0 };
  const matches = readOr(reader);
  if (reader.at < reader.tokens.length) throw unreadable(text);
  return matches;
}

const unreadable = (text: string): SearchQueryError =>
  new SearchQueryError(`The query cannot be read: ${text.slice(0, 200)}`);

function tokensOf(text: string): readonly Token[] {
  const found: Token[] = [];
  const all = text.replaceAll('*:*', ' _all_:* ').trimEnd();
  for (token.lastIndex = 0; token.lastIndex < all.length; ) {
    const match = token.exec(all);
    if (!match) throw unreadable(text);
    found.push(tokenOf(match));
  }
  return found;
}

const operators: Readonly<Record<string, Token['kind']>> = {
  '(': 'open',
  ')': 'close',
  AND: 'and',
  '&&': 'and',
  OR: 'or',
  '||': 'or',
  NOT: 'not',
  '-': 'not',
  '!': 'not',
  '+': 'must',
};

function tokenOf([, bracket, operator, sign, field, value, phrase, word]: RegExpExecArray): Token {
  const kind = operators[bracket ?? operator ?? sign ?? ''];
  if (kind !== undefined) return { kind };
  if (field !== undefined) return { kind: 'term', field, value: value ?? '' };
  return { kind: 'term', value: phrase ?? word ?? '' };
}

interface Reader {
  readonly tokens: readonly Token[];
  at: number;
  depth: number;
}

const next = ({ tokens, at }: Reader): Token | undefined => tokens[at];

function readOr(reader: Reader): Matches {
  const parts = [readAnd(reader)];
  while (next(reader)?.kind === 'or') {
    reader.at += 1;
    parts.push(readAnd(reader));
  }
  return (one) => parts.some((matches) => matches(one));
}

function readAnd(reader: Reader): Matches {
  const parts = [readNot(reader)];
  for (let token = next(reader); token && token.kind !== 'or' && token.kind !== 'close'; token = next(reader)) {
    if (token.kind === 'and') reader.at += 1;
    parts.push(readNot(reader));
  }
  return (one) => parts.every((matches) => matches(one));
}

function readNot(reader: Reader): Matches {
  const token = next(reader);
  reader.at += 1;
  if (token?.kind === 'must') return readNot(reader);
  if (token?.kind === 'not') {
    const matches = readNot(reader);
    return (one) => !matches(one);
  }
  if (token?.kind === 'open') return readBrackets(reader);
  if (token?.kind === 'term') return termMatches(token, reader);
  throw new SearchQueryError('The query ends where a word is expected.');
}

function readBrackets(reader: Reader): Matches {
  reader.depth += 1;
  if (reader.depth > depthMax) throw new SearchQueryError(`Brackets are nested at most ${depthMax} deep.`);
  const matches = readOr(reader);
  if (next(reader)?.kind !== 'close') throw new SearchQueryError('A bracket is not closed.');
  reader.at += 1;
  reader.depth -= 1;
  return matches;
}

/** The values of a field of a package, in lower case. */
type Field = (one: Package) => ReadonlySet<string>;

/** Reads the values of a package once: a query may have many terms. */
function valuesOnce(read: (one: Package) => readonly string[]): Field {
  const known = new WeakMap<Package, ReadonlySet<string>>();
  return (one) => {
    const values = known.get(one) ?? new Set(read(one).map((value) => value.toLowerCase()));
    known.set(one, values);
    return values;
  };
}

const fields: ReadonlyMap<string, Field> = new Map(
  Object.entries<(one: Package) => readonly string[]>({
    id: ({ id }) => [id],
    name: ({ name }) => [name],
    title: ({ title }) => [title, ...wordsOf(title)],
    notes: ({ notes }) => wordsOf(notes),
    text: ({ title, notes, tags, name }) => wordsOf([title, notes, name, ...tags].join(' ')),
    organization: ({ organization }) => [organization],
    groups: ({ groups }) => groups,
    tags: ({ tags }) => tags,
    res_format: ({ formats }) => formats,
    license_id: ({ licenceId }) => [licenceId],
    type: () => ['dataset'],
    dataset_type: () => ['dataset'],
    state: () => ['active'],
    capacity: () => ['public'],
  }).map(([name, read]) => [name, valuesOnce(read)]),
);

const times: ReadonlyMap<string, (one: Package) => string> = new Map(
  Object.entries<(one: Package) => string>({
    metadata_modified: ({ modified }) => modified,
    metadata_created: ({ created }) => created,
  }),
);

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

function termMatches({ field = 'text', value = '' }: Token, reader: Reader): Matches {
  if (field === '_all_') return () => true;
  const timeOf = times.get(field);
  if (timeOf) return rangeMatches(value, timeOf);
  const valuesOf = fields.get(field);
  if (!valuesOf) throw new SearchQueryError(`There is no field ${field} to search.`);
  // A field before a bracket applies to everything in it: field:(a OR b).
  if (value === '' && next(reader)?.kind === 'open') return groupMatches(field, reader);
  if (value.startsWith('[')) throw new SearchQueryError(`The field ${field} has no ranges.`);
  return valueMatches(value.replace(/^"|"$/g, ''), field, valuesOf);
}

function groupMatches(field: string, reader: Reader): Matches {
  const end = reader.tokens.findIndex(({ kind }, index) => index > reader.at && kind === 'close');
  const inside = reader.tokens.slice(reader.at + 1, end < 0 ? undefined : end);
  if (end < 0 || inside.some(({ kind }) => kind === 'open'))
    throw new SearchQueryError('Brackets after a field hold words only.');
  const tokens = inside.map((token): Token => (token.kind === 'term' ? { field, ...token } : token));
  reader.at = end + 1;
  return readOr({ tokens, at: 0, depth: 0 });
}

/** A word, a phrase, or the beginning of a word with `*` after it. */
function valueMatches(value: string, field: string, valuesOf: Field): Matches {
  if (value === '*') return (one) => [...valuesOf(one)].some((text) => text !== '');
  const wanted = value.toLowerCase();
  if (wanted.endsWith('*')) {
    const start = wanted.slice(0, -1);
    return (one) => [...valuesOf(one)].some((text) => text.startsWith(start));
  }
  const words = wordsOf(value);
  const isText = field === 'text' || field === 'notes' || field === 'title';
  if (isText && words.length > 0) return (one) => words.every((word) => valuesOf(one).has(word));
  return (one) => valuesOf(one).has(wanted);
}

/** `[A TO B]`: both ends belong to it, `*` is open. */
function rangeMatches(value: string, timeOf: (one: Package) => string): Matches {
  const [, from = '', to = ''] = /^\[(\S+) TO (\S+)\]$/.exec(value) ?? [];
  const [least, most] = [boundOf(from, Number.NEGATIVE_INFINITY), boundOf(to, Number.POSITIVE_INFINITY)];
  if (least === undefined || most === undefined)
    throw new SearchQueryError('A range of time is written as [2026-01-31T00:00:00Z TO *].');
  return (one) => {
    const at = microsOfInstant(timeOf(one));
    return at >= least && at <= most;
  };
}

function boundOf(text: string, open: number): number | undefined {
  if (text === '*') return open;
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text;
  return microsOf(day.endsWith('Z') ? day : `${day}Z`);
}
