/** Parses the parts of regular expressions that match sets of characters: bracket expressions and escapes. */
import { quoted } from '../../model/read/id.ts';
import { type PatternCursor, wrongPattern } from './pattern-cursor.ts';
import { type CodeRange, complement, escapedSets, namedSets } from './pattern-set.ts';

/** The characters of a bracket expression, after its opening bracket. As in POSIX, a `]` in the first position is a member. */
export function readClass(cursor: PatternCursor): readonly CodeRange[] {
  const start = cursor.at - 1;
  const isNegated = cursor.text[cursor.at] === '^';
  if (isNegated) cursor.at += 1;
  const ranges: CodeRange[] = [];
  do {
    if (cursor.at >= cursor.text.length) throw wrongPattern(cursor, 'the bracket is never closed', start);
    ranges.push(...readMember(cursor));
  } while (cursor.text[cursor.at] !== ']');
  cursor.at += 1;
  return isNegated ? complement(ranges) : ranges;
}

function readMember(cursor: PatternCursor): readonly CodeRange[] {
  const start = cursor.at;
  const set = readNamedSet(cursor) ?? readEscapedSet(cursor);
  if (set) return set;
  const from = readCharacter(cursor);
  const after = cursor.text[cursor.at + 1];
  if (cursor.text[cursor.at] !== '-' || after === ']' || after === undefined) return [[from, from]];
  cursor.at += 1;
  const end = readEscapedSet(cursor);
  // A dash before a set such as \d is a literal dash, not a range.
  if (end) return [[from, from], [45, 45], ...end];
  const to = readCharacter(cursor);
  if (to < from) throw wrongPattern(cursor, 'the range has its ends in the wrong order', start);
  return [[from, to]];
}

/** A set such as `[:alpha:]`; undefined when there is none at the cursor. */
function readNamedSet(cursor: PatternCursor): readonly CodeRange[] | undefined {
  if (cursor.text[cursor.at] !== '[' || cursor.text[cursor.at + 1] !== ':') return undefined;
  const named = /^\[:([a-z]{1,10}):\]/.exec(cursor.text.slice(cursor.at, cursor.at + 14).join(''));
  if (!named) return undefined;
  const set = namedSets.get(named[1] ?? '');
  if (!set) throw wrongPattern(cursor, `there is no class ${quoted(named[0])}`);
  cursor.at += named[0].length;
  return set;
}

/** A set such as `\d`; undefined when there is none at the cursor. */
function readEscapedSet(cursor: PatternCursor): readonly CodeRange[] | undefined {
  const set = cursor.text[cursor.at] === '\\' ? escapedSets.get(cursor.text[cursor.at + 1] ?? '') : undefined;
  if (set) cursor.at += 2;
  return set;
}

function readCharacter(cursor: PatternCursor): number {
  const character = cursor.text[cursor.at] ?? '';
  cursor.at += 1;
  if (character !== '\\') return character.codePointAt(0) ?? 0;
  if (cursor.text[cursor.at] !== 'b') return readCharacterEscape(cursor);
  cursor.at += 1;
  return 8;
}

const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, '0': 0 };

/** The code point of an escape, after its backslash. */
export function readCharacterEscape(cursor: PatternCursor): number {
  const letter = cursor.text[cursor.at];
  if (letter === undefined) throw wrongPattern(cursor, 'the pattern ends with a backslash', cursor.at - 1);
  const hex = /^(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\})/.exec(
    cursor.text.slice(cursor.at, cursor.at + 9).join(''),
  );
  if (hex) return readHex(cursor, hex);
  const control = controls[letter];
  if (control === undefined && /[A-Za-z0-9]/.test(letter)) {
    const what = /[1-9k]/.test(letter) ? 'a back reference is' : `the escape \\${letter} is`;
    throw wrongPattern(cursor, `${what} not supported`, cursor.at - 1);
  }
  cursor.at += 1;
  return control ?? letter.codePointAt(0) ?? 0;
}

function readHex(cursor: PatternCursor, [all, ...digits]: readonly (string | undefined)[]): number {
  const code = Number.parseInt(digits.find((text) => text !== undefined) ?? '', 16);
  if (code > 0x10ffff) throw wrongPattern(cursor, 'there is no such character', cursor.at - 1);
  cursor.at += all?.length ?? 0;
  return code;
}
