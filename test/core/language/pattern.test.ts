/** Tests regular expressions of clients: the results equal those of JavaScript, in bounded time. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern } from '../../../src/core/language/pattern/pattern.ts';
import { beginSteps } from '../../../src/core/language/step-count.ts';
import { Problem } from '../../../src/core/model/problem.ts';

function matches(source: string, subject: string): boolean {
  beginSteps();
  return compilePattern(source)(subject);
}
const problemOf = (source: string): Problem => {
  try {
    compilePattern(source);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error(`${source} was compiled`);
};

describe('matching', () => {
  test.each([
    ['', '', true],
    ['', 'x', true],
    ['bc', 'abcd', true],
    ['bd', 'abcd', false],
    ['^ab', 'abc', true],
    ['^bc', 'abc', false],
    ['bc$', 'abc', true],
    ['ab$', 'abc', false],
    ['^abc$', 'abc', true],
    ['^abc$', 'abcd', false],
    ['^$', '', true],
    ['^$', 'a', false],
    ['$', 'a', true],
    ['^urn:ngsi-ld:Building:.*', 'urn:ngsi-ld:Building:7', true],
    ['urn:ngsi-ld:Building:.*', 'x urn:ngsi-ld:Building:', true],
    ['^.*7$', 'urn:7', true],
    ['.*', '', true],
    ['^.*$', '\n', true],
    ['^a.c$', 'a\nc', true],
    ['^a.c$', 'a😀c', true],
    ['^[😀-😎]+$', '😁😂', true],
    ['[^a]', 'a', false],
    ['[^a]', 'b', true],
    ['[]a]', ']', true],
    ['[^]a]', ']', false],
    ['[a-]', '-', true],
    ['[-a]', '-', true],
    ['[a\\-z]', 'b', false],
    ['[\\d-x]', '-', true],
    ['^[[:alpha:]_]+[[:digit:]]{2}$', 'ab_12', true],
    ['[[:space:]]', ' ', true],
    ['^[^[:upper:]]+$', 'aB', false],
    ['^[\\w.]+@\\w+\\.\\w{2,3}$', 'john.doe@kranj.si', true],
    ['^\\d{4}-\\d{2}$', '2026-03', true],
    ['^\\d{4}-\\d{2}$', '2026-3', false],
    ['^a{2,}$', 'aaaa', true],
    ['^a{2,3}$', 'aaaa', false],
    ['^a{0}$', '', true],
    ['^(?:ab|cd)+$', 'abcdab', true],
    ['^(?<year>\\d+)$', '12', true],
    ['^(a|)b$', 'b', true],
    ['a|b|', 'z', true],
    ['^(a*)*$', 'aaa', true],
    ['^(a*)*$', 'aab', false],
    ['^(|a)+b$', 'aab', true],
    ['^a+?b*?c??$', 'aab', true],
    ['\\bcat\\b', 'a cat!', true],
    ['\\bcat\\b', 'concat', false],
    ['\\Bcat', 'concat', true],
    ['a{b}', 'a{b}', true],
    ['a{,2}', 'a{,2}', true],
    ['\\x41\\u0042\\u{43}', 'ABC', true],
    ['a\\.b', 'a.b', true],
    ['a\\.b', 'axb', false],
    ['\\/\\-\\:', '/-:', true],
    ['[\\n\\t]', '\t', true],
    ['[\\b]', '\b', true],
    ['(x$|^y)', 'yx', true],
    ['(^a|b$)', 'xb', true],
    ['x^', 'x', false],
  ])('%j on %j: %s', (source, subject, expected) => expect(matches(source, subject)).toBe(expected));

  test('one compiled pattern serves many subjects, whatever the one before left behind', () => {
    const test = compilePattern('^(ab)+c');
    expect(['ababc', 'abab', 'abc', '', 'xabc', 'ababc'].map(test)).toEqual([true, false, true, false, false, true]);
  });
});

describe('as RegExp does', () => {
  const literal = fc.constantFrom('a', 'b', 'c', '1', '_', ' ', '😀', '\\.', '\\n');
  const atom = fc.oneof(
    literal,
    fc.constantFrom('.', '\\d', '\\w', '\\s', '\\D', '\\W', '\\S', '[ab]', '[^a]', '[a-c1]', '[^\\d]', '[\\w.]'),
  );
  const anchor = fc.constantFrom('^', '$', '\\b', '\\B');
  const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{0,2}', '{1,}', '*?', '+?');
  // Groups stand in groups once only: RegExp itself takes exponential time on some deeper ones.
  const { pattern } = fc.letrec<{ pattern: string; sequence: string; item: string }>((tie) => ({
    pattern: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('|')),
    sequence: fc.array(tie('item'), { maxLength: 3 }).map((items) => items.join('')),
    item: fc.oneof(
      { maxDepth: 1 },
      fc.tuple(atom, quantifier).map((parts) => parts.join('')),
      anchor,
      fc
        .tuple(tie('pattern'), fc.constantFrom('(', '(?:'), quantifier)
        .map(([inner, open, times]) => `${open}${inner})${times}`),
    ),
  }));
  const subject = fc
    .array(fc.constantFrom('a', 'b', 'c', '1', '_', ' ', '\n', '.', '😀', 'č'), { maxLength: 8 })
    .map((all) => all.join(''));

  test('on any simple pattern and subject', () => {
    fc.assert(
      fc.property(pattern, fc.array(subject, { minLength: 1, maxLength: 6 }), (source, all) => {
        // V8 looks for \B inside surrogate pairs too, where no character begins.
        const subjects = source.includes('\\B') ? all.map((text) => text.replaceAll('😀', 'č')) : all;
        beginSteps();
        const ours = compilePattern(source);
        const theirs = new RegExp(source, 'su');
        expect(subjects.map((text) => [text, ours(text)])).toEqual(subjects.map((text) => [text, theirs.test(text)]));
      }),
      { numRuns: 5000 },
    );
  });

  test('on any literal', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5 }), fc.string({ maxLength: 20 }), (text, around) => {
        const source = text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
        expect(matches(source, around)).toBe(around.includes(text));
        expect(matches(`^${source}`, around)).toBe(around.startsWith(text));
        expect(matches(`${source}$`, around)).toBe(around.endsWith(text));
        expect(matches(source, around + text)).toBe(true);
      }),
    );
  });
});

describe('errors', () => {
  test.each([
    ['(a', 1, 'never closed'],
    ['a)', 2, 'no group'],
    ['[a', 1, 'never closed'],
    ['[a]]b[', 6, 'never closed'],
    ['*a', 1, 'nothing'],
    ['a|+', 3, 'nothing'],
    ['(?', 1, 'not supported'],
    ['a**', 3, 'cannot follow'],
    ['a{2}{3}', 5, 'cannot follow'],
    ['a{3,2}', 2, 'wrong order'],
    ['[z-a]', 2, 'wrong order'],
    ['^*', 1, 'anchor'],
    ['(a)\\1', 4, 'back reference'],
    ['\\k<a>', 1, 'back reference'],
    ['a(?=b)', 2, 'lookahead'],
    ['a(?!b)', 2, 'lookahead'],
    ['(?<=a)b', 1, 'lookbehind'],
    ['(?<!a)b', 1, 'lookbehind'],
    ['(?i)a', 1, 'this kind of group'],
    ['\\q', 1, '\\q'],
    ['\\p{L}', 1, '\\p'],
    ['a\\', 2, 'backslash'],
    ['[a\\', 3, 'backslash'],
    ['\\u{110000}', 1, 'no such character'],
    ['[[:foo:]]', 2, '[:foo:]'],
  ])('%j', (source, position, why) => {
    const problem = problemOf(source);
    expect(problem.type).toBe('BadRequestData');
    expect(problem.message).toContain(`position ${position}:`);
    expect(problem.message).toContain(why);
  });

  test.each([
    ['repeats of repeats', '((a{100}){100}){100}'],
    ['repeats of nothing', '(((){1000}){1000}){1000}'],
    ['optional repeats of nothing', '(((){0,1000}){0,1000}){0,1000}'],
    ['many repeats', 'a{1001}'],
    ['length', 'a'.repeat(5000)],
    ['nesting', `${'('.repeat(100)}a${')'.repeat(100)}`],
  ])('too much: %s', (_what, source) => expect(problemOf(source).type).toBe('TooComplexQuery'));

  test('any text becomes a test or a Problem', () => {
    const pieces = fc.constantFrom(...Array.from('ab01()[]{}|*+?.^$\\-:,<>=!dwsbB'), '[[:alpha:]]', '😀');
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 20 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(texts, fc.string(), (source, subject) => {
        try {
          expect(typeof compilePattern(source)(subject)).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

test('patterns that ruin an engine that goes back do not take long', () => {
  const long = `${'a'.repeat(20_000)}!`;
  for (const source of [
    '(a+)+$',
    '(a*)*c',
    '(a|aa)+$',
    '(a|a)*c',
    'a*a*a*a*b',
    '(.*)*x',
    '([a-z]+)*\\d',
    '(a?){30}a{30}$',
    'a+$',
  ]) {
    expect(matches(source, long)).toBe(false);
  }
  expect(matches('(a+)+$', 'a'.repeat(20_000))).toBe(true);
});
