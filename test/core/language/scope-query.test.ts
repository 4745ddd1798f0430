/** Tests scope queries and scopes (clauses 4.18, 4.19). */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { matchesScopes } from '../../../src/core/language/matches/matches-scope.ts';
import { parseScopeQ } from '../../../src/core/language/scope-query.ts';
import { Problem } from '../../../src/core/model/problem.ts';
import { isScope, scopeLevels } from '../../../src/core/model/scope.ts';

describe('scopes', () => {
  test.each(['/Madrid', 'Madrid', '/Madrid/Gardens/ParqueNorte', 'a/b_1/C', '/Škofja_Loka'])('%s is one', (text) => {
    expect(isScope(text)).toBe(true);
  });

  test.each(['', '/', '9bad', '/a//b', 'a-b', '/a/', '/a/9', '/_a', 'a b', '/+', '/#', 'urn:ngsi-ld:null'])(
    '%j is none',
    (text) => {
      expect(isScope(text)).toBe(false);
    },
  );

  test('levels', () => {
    expect(scopeLevels('/Madrid/Gardens')).toEqual(['Madrid', 'Gardens']);
    expect(scopeLevels('Madrid/Gardens')).toEqual(['Madrid', 'Gardens']);
    expect(scopeLevels('Madrid')).toEqual(['Madrid']);
  });

  test('checking takes time linear in the text', () => {
    expect(isScope(`${'/a'.repeat(100_000)}!`)).toBe(false);
  });
});

const show = (text: string): string =>
  parseScopeQ(text)
    .anyOf.map(({ allOf }) =>
      allOf.map(({ levels, deep }) => `/${[...levels, ...(deep ? ['#'] : [])].join('/')}`).join(' & '),
    )
    .join(' | ');

describe('reading', () => {
  test.each([
    ['/Madrid/Gardens', '/Madrid/Gardens'],
    ['/Madrid/Gardens/#', '/Madrid/Gardens/#'],
    ['/#', '/#'],
    ['/CompanyA/+/UnitC', '/CompanyA/+/UnitC'],
    ['/A/+/#', '/A/+/#'],
    ['CompanyB', '/CompanyB'],
    ['"/A,/B"', '/A | /B'],
    ['/A,/B', '/A | /B'],
    ['/A|/B/#', '/A | /B/#'],
    ['(/A;/B)', '/A & /B'],
    ['/A;/B', '/A & /B'],
    ['(/A;/B)|/C', '/A & /B | /C'],
    ['(/A;/B),(/C;/D/#)', '/A & /B | /C & /D/#'],
    ['(/A|/B);/C', '/A & /C | /B & /C'],
    [' /A , /B ', '/A | /B'],
  ])('%s', (text, shown) => expect(show(text)).toBe(shown));

  test.each([
    '',
    '/',
    '/A/',
    '//A',
    '/A,',
    ',/A',
    '(/A',
    '/A)',
    '/A/#/B',
    '/9',
    '/A-B',
    '/A /B',
    '()',
    '/A/++',
    '/a#',
    '"/A',
  ])('not %j', (text) => {
    expect(() => parseScopeQ(text)).toThrow(/scopeQ is wrong at position \d+/);
  });

  test('what multiplies is bounded', () => {
    const choice = `(${Array(40).fill('/A').join('|')})`;
    expect(() => parseScopeQ(`${choice};${choice}`)).toThrow('500 combinations');
  });

  test('any text becomes a query or a Problem', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...Array.from('AB/+#,;|()" ')), { maxLength: 30 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseScopeQ(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('matching', () => {
  test.each([
    ['/A/B', '/A/B', true],
    ['/A/B', 'A/B', true],
    ['A/B', '/A/B', true],
    ['/A/B', '/A/B/C', false],
    ['/A/B', '/A', false],
    ['/A/B', '/A/Bx', false],
    ['/A/Bx', '/A/B', false],
    ['/A/B/#', '/A/B', true],
    ['/A/B/#', '/A/B/C/D', true],
    ['/A/B/#', '/A', false],
    ['/A/B/#', '/A/Bc', false],
    ['/#', '/A/B', true],
    ['/#', undefined, false],
    ['/A', undefined, false],
    ['/+', '/A', true],
    ['/+', '/A/B', false],
    ['/A/+', '/A', false],
    ['/A/+', '/A/B', true],
    ['/A/+', '/A/B/C', false],
    ['/A/+/C', '/A/B/C', true],
    ['/A/+/C', '/A/C', false],
    ['/A/+/#', '/A', false],
    ['/A/+/#', '/A/B/C/D', true],
    ['/A,/B', '/B', true],
    ['/A,/B', '/C', false],
    ['/B', ['/A', '/B'], true],
    ['/C', ['/A', '/B'], false],
    ['(/A;/B)', ['/A', '/B'], true],
    ['(/A;/B)', '/A', false],
    ['(/A;/B)', ['/A', '/A/B'], false],
    ['(/A/#;/B/#)|/C', ['/B/x', '/A/x'], true],
    ['(/A/#;/B/#)|/C', 'C', true],
  ])('%s of %j: %s', (text, scope, expected) => expect(matchesScopes(parseScopeQ(text), scope)).toBe(expected));
});
