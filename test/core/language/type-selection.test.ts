/** Tests entity type selections (clause 4.17): accepted texts, refused texts, and matches. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TypeSelection } from '../../../src/core/language/filter.ts';
import { matchesTypes } from '../../../src/core/language/matches/matches-types.ts';
import { parseTypeSelection } from '../../../src/core/language/type-selection.ts';
import { Problem } from '../../../src/core/model/problem.ts';
import { termsBy } from '../terms.ts';

const terms = termsBy({ expand: (term) => (term.includes(':') ? term : `urn:t:${term}`) });
const parse = (text: string): TypeSelection => parseTypeSelection(text, terms);

const show = (selection: TypeSelection): string => {
  if (selection.op === 'any') return '*';
  if (selection.op === 'type') return selection.type.replace('urn:t:', '');
  return `(${selection.parts.map(show).join(selection.op === 'and' ? ' & ' : ' | ')})`;
};

describe('reading', () => {
  test.each([
    ['Building', 'Building'],
    ['*', '*'],
    ['A,B', '(A | B)'],
    ['A|B|C', '(A | B | C)'],
    ['(A;B)', '(A & B)'],
    ['A;B', '(A & B)'],
    ['(A;B)|C', '((A & B) | C)'],
    ['(A;B),C', '((A & B) | C)'],
    ['A,B;C', '(A | (B & C))'],
    ['((A|B);(C|D))', '((A | B) & (C | D))'],
    ['(Building|Tower)', '(Building | Tower)'],
    [' A , ( B ; C ) ', '(A | (B & C))'],
    ['https://example.org/Boat,ex:Buoy', '(https://example.org/Boat | ex:Buoy)'],
    ['Šola', 'Šola'],
  ])('%s', (text, shown) => expect(show(parse(text))).toBe(shown));

  test.each([
    ['', 'position 1'],
    ['A,', 'position 3'],
    [',A', 'position 1'],
    ['(A;B', 'position 5'],
    ['A)', 'position 2'],
    ['()', 'position 2'],
    ['A B', 'position 3'],
    ['A;;B', 'position 3'],
    ['9A', '"9A"'],
    ['A**', '"A**"'],
  ])('not %j', (text, named) => {
    expect(() => parse(text)).toThrow(named);
    expect(() => parse(text)).toThrow(Problem);
  });

  test('no more than 500 names, no deeper than 64', () => {
    expect(() => parse(Array(501).fill('A').join(','))).toThrow('500');
    expect(() => parse(`${'('.repeat(65)}A${')'.repeat(65)}`)).toThrow('64');
  });

  test('any text becomes a selection or a Problem', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...Array.from('AB,;|()* :')), { maxLength: 30 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parse(text);
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
    ['*', 'X', true],
    ['A', 'A', true],
    ['A', 'A B', true],
    ['A', 'B', false],
    ['A,B', 'B', true],
    ['A,B', 'C', false],
    ['(A;B)', 'A', false],
    ['(A;B)', 'B C A', true],
    ['(A;B)|C', 'C', true],
    ['(A|B);(C|D)', 'B C', true],
    ['(A|B);(C|D)', 'A B', false],
  ])('%s of %s: %s', (text, types, expected) => {
    expect(
      matchesTypes(
        parse(text),
        types.split(' ').map((type) => terms.expand(type)),
      ),
    ).toBe(expected);
  });
});
