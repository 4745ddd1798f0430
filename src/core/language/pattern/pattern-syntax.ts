/** Parses regular expressions: POSIX extended syntax, with common escapes and groups of other dialects. */
import { Problem } from '../../model/problem.ts';
import { quoted } from '../../model/read/id.ts';
import { readCharacterEscape, readClass } from './pattern-class.ts';
import { type PatternCursor, wrongPattern } from './pattern-cursor.ts';
import { type CodeRange, everything, escapedSets } from './pattern-set.ts';

export type PatternNode =
  | { readonly kind: 'character'; readonly code: number }
  | { readonly kind: 'set'; readonly ranges: readonly CodeRange[] }
  | { readonly kind: 'assertion'; readonly holds: 'start' | 'end' | 'word' | 'noWord' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly PatternNode[] }
  /** `most` is Infinity without an upper limit. */
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly least: number; readonly most: number };

const longest = 4096;
const deepest = 64;
const repeatsMax = 1000;

/** The tree of a pattern. Throws BadRequestData with the position of a part that is invalid or not supported. */
export function parsePattern(source: string): PatternNode {
  if (source.length > longest)
    throw new Problem('TooComplexQuery', `The pattern has ${source.length} characters; ${longest} are allowed.`);
  const cursor = { text: Array.from(source), at: 0, depth: 0 };
  const node = readChoice(cursor);
  if (cursor.at < cursor.text.length) throw wrongPattern(cursor, 'there is no group that this ")" could close');
  return node;
}

function readChoice(cursor: PatternCursor): PatternNode {
  const parts = [readSequence(cursor)];
  while (cursor.text[cursor.at] === '|') {
    cursor.at += 1;
    parts.push(readSequence(cursor));
  }
  return parts.length === 1 && parts[0] ? parts[0] : { kind: 'choice', parts };
}

function readSequence(cursor: PatternCursor): PatternNode {
  const parts: PatternNode[] = [];
  for (
    let next = cursor.text[cursor.at];
    next !== undefined && next !== '|' && next !== ')';
    next = cursor.text[cursor.at]
  ) {
    parts.push(readRepeated(cursor));
  }
  return { kind: 'sequence', parts };
}

function readRepeated(cursor: PatternCursor): PatternNode {
  const start = cursor.at;
  const part = readAtom(cursor);
  const counts = readCounts(cursor);
  if (!counts) return part;
  if (part.kind === 'assertion') throw wrongPattern(cursor, 'an anchor cannot be repeated', start);
  // A lazy quantifier finds other ends, but it matches exactly when the greedy quantifier matches.
  if (cursor.text[cursor.at] === '?') cursor.at += 1;
  const again = cursor.at;
  if (readCounts(cursor)) throw wrongPattern(cursor, 'a quantifier cannot follow a quantifier', again);
  return { kind: 'repeat', part, ...counts };
}

interface Counts {
  readonly least: number;
  readonly most: number;
}

const shortCounts: Readonly<Record<string, Counts>> = {
  '*': { least: 0, most: Infinity },
  '+': { least: 1, most: Infinity },
  '?': { least: 0, most: 1 },
};

/** A quantifier; undefined when there is none at the cursor. A brace that does not start a quantifier is a literal brace. */
function readCounts(cursor: PatternCursor): Counts | undefined {
  const sign = cursor.text[cursor.at] ?? '';
  const short = shortCounts[sign];
  if (short) cursor.at += 1;
  if (short || sign !== '{') return short;
  const all = /^\{\d{1,6}(?:,\d{0,6})?\}/.exec(cursor.text.slice(cursor.at, cursor.at + 16).join(''))?.[0];
  if (all === undefined) return undefined;
  const [least = '', most = least] = all.slice(1, -1).split(',');
  const counts = { least: Number(least), most: most === '' ? Infinity : Number(most) };
  checkCounts(cursor, all, counts);
  cursor.at += all.length;
  return counts;
}

function checkCounts(cursor: PatternCursor, text: string, { least, most }: Counts): void {
  if (most < least) throw wrongPattern(cursor, `${text} has its bounds in the wrong order`);
  if (least > repeatsMax || (most > repeatsMax && most !== Infinity)) {
    throw new Problem('TooComplexQuery', `The quantifier ${text} repeats more than ${repeatsMax} times.`);
  }
}

function readAtom(cursor: PatternCursor): PatternNode {
  const character = cursor.text[cursor.at] ?? '';
  if ('*+?'.includes(character)) throw wrongPattern(cursor, `there is nothing that ${quoted(character)} could repeat`);
  cursor.at += 1;
  if (character === '(') return readGroup(cursor);
  if (character === '[') return { kind: 'set', ranges: readClass(cursor) };
  if (character === '.') return { kind: 'set', ranges: everything };
  if (character === '^') return { kind: 'assertion', holds: 'start' };
  if (character === '$') return { kind: 'assertion', holds: 'end' };
  return character === '\\' ? readEscape(cursor) : { kind: 'character', code: character.codePointAt(0) ?? 0 };
}

const unsupported: Readonly<Record<string, string>> = {
  '=': 'lookahead',
  '!': 'lookahead',
  '<=': 'lookbehind',
  '<!': 'lookbehind',
};

/** A group, after its opening parenthesis. Groups do not capture, so `(?:...)` and names have no effect. */
function readGroup(cursor: PatternCursor): PatternNode {
  const start = cursor.at - 1;
  if (cursor.text[cursor.at] === '?') readGroupKind(cursor, start);
  cursor.depth += 1;
  if (cursor.depth > deepest)
    throw new Problem('TooComplexQuery', `A regular expression is nested deeper than ${deepest} levels.`);
  const node = readChoice(cursor);
  if (cursor.text[cursor.at] !== ')') throw wrongPattern(cursor, 'the group is never closed', start);
  cursor.at += 1;
  cursor.depth -= 1;
  return node;
}

function readGroupKind(cursor: PatternCursor, start: number): void {
  const ahead = cursor.text.slice(cursor.at + 1, cursor.at + 101).join('');
  const kind = /^(?::|<[A-Za-z_]\w*>)/.exec(ahead)?.[0];
  const what = unsupported[ahead.slice(0, 1)] ?? unsupported[ahead.slice(0, 2)] ?? 'this kind of group';
  if (kind === undefined) throw wrongPattern(cursor, `${what} is not supported`, start);
  cursor.at += 1 + kind.length;
}

/** An escape outside of brackets, after its backslash. */
function readEscape(cursor: PatternCursor): PatternNode {
  const letter = cursor.text[cursor.at] ?? '';
  const ranges = escapedSets.get(letter);
  if (ranges) {
    cursor.at += 1;
    return { kind: 'set', ranges };
  }
  if (letter === 'b' || letter === 'B') {
    cursor.at += 1;
    return { kind: 'assertion', holds: letter === 'b' ? 'word' : 'noWord' };
  }
  return { kind: 'character', code: readCharacterEscape(cursor) };
}
