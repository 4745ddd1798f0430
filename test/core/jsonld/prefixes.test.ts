/** Tests compact IRIs: the best prefix is found among many, in time that is bounded by the length of the IRI. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { runSync } from '../../../src/core/model/interruptible.ts';
import { isBetter, preparePrefixes } from '../../../src/core/jsonld/prefixes.ts';
import type { Term } from '../../../src/core/jsonld/term-table.ts';

const tableOf = (prefixes: readonly (readonly [string, string])[]) => ({
  vocab: undefined,
  terms: new Map<string, Term>(prefixes.map(([name, iri]) => [name, { iri, isPrefix: true, protection: 'none' }])),
});

const text = fc.array(fc.constantFrom('a', 'b', ':', '/'), { maxLength: 5 }).map((all) => all.join(''));
const name = fc.array(fc.constantFrom('p', 'q', 'r'), { minLength: 1, maxLength: 3 }).map((all) => all.join(''));

test('the best compact IRI is the one that looking at all of them finds', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(
        fc.tuple(
          name,
          text.map((end) => `u:${end}`),
        ),
        { selector: ([one]) => one, maxLength: 12 },
      ),
      text.map((end) => `u:${end}`),
      fc.func(fc.boolean()),
      (prefixes, iri, means) => {
        const expected = prefixes
          .filter(([, prefix]) => iri.length > prefix.length && iri.startsWith(prefix))
          .map(([term, prefix]) => `${term}:${iri.slice(prefix.length)}`)
          .filter((one) => means(one))
          .reduce<string | undefined>((best, one) => (isBetter(one, best) ? one : best), undefined);
        expect(runSync(preparePrefixes(tableOf(prefixes)))(iri, means)).toBe(expected);
      },
    ),
    { numRuns: 2000 },
  );
});

test('is found without asking for more than one name of each prefix', () => {
  const prefixes = [
    ...Array.from({ length: 2000 }, (_, n) => [`t${n}`, 'u:same/'] as const),
    ...Array.from({ length: 500 }, (_, n) => [`l${n}`, `u:${'x'.repeat(n)}/`] as const),
  ];
  const find = runSync(preparePrefixes(tableOf(prefixes)));
  const asked: string[] = [];
  const means = (one: string): boolean => asked.push(one) > 0;
  expect(find('u:same/end', means)).toBe('t0:end');
  expect(find(`u:${'x'.repeat(499)}/end`, means)).toBe('l499:end');
  expect(find('u:other', means)).toBeUndefined();
  expect(asked).toEqual(['t0:end', 'l499:end']);
});
