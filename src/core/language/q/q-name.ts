/** Reads and writes the names in the paths of `q` (clause 4.9): short names, terms of the @context, IRIs. */
import type { Terms } from '../../model/entity.ts';
import { Problem } from '../../model/problem.ts';
import { percentDecoded } from '../../model/read/percent.ts';
import { type Cursor, read, unexpected } from './q-cursor.ts';

/** Names with dots between them, up to what ends a path. */
const dottedForm = /[^\s=<>!~;|()[\]{},"]+/uy;
/** A short name, with or without a prefix. */
const shortForm = /^\p{L}[\p{L}\p{N}_]*(?::\p{L}[\p{L}\p{N}_]*)?$/u;
const iriMark = /[/#:]/;
const iriStart = /^[^/#:]+:/;
/** What shows that not only a name was percent-encoded but the query around it. */
const operators = /[<>"{}|\\^`\s]|[=!~]=/;
/** A text that ends in the authority of an IRI, where a colon may stand before a port. */
const openAuthority = /^[^/#:]+:\/\/[^/#]+$/;

/** Most names with dots between them. */
export const mostNames = 64;
/** Longest term of a @context that is looked for, and most pieces that dots make of it. */
const termBounds = { length: 256, pieces: 8 };

/**
 * The names from here, with dots between them. A dot parts two names unless it stands in an IRI before its last `/`, `#` or `:`,
 * or in a term that the @context defines. What is percent-encoded (`%2E` for a dot) belongs to a name.
 */
export function readNames(cursor: Cursor, terms: Terms): readonly [string, ...string[]] {
  const { at } = cursor;
  const pieces = read(cursor, dottedForm)?.split('.') ?? [];
  const [first, ...others] = readPieces(cursor, { pieces, at, terms });
  if (first === undefined) throw unexpected(cursor, 'the name of an attribute');
  return [first, ...others];
}

interface Dotted {
  readonly pieces: readonly string[];
  /** Where the first piece stands. */
  readonly at: number;
  readonly terms: Terms;
}

function readPieces(cursor: Cursor, { pieces, at, terms }: Dotted): readonly string[] {
  const names: string[] = [];
  let rest = pieces;
  for (let place = at; rest.length > 0; ) {
    const found = termAt(rest, terms) ?? shortNameAt(rest) ?? iriAt(rest);
    if (!found) throw unexpected(cursor, wantedAt(rest), place);
    names.push(found.name);
    if (names.length > mostNames)
      throw new Problem('TooComplexQuery', `A path in the ${cursor.name} has more than ${mostNames} names.`);
    place += rest.slice(0, found.pieces).join('.').length + 1;
    rest = rest.slice(found.pieces);
  }
  return names;
}

const wantedAt = (pieces: readonly string[]): string =>
  pieces.some((piece) => piece.includes('%'))
    ? 'a name whose % stand for percent-encoded characters'
    : 'the name of an attribute';

/** A name, and of how many pieces it is made. */
interface Found {
  readonly name: string;
  readonly pieces: number;
}

/** The longest term of the @context that stands here. */
function termAt(pieces: readonly string[], terms: Terms): Found | undefined {
  for (let count = Math.min(pieces.length, termBounds.pieces); count > 0; count -= 1) {
    const text = pieces.slice(0, count).join('.');
    if (text.length > termBounds.length || (count > 1 && /%2e/i.test(text))) continue;
    const name = percentDecoded(text);
    if (name !== undefined && terms.defines(name)) return { name, pieces: count };
  }
  return undefined;
}

function shortNameAt([name = '']: readonly string[]): Found | undefined {
  return shortForm.test(name) ? { name, pieces: 1 } : undefined;
}

/** An IRI. Where it ends is told by its own punctuation, or, when it has none, by what is percent-encoded in it. */
function iriAt(pieces: readonly string[]): Found | undefined {
  const decoded = pieces.map(percentDecoded);
  const isPlain = pieces.some((piece) => iriMark.test(piece));
  const texts = (isPlain ? pieces : decoded).map((text = '') => text);
  const isNext = (text: string, index: number): boolean =>
    index > 0 && iriStart.test(text) && !openAuthority.test(texts.slice(0, index).join('.'));
  const next = isPlain ? -1 : texts.findIndex(isNext);
  const last = texts.slice(0, next === -1 ? texts.length : next).findLastIndex((text) => iriMark.test(text));
  const own = decoded.slice(0, last + 1);
  const isName = last >= 0 && !own.some((text) => text === undefined || operators.test(text));
  return !isName ? undefined : { name: own.join('.'), pieces: last + 1 };
}

/** Names with dots between them, as `readNames` reads them. `isHidden`: the first one must have no colon that is to be seen. */
export function writeNames(names: readonly string[], terms: Terms, { isHidden }: { isHidden: boolean }): string {
  let hides = isHidden;
  return names
    .map((iri) => {
      // Members of the standard stand for themselves.
      const name = iri.includes(':') ? terms.compact(iri) : iri;
      if (!iriMark.test(name)) return encoded(name);
      if (!hides && shortForm.test(name)) return name;
      const text = hides ? encoded(name) : writeIri(name);
      hides = true;
      return text;
    })
    .join('.');
}

/** The dots of an authority may be seen: they stand behind `//`, before the last punctuation. */
function writeIri(iri: string): string {
  const isPlain = iri.includes('://');
  const local = isPlain ? Math.max(iri.lastIndexOf('/'), iri.lastIndexOf('#'), iri.lastIndexOf(':')) + 1 : 0;
  const head = iri.slice(0, local).replace(/[\s=<>!~;|()[\]{},"%]/g, encodedCharacter);
  return head + iri.slice(local).replace(/[\s=<>!~;|()[\]{},"%.]/g, encodedCharacter);
}

/** A name without any punctuation that could be taken for that of a query. */
export const encoded = (name: string): string => name.replace(/[^\p{L}\p{N}_-]/gu, encodedCharacter);

function encodedCharacter(character: string): string {
  const text = encodeURIComponent(character);
  return text === character ? `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}` : text;
}
