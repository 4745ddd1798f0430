/** Tests the cost limit for filtering one entity: a filter with too many steps is refused as too complex, others are not. */
import { describe, expect, test } from '@jest/globals';
import type { Filter } from '../../../src/core/language/filter.ts';
import { compileFilter } from '../../../src/core/language/matches/matches.ts';
import { refuseManyPatterns } from '../../../src/core/language/pattern/pattern.ts';
import { parseQ } from '../../../src/core/language/q/q.ts';
import { parseScopeQ } from '../../../src/core/language/scope-query.ts';
import type { Instance } from '../../../src/core/model/attribute.ts';
import type { Entity } from '../../../src/core/model/entity.ts';
import type { Json } from '../../../src/core/model/json.ts';
import { outcomeOf } from '../../property/fuzz.ts';
import { termsBy } from '../terms.ts';

const terms = termsBy({ expand: (name) => `urn:t:${name}` });
const asked = (q: string): Filter => ({ q: parseQ(q, terms, { expandValues: [], jsonKeys: [] }) });

const entity = (instances: readonly Instance[], scope?: readonly string[]): Entity => ({
  id: 'urn:x:1',
  types: ['urn:t:X'],
  createdAt: '2026-01-01T00:00:00Z',
  attrs: { 'urn:t:a': instances },
  ...(scope ? { scope } : undefined),
});
const holding = (value: Json): Entity => entity([{ kind: 'Property', value }]);

const each = (size: number, text: (n: number) => string, between = ','): string =>
  Array.from({ length: size }, (_, n) => text(n)).join(between);

const numbers = holding(Array.from({ length: 100_000 }, (_, n) => n));
const times = holding(Array.from({ length: 1000 }, (_, n) => `2026-01-01T00:00:00.${n}Z`));
const text = holding('x'.repeat(1_000_000));
const datasets = entity(
  Array.from({ length: 10_000 }, (_, n) => ({ kind: 'Property', value: 1, datasetId: `urn:d:${n}` })),
);
const scopes = entity(
  [],
  Array.from({ length: 100 }, (_, n) => `/a/b${n}`),
);
const languages = entity([
  { kind: 'LanguageProperty', value: Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`x-${n}`, 'a'])) },
]);

const tooMany = { detail: expect.stringContaining('too many steps to compare') };

/** How each ends, in time that does not grow beyond what others can wait. */
describe('the test of an entity', () => {
  test.each<[string, Filter, Entity, boolean]>([
    ['one value in a long list', asked('a==-1'), numbers, false],
    ['the last value of a long list', asked('a==99999'), numbers, true],
    ['a list of values in a long list', asked(`a==${each(499, (n) => `-${n + 1}`)}`), numbers, false],
    ['a list of values, one of which is there', asked(`a==${each(400, (n) => `-${n + 1}`)},5`), numbers, true],
    ['a time in a list of times', asked('a==2026-01-01T00:00:00.999Z'), times, true],
    ['a plain pattern in a long text', asked('a~="y"'), text, false],
    ['an anchored pattern in a long text', asked('a~="^[a-w]+y"'), text, false],
    ['one value of many datasets', asked('a==2'), datasets, false],
    ['one value in many languages', asked('a=="b"'), languages, false],
    ['one scope of many', { scopeQ: parseScopeQ('/a/b99') }, scopes, true],
    ['many scopes of many', { scopeQ: parseScopeQ(each(500, (n) => `/a/c${n}`)) }, scopes, false],
    [
      'combinations of scopes',
      { scopeQ: parseScopeQ(`(${each(22, () => '/a/+')});(${each(22, () => '/b')})`) },
      scopes,
      false,
    ],
  ])('is made: %s', (_, filter, one, expected) => expect(compileFilter(filter)(one)).toBe(expected));

  test.each<[string, Filter, Entity]>([
    ['many terms on a long list', asked(each(500, (n) => `a==-${n + 1}`, '|')), numbers],
    ['many times on a list of times', asked(`a==${each(499, (n) => `2025-01-01T00:00:00.${n + 1}Z`)}`), times],
    ['many ranges on a long list', asked(each(200, (n) => `a==-${n + 2}..-${n + 1}`, '|')), numbers],
    ['a large pattern on a long text', asked(`a~="${'(x*)*'.repeat(100)}y"`), text],
    ['many terms on many datasets', asked(each(500, (n) => `a==-${n + 1}`, '|')), datasets],
    ['many terms on many languages', asked(each(500, (n) => `a=="b${n}"`, '|')), languages],
  ])('is refused as too complex: %s', (_, filter, one) => {
    expect(outcomeOf(() => compileFilter(filter)(one))).toEqual(tooMany);
  });

  test('counts from the beginning for every entity', () => {
    const matches = compileFilter(asked(`a~="[a-w]+y"`));
    const some = holding('x'.repeat(200_000));
    for (let n = 0; n < 20; n += 1) expect(matches(some)).toBe(false);
  });
});

test('the patterns of one request are bounded in number and size', () => {
  const few = Array.from({ length: 500 }, (_, n) => `b${n}$`);
  refuseManyPatterns(few);
  expect(outcomeOf(() => refuseManyPatterns([...few, 'c']))).toEqual({
    detail: 'The request has more than 500 regular expressions as idPattern.',
  });
  expect(outcomeOf(() => refuseManyPatterns(few.map((source) => `(.*){50}${source}`)))).toEqual({
    detail: 'The request has regular expressions as idPattern that are too large together.',
  });
});
