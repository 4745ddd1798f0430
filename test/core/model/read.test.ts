/** Tests the readers: the result for each form of an attribute, and that reading a rendered entity back changes nothing. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Entity } from '../../../src/core/model/entity.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { mutate } from '../../../src/core/model/mutate.ts';
import { Problem } from '../../../src/core/model/problem.ts';
import { readAttributeFragments, readEntity, readFragment } from '../../../src/core/model/read/entity.ts';
import { renderEntity } from '../../../src/core/representation/render.ts';
import { termsBy } from '../terms.ts';

const vocabulary = 'https://example.org/';
const terms = termsBy({
  expand: (term) =>
    term === 'location' ? 'https://uri.etsi.org/ngsi-ld/location' : term.includes(':') ? term : vocabulary + term,
  compact: (iri) =>
    iri.startsWith(vocabulary)
      ? iri.slice(vocabulary.length)
      : iri.replace('https://uri.etsi.org/ngsi-ld/location', 'location'),
});
const x = `${vocabulary}x`;
const readX = (json: Json) => readEntity({ id: 'urn:a:1', type: 'T', x: json }, terms).attrs[x];
const point = { type: 'Point', coordinates: [1, 2] };

test('a merge can ask for deletions inside objects, but not inside arrays, which it replaces whole', () => {
  const read = (value: Json) => readFragment({ x: { value } }, terms, { id: 'urn:a:1', nulls: 'deep' });
  expect(read({ a: { b: 'urn:ngsi-ld:null' } }).attrs[x]?.[0]?.value).toEqual({ a: { b: 'urn:ngsi-ld:null' } });
  expect(() => read(['urn:ngsi-ld:null', 1])).toThrow(Problem);
  expect(() => read({ a: [{ b: 'urn:ngsi-ld:null' }] })).toThrow(Problem);
});

describe('an attribute', () => {
  test.each<readonly [string, Json, unknown]>([
    ['a number', 5, [{ kind: 'Property', value: 5 }]],
    ['an array', [1, 'a'], [{ kind: 'Property', value: [1, 'a'] }]],
    ['an array of objects', [{ a: 1 }], [{ kind: 'Property', value: [{ a: 1 }] }]],
    ['an object', { a: { b: 1 } }, [{ kind: 'Property', value: { a: { b: 1 } } }]],
    ['a geometry', point, [{ kind: 'GeoProperty', value: point }]],
    ['a geometry as value', { value: point }, [{ kind: 'GeoProperty', value: point }]],
    [
      'a geometry as text',
      { type: 'GeoProperty', value: JSON.stringify(point) },
      [{ kind: 'GeoProperty', value: point }],
    ],
    ['a value with a unit', { value: 1, unitCode: 'CEL' }, [{ kind: 'Property', value: 1, unitCode: 'CEL' }]],
    ['an object member', { object: 'urn:a:b' }, [{ kind: 'Relationship', value: 'urn:a:b' }]],
    ['a vocabulary term', { vocab: 'Gold' }, [{ kind: 'VocabProperty', value: `${vocabulary}Gold` }]],
    [
      'a list of objects',
      { objectList: ['urn:a:1', { object: 'urn:a:2' }] },
      [{ kind: 'ListRelationship', value: ['urn:a:1', 'urn:a:2'] }],
    ],
    [
      'a typed value',
      { '@type': 'DateTime', '@value': '2026' },
      [{ kind: 'Property', value: { '@type': 'DateTime', '@value': '2026' } }],
    ],
    [
      'several instances',
      [{ value: 1 }, { value: 2, datasetId: 'urn:d:1' }],
      [
        { kind: 'Property', value: 1 },
        { kind: 'Property', value: 2, datasetId: 'urn:d:1' },
      ],
    ],
    [
      'sub-attributes',
      { value: 1, y: 2 },
      [{ kind: 'Property', value: 1, attrs: { [`${vocabulary}y`]: [{ kind: 'Property', value: 2 }] } }],
    ],
    [
      'stamps of the broker',
      { type: 'Property', value: 1, createdAt: 'x', modifiedAt: 'y', instanceId: 'z' },
      [{ kind: 'Property', value: 1 }],
    ],
  ])('%s', (_, json, expected) => expect(readX(json)).toEqual(expected));

  test('of a fragment may lack its value, or ask for a deletion', () => {
    expect(readFragment({ x: { unitCode: 'CEL' } }, terms, { id: 'urn:a:1', nulls: 'deep' }).attrs).toEqual({
      [x]: [{ unitCode: 'CEL' }],
    });
    expect(readFragment({ x: 'urn:ngsi-ld:null' }, terms, { id: 'urn:a:1', nulls: 'allowed' }).attrs).toEqual({
      [x]: [{ value: 'urn:ngsi-ld:null' }],
    });
    expect(
      readFragment({ x: { languageMap: { '@none': 'urn:ngsi-ld:null' } } }, terms, { id: 'urn:a:1', nulls: 'allowed' })
        .attrs[x]?.[0]?.value,
    ).toBe('urn:ngsi-ld:null');
    expect(readAttributeFragments({ y: 3 }, terms, { nulls: 'allowed', iri: x })).toEqual([
      { attrs: { [`${vocabulary}y`]: [{ kind: 'Property', value: 3 }] } },
    ]);
  });
});

/** JSON as a client could send it for an attribute. */
const name = fc.constantFrom('a', 'b', 'c', 'speed');
const plain: fc.Arbitrary<Json> = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string(),
  fc.boolean(),
  fc.array(fc.integer()),
  fc.dictionary(name, fc.integer()),
);
const uri = fc.constantFrom('urn:a:1', 'urn:a:2', 'https://example.org/é');
const metadata = fc.record(
  { observedAt: fc.constant('2026-03-01T08:00:00.5Z'), datasetId: fc.constantFrom('urn:d:1', 'urn:d:2'), sub: plain },
  { requiredKeys: [] },
);
const instance: fc.Arbitrary<JsonObject> = fc
  .oneof(
    plain.map((value) => ({ type: 'Property', value })),
    uri.map((object) => ({ type: 'Relationship', object })),
    fc
      .array(uri, { minLength: 1 })
      .map((list) => ({ type: 'ListRelationship', objectList: list.map((object) => ({ object })) })),
    fc.constant({ type: 'GeoProperty', value: point }),
    fc.constantFrom('Gold', 'Silver').map((vocab) => ({ type: 'VocabProperty', vocab })),
    fc
      .dictionary(
        name,
        fc.anything({ withNullPrototype: false, values: [fc.string(), fc.integer(), fc.constant(null)], maxDepth: 2 }),
      )
      .map((json) => ({ type: 'JsonProperty', json: json as JsonObject })),
    fc.record({ en: fc.string() }).map((languageMap) => ({ type: 'LanguageProperty', languageMap })),
  )
  .chain((value) => metadata.map((more) => ({ ...value, ...more }) as JsonObject));
