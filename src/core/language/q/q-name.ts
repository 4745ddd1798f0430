/** Reads and writes names in paths of `q` (clause 4.9): short names, terms of the @context, IRIs. */
import type { Terms } from '../../model/entity.ts';
import { Problem } from '../../model/problem.ts';
import { percentDecoded } from '../../model/read/percent.ts';
import { type Cursor, read, unexpected } from './q-cursor.ts';

/** Names divided by dots, up to the end of the path. */
const dottedForm = /[^\s=<>!~;|()[\]{},"]+/uy;
/** A short name, with or without a prefix. */
const shortForm = /^\p{L}[\p{L}\p{N}_]*(?::\p{L}[\p{L}\p{N}_]*)?$/u;
const iriMark = /[/#:]/;
const iriStart = /^[^/#:]+:/;
/** Characters that show that the whole query was percent-encoded, not only the name. */
const operators = /[<>"{}|\\^`\s]|[=!~]=/;
/** A text that ends in the authority of an IRI, where a colon can precede a port. */
const openAuthority = /^[^/#:]+:\/\/[^/#]+$/;

/** The maximum number of names in a path. */
export const namesMax = 64;
/** The maximum length of a @context term in a path, and the maximum number of pieces between its dots. */
const termBounds = { length: 256, pieces: 8 };

/**
 * Reads names divided by dots, at the cursor. A dot divides two names, except in an IRI before its last `/`, `#` or `:`, and in a term that
 * the @context defines. Percent-encoded characters (`%2E` for a dot) are part of a name.
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
  /** The position of the first piece. */
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
    if (names.length > namesMax)
      throw new Problem('TooComplexQuery', `A path in the ${cursor.name} has more than ${namesMax} names.`);
    place += rest.slice(0, found.pieces).join('.').length + 1;
    rest = rest.slice(found.pieces);
  }
  return names;
}

const wantedAt = (pieces: readonly string[]): string =>
  pieces.some((piece) => piece.includes('%'))
    ? 'a name whose % stand for percent-encoded characters'
    : 'the name of an attribute';

/** A name and the number of its pieces. */
interface Found {
  readonly name: string;
  readonly pieces: number;
}

/** The longest term of the @context at the beginning of the pieces. */
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

/** An IRI. Its own punctuation marks its end; without punctuation, its percent-encoded characters do. */
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

/** Writes names divided by dots, in the form that `readNames` reads. `isHidden`: the first name must not contain an unencoded colon. */
export function writeNames(names: readonly string[], terms: Terms, { isHidden }: { isHidden: boolean }): string {
  let hides = isHidden;
  return names
    .map((iri) => {
      // Members of the standard are not expanded.
      const name = iri.includes(':') ? terms.compact(iri) : iri;
      if (!iriMark.test(name)) return encoded(name);
      if (!hides && shortForm.test(name)) return name;
      const text = hides ? encoded(name) : writeIri(name);
      hides = true;
      return text;
    })
    .join('.');
}

/** Dots in an authority stay unencoded: they are after `//` and before the last punctuation. */
function writeIri(iri: string): string {
  const isPlain = iri.includes('://');
  const local = isPlain ? Math.max(iri.lastIndexOf('/'), iri.lastIndexOf('#'), iri.lastIndexOf(':')) + 1 : 0;
  const head = iri.slice(0, local).replace(/[\s=<>!~;|()[\]{},"%]/g, encodedCharacter);
  return head + iri.slice(local).replace(/[\s=<>!~;|()[\]{},"%.]/g, encodedCharacter);
}

/** A name with every punctuation encoded that a query could interpret. */
export const encoded = (name: string): string => name.replace(/[^\p{L}\p{N}_-]/gu, encodedCharacter);

function encodedCharacter(character: string): string {
  const text = encodeURIComponent(character);
  return text === character ? `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}` : text;
}
