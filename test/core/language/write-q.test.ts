/** Tests that a serialized query keeps its meaning, whatever names it is written with. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Query } from '../../../src/core/language/filter.ts';
import { parseQ } from '../../../src/core/language/q/q.ts';
import { writeQ } from '../../../src/core/language/q/write-q.ts';
import type { Terms } from '../../../src/core/model/entity.ts';
import { termsBy } from '../terms.ts';

/** Short names that are IRIs with a prefix of their own. */
const termsOf = (prefix: string): Terms =>
  termsBy({
    expand: (name) =>
      name.includes(':') ? name : `https://example.org/${prefix === '' ? name : name.slice(prefix.length)}`,
    compact: (iri) =>
      iri.startsWith('https://example.org/') ? `${prefix}${iri.slice('https://example.org/'.length)}` : iri,
  });
const [plain, fancy] = [termsOf(''), termsOf('x')];
const none = { expandValues: [], jsonKeys: [] };

/** The query without the texts that its paths were read from. */
const meaning = (query: Query): unknown =>
  JSON.parse(
    JSON.stringify(query, (_, value: object | null) =>
      value && 'attr' in Object(value) ? { ...value, text: undefined } : value,
    ),
  );

const name = fc.constantFrom('draft', 'name', 'speed', 'https://other.org/a#b');
const shortName = fc.constantFrom('draft', 'name', 'speed');
const path = fc.oneof(
  name,
  fc.tuple(shortName, shortName).map((names) => names.join('.')),
  fc.tuple(shortName, fc.constantFrom('datasetId', 'unitCode')).map((names) => names.join('.')),
  fc.tuple(shortName, fc.constantFrom('[en]', '["a b"]', '[city.street]')).map((parts) => parts.join('')),
);
const linkedPath = fc.oneof(
  path,
  fc
    .tuple(shortName, fc.constantFrom('', 'Quay:', 'Quay,Pier:'), path)
    .map(([own, types, target]) => `${own}{${types}${target}}`),
);
const value = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom('true', 'false', '1..5', '1,2,"x"', '2026-03-01T08:00:00Z', 'urn:ngsi-ld:Boat:1', '"a".."b"'),
  fc.string().map((text) => JSON.stringify(text)),
);
const term = fc.oneof(
  linkedPath,
  linkedPath.map((path) => `!${path}`),
  fc
    .tuple(shortName, fc.constantFrom('2026-03-01T08:00:00Z', '"2026-03-01"', '2026-03-01T08:00:00,5+02:00'))
    .map(([name, time]) => `${name}.observedAt>=${time}`),
  fc.tuple(linkedPath, fc.constantFrom('==', '!='), value).map((parts) => parts.join('')),
  fc.tuple(linkedPath, fc.constantFrom('>', '<='), fc.integer().map(String)).map((parts) => parts.join('')),
  fc
    .tuple(linkedPath, fc.constantFrom('~=', '!~='), fc.constantFrom('a.*b', '"x;y\\\\d"', '(a|b)+'))
    .map((parts) => parts.join('')),
);
const all = fc.array(term, { minLength: 1, maxLength: 3 }).map((terms) => terms.join(';'));
const query = fc.oneof(
  all,
  fc.tuple(all, all, all).map(([a, b, c]) => `(${a}|${b});${c}`),
  fc.tuple(all, all).map((parts) => parts.join('|')),
);

describe('writeQ', () => {
  test('means the same by other names', () => {
    fc.assert(
      fc.property(query, (text) => {
        const tree = parseQ(text, plain, none);
        for (const terms of [plain, fancy])
          expect(meaning(parseQ(writeQ(tree, terms), terms, none))).toEqual(meaning(tree));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['draft>1.5;name=="Sava river"', 'xdraft>1.5;xname=="Sava river"'],
    ['name.observedAt>2026-03-01T08:00:00Z', 'xname.observedAt>2026-03-01T08:00:00Z'],
    ['a[en]~=Sa.*', 'xa[en]~="Sa.*"'],
    ['mooredAt{Quay:depth}>10', 'xmooredAt{xQuay:xdepth}>10'],
    ['(a|b);c', '(xa|xb);xc'],
    ['name=="Eiffel%20Tower"', 'xname=="Eiffel%20Tower"'],
  ])('%s', (text, written) => expect(writeQ(parseQ(text, plain, none), fancy)).toBe(written));

  test('writes vocabulary terms by their names', () => {
    const tree = parseQ('class=="Lifeboat",5,"Ferry"', plain, { expandValues: ['class'], jsonKeys: [] });
    expect(writeQ(tree, fancy)).toBe('xclass=="xLifeboat",5,"xFerry"');
  });
});
