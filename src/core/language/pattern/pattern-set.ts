/** Defines the character sets of regular expressions: `[a-z]`, `\d`, `[[:alpha:]]`. */

/** First and last code point, both inclusive. */
export type CodeRange = readonly [number, number];

const last = 0x10ffff;

const range = (from: string, to = from): CodeRange => [from.charCodeAt(0), to.charCodeAt(0)];

const digits = [range('0', '9')];
const lower = [range('a', 'z')];
const upper = [range('A', 'Z')];
const word = [...digits, ...upper, ...lower, range('_')];
const space: readonly CodeRange[] = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];

/** All code points outside of the ranges. */
export function complement(ranges: readonly CodeRange[]): readonly CodeRange[] {
  const gaps: CodeRange[] = [];
  let next = 0;
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    if (from > next) gaps.push([next, from - 1]);
    next = Math.max(next, to + 1);
  }
  return next > last ? gaps : [...gaps, [next, last]];
}

/** Every character, line ends included, as in POSIX. */
export const everything: readonly CodeRange[] = [[0, last]];

/** The escapes for sets, by their letter. */
export const escapedSets: ReadonlyMap<string, readonly CodeRange[]> = new Map([
  ['d', digits],
  ['D', complement(digits)],
  ['w', word],
  ['W', complement(word)],
  ['s', space],
  ['S', complement(space)],
]);

/** The POSIX classes by name. Letters are ASCII letters, as in the C locale. */
export const namedSets: ReadonlyMap<string, readonly CodeRange[]> = new Map([
  ['alpha', [...upper, ...lower]],
  ['digit', digits],
  ['alnum', [...digits, ...upper, ...lower]],
  ['upper', upper],
  ['lower', lower],
  ['space', space],
  ['blank', [range(' '), range('\t')]],
  ['punct', [range('!', '/'), range(':', '@'), range('[', '`'), range('{', '~')]],
  [
    'cntrl',
    [
      [0, 31],
      [127, 127],
    ],
  ],
  ['graph', [range('!', '~')]],
  ['print', [range(' ', '~')]],
  ['xdigit', [...digits, range('A', 'F'), range('a', 'f')]],
  ['word', word],
]);

type CodeTest = (code: number) => boolean;

/** The tests of ranges that are in use: `.` and what is repeated occur many times in a pattern, with the same ranges. */
const created = new WeakMap<readonly CodeRange[], CodeTest>();

/** The test whether a code point is in one of the ranges. */
export function testOfSet(ranges: readonly CodeRange[]): CodeTest {
  const test = created.get(ranges) ?? createTest(ranges);
  created.set(ranges, test);
  return test;
}

function createTest(ranges: readonly CodeRange[]): CodeTest {
  const isIn = (code: number): boolean => ranges.some(([from, to]) => from <= code && code <= to);
  const ascii = Array.from({ length: 128 }, (_, code) => isIn(code));
  return (code) => ascii[code] ?? isIn(code);
}
