/** Reads the paths of `q`: attribute, sub-attributes, members inside the value, and paths through relationships (clause 4.9). */
import { percentDecoded } from '../../model/read/percent.ts';
import type { Terms } from '../../model/entity.ts';
import { parseJson } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { quoted } from '../../model/read/id.ts';
import { readAttributeName, readTypeName } from '../../model/read/name.ts';
import type { QPath } from '../filter.ts';
import { type Cursor, eat, enclosed, peek, read, skipBlanks, unexpected } from './q-cursor.ts';
import { namesMax, readNames } from './q-name.ts';

/** Members of an entity that are not expanded at the beginning of a path. */
const systemMembers = new Set([
  'id',
  'type',
  'scope',
  'createdAt',
  'modifiedAt',
  'deletedAt',
  'expiresAt',
  'observedAt',
]);
/** Members of an attribute instance that are not expanded after a dot. */
const metadata = new Set([
  'observedAt',
  'createdAt',
  'modifiedAt',
  'deletedAt',
  'expiresAt',
  'unitCode',
  'datasetId',
  'instanceId',
  'objectType',
  'valueType',
]);

/** A path, and the result of `readTail` before a closing brace (`tail`), if there was one. */
export interface PathRead<T> {
  readonly path: QPath;
  readonly tail?: T;
}

/** A name inside brackets: a member as stored, a language tag, `@none` or `*`. */
const innerName = /[^\s.[\]"]+/uy;

/**
 * Reads a path at the cursor. `readTail` is called once before each closing brace. It reads an operator and operand inside the braces, as
 * in `mooredAt{depth>10}`, and returns undefined when there are none.
 */
export function readPath<T>(cursor: Cursor, terms: Terms, readTail: () => T | undefined): PathRead<T> {
  skipBlanks(cursor);
  const start = cursor.at;
  const [first, ...others] = readNames(cursor, terms);
  const text = cursor.text.slice(start, cursor.at);
  const inside = eat(cursor, '[') ? readInside(cursor) : [];
  const path = {
    attr: systemMembers.has(first) ? first : readAttributeName(first, terms),
    sub: others.map((name) => (metadata.has(name) ? name : readAttributeName(name, terms))),
    inside,
    text,
  };
  if (inside.length > 0 || !eat(cursor, '{')) return { path };
  return enclosed(cursor, '}', () => {
    const types = readTargetTypes(cursor, terms);
    const { path: target, tail = readTail() } = readPath(cursor, terms, readTail);
    const linked = { ...path, linked: { types, path: target } };
    return tail === undefined ? { path: linked } : { path: linked, tail };
  });
}

function checkLength({ name }: Cursor, { length }: readonly unknown[]): void {
  if (length > namesMax) throw new Problem('TooComplexQuery', `A path in the ${name} has more than ${namesMax} names.`);
}

/** Decodes an IRI that was percent-encoded an additional time, so that its punctuation does not conflict with that of the query. */
function decoded(cursor: Cursor, text: string, at: number): string {
  const name = percentDecoded(text);
  if (name !== undefined) return name;
  throw unexpected(cursor, 'a name whose % stand for percent-encoded characters', at);
}

/** The names between brackets, after the opening bracket. */
function readInside(cursor: Cursor): readonly string[] {
  const names: string[] = [];
  do {
    const quotedName = peek(cursor) === '"' ? readQuoted(cursor) : undefined;
    const name = quotedName ?? read(cursor, innerName);
    if (name === undefined) throw unexpected(cursor, 'the name of a member inside the value');
    names.push(name);
    checkLength(cursor, names);
  } while (eat(cursor, '.'));
  if (!eat(cursor, ']')) throw unexpected(cursor, '"." or "]"');
  return names;
}

/** Reads a JSON string at the cursor. */
export function readQuoted(cursor: Cursor): string {
  const { text, at } = cursor;
  const end = closingQuote(text, at);
  if (end === -1) throw unexpected(cursor, `a closing quote for the one at position ${at + 1}`, text.length);
  cursor.at = end + 1;
  try {
    const value = parseJson(text.slice(at, end + 1));
    return typeof value === 'string' ? value : '';
  } catch {
    throw unexpected(cursor, 'a string in the form of JSON', at);
  }
}

/** The position of the quote that closes the quote at `open`; -1 when there is none. */
export function closingQuote(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return -1;
}

const typeName = /[\p{L}\p{N}_%.~-]+/uy;

/** Reads types such as `Quay,Pier:` at the beginning of a linked path. Without them, any type matches. */
function readTargetTypes(cursor: Cursor, terms: Terms): readonly string[] {
  skipBlanks(cursor);
  const start = cursor.at;
  const types: string[] = [];
  do {
    const at = cursor.at;
    const name = read(cursor, typeName);
    if (name === undefined) break;
    types.push(name.includes('%') ? decoded(cursor, name, at) : name);
  } while (eat(cursor, ','));
  const isHint = peek(cursor) === ':' && cursor.text[cursor.at + 1] !== '/';
  if (!isHint && types.length > 1) throw unexpected(cursor, `":" after the types ${quoted(types)}`);
  cursor.at = isHint ? cursor.at + 1 : start;
  return isHint ? types.map((name) => readTypeName(name, terms)) : [];
}