const entity = fc
  .dictionary(name, instance, { maxKeys: 4 })
  .map((attrs): JsonObject => ({ id: 'urn:a:1', type: 'T', ...attrs }));

const store = (json: JsonObject): Entity => {
  const whole = readEntity(json, terms);
  const { next } = mutate(undefined, { op: 'create', id: whole.id, entity: whole }, '2026-03-01T00:00:00Z');
  if (!next) throw new Error('nothing was created');
  return next;
};

describe.each(['normalized', 'concise'] as const)('%s form', (format) => {
  test('reading back what was shown gives the same entity', () => {
    fc.assert(
      fc.property(entity, (json) => {
        const first = store(json);
        const shown = renderEntity(first, { terms, format, sysAttrs: false, projection: {} });
        expect(shown && store(shown)).toEqual(first);
      }),
      { numRuns: 2000 },
    );
  });
});

test('any JSON is read, or refused by a Problem', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 3 }), (json, other) => {
      for (const candidate of [
        json,
        { id: 'urn:a:1', type: 'T', x: json, y: other },
        { id: 'urn:a:1', type: json, scope: other },
      ] as Json[]) {
        try {
          readEntity(candidate, terms);
          readFragment(candidate, terms, { id: 'urn:a:1', nulls: 'deep', isSimplified: true });
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
      }
    }),
    { numRuns: 5000 },
  );
});
