/** Tests that the concise representation loses nothing: an entity that is read back from it is the same, and merging it changes nothing. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { valueMember } from '../../src/core/model/attribute.ts';
import type { Entity } from '../../src/core/model/entity.ts';
import type { Json } from '../../src/core/model/json.ts';
import { mutate } from '../../src/core/model/mutate.ts';
import { readEntity, readFragment } from '../../src/core/model/read/entity.ts';
import { renderEntity } from '../../src/core/representation/render.ts';
import { runs, timeoutMs } from './fuzz.ts';
import { moment, terms } from './samples.ts';

const uri = fc.constantFrom('urn:b:1', 'urn:b:2', 'https://example.org/b');
const time = fc.constantFrom('2026-03-01T08:00:00Z', '2026-03-01T08:00:00.120Z', '9999-12-31T23:59:59.999999Z');
const position = fc.tuple(fc.integer({ min: -180, max: 180 }), fc.integer({ min: -90, max: 90 }));
const geometry = fc.oneof(
  position.map((coordinates) => ({ type: 'Point', coordinates })),
  fc.tuple(position, position).map((coordinates) => ({ type: 'LineString', coordinates })),
);

/** Names that mean something in an attribute, too: as members of values they do not. */
const memberName = fc.oneof(
  fc.constantFrom(...Object.values(valueMember), 'type', 'datasetId', 'unitCode', 'accuracy', 'coordinates', '@value'),
  fc.string({ maxLength: 3 }),
);
const json: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(fc.integer(), fc.boolean(), fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    fc.constantFrom<Json>({ '@type': '@json', '@value': null }, 'Property', 'Point', 'urn:b:1'),
    geometry,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(memberName, tie('json'), { maxKeys: 3 }),
  ),
})).json;

const text = fc.string({ minLength: 1, maxLength: 5 });
const term = fc.constantFrom('wet', 'dry', 'https://example.org/wet');
const language = fc.constantFrom('sl', 'en', '@none');
const value: fc.Arbitrary<Readonly<Record<string, Json>>> = fc.oneof(
  fc.record({ type: fc.constant('Property'), value: json }),
  fc.record({ type: fc.constant('GeoProperty'), value: geometry }),
  fc.record({
    type: fc.constant('LanguageProperty'),
    languageMap: fc.dictionary(language, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 2 })), {
      minKeys: 1,
    }),
  }),
  fc.record({
    type: fc.constant('VocabProperty'),
    vocab: fc.oneof(term, fc.array(term, { minLength: 1, maxLength: 2 })),
  }),
  fc.record({ type: fc.constant('ListProperty'), valueList: fc.array(json, { maxLength: 3 }) }),
  fc.record({
    type: fc.constant('JsonProperty'),
    json: fc.oneof(
      fc.dictionary(memberName, fc.oneof(json, fc.constant(null)), { maxKeys: 3 }),
      fc.array(json, { maxLength: 2 }),
    ),
  }),
  fc.record({
    type: fc.constant('Relationship'),
    object: fc.oneof(uri, fc.array(uri, { minLength: 1, maxLength: 2 })),
  }),
  fc.record({ type: fc.constant('ListRelationship'), objectList: fc.array(uri, { maxLength: 3 }) }),
);

const known = fc.record({ observedAt: time, expiresAt: time }, { requiredKeys: [] });
const ofProperty = fc.record({ unitCode: text, valueType: term }, { requiredKeys: [] });
const ofRelationship = fc.record(
  { objectType: fc.oneof(term, fc.array(term, { minLength: 1, maxLength: 2 })) },
  { requiredKeys: [] },
);

const subName = fc.constantFrom('a', 'accuracy', 'coordinates', 'https://example.org/b');
const name = fc.constantFrom('a', 'accuracy', 'lang', 'coordinates', 'https://example.org/b', 'entity');

/** An attribute: one instance, or several of different datasets. */
const attribute: fc.Arbitrary<Json> = fc.letrec<{ instance: Json; attribute: Json }>((tie) => ({
  attribute: fc.oneof(
    { weight: 3, arbitrary: tie('instance') },
    {
      weight: 1,
      arbitrary: fc
        .array(tie('instance'), { minLength: 2, maxLength: 3 })
        .map((all) => all.map((one, n) => ({ ...(one as object), ...(n === 0 ? {} : { datasetId: `urn:d:${n}` }) }))),
    },
  ) as fc.Arbitrary<Json>,
  instance: fc
    .tuple(
      value,
      known,
      ofProperty,
      ofRelationship,
      fc.oneof({ maxDepth: 2 }, fc.constant({}), fc.dictionary(subName, tie('attribute'), { maxKeys: 2 })),
    )
    .map(([given, all, property, relationship, inner]) => ({
      ...inner,
      ...given,
      ...all,
      ...(given['type'] === 'Property' || given['type'] === 'ListProperty' ? property : {}),
      ...(String(given['type']).endsWith('Relationship') ? relationship : {}),
    })),
})).attribute;

const entity: fc.Arbitrary<Json> = fc
  .tuple(
    fc.dictionary(name, attribute, { maxKeys: 4 }),
    fc.option(geometry, { nil: undefined }),
    fc.record({ scope: fc.constantFrom<Json>('/A', ['/A', '/B']), expiresAt: time }, { requiredKeys: [] }),
  )
  .map(([attrs, location, more]) => ({
    id: 'urn:x:1',
    type: ['T', 'U'],
    ...attrs,
    ...more,
    ...(location ? { location: { type: 'GeoProperty', value: location } } : {}),
  }));

function createdFrom(document: Json): Entity {
  const read = readEntity(document, terms);
  const { next, outcome } = mutate(undefined, { op: 'create', id: read.id, entity: read }, moment);
  expect({ document, outcome }).toEqual({ document, outcome: { status: 'created' } });
  if (!next) throw new Error('nothing was created');
  return next;
}

const shown = (stored: Entity, format: 'normalized' | 'concise'): Json =>
  renderEntity(stored, { terms, format, sysAttrs: true, projection: {} }) ?? null;

test(
  'an entity in concise form is read back as the same one',
  () => {
    fc.assert(
      fc.property(entity, (document) => {
        const stored = createdFrom(document);
        const concise = shown(stored, 'concise');
        expect({ concise, read: createdFrom(concise) }).toEqual({ concise, read: stored });
        expect(createdFrom(shown(stored, 'normalized'))).toEqual(stored);
      }),
      runs(500),
    );
  },
  timeoutMs,
);

test(
  'an entity that is merged into itself, in whichever form, stays as it is',
  () => {
    fc.assert(
      fc.property(entity, fc.constantFrom('normalized', 'concise'), (document, format) => {
        const stored = createdFrom(document);
        const body = shown(stored, format);
        const fragment = readFragment(body, terms, { id: stored.id, nulls: 'deep' });
        const { outcome, next } = mutate(stored, { op: 'merge', id: stored.id, fragment }, moment);
        expect({ body, outcome: outcome.status }).not.toEqual({ body, outcome: 'refused' });
        expect({ body, next: next ?? stored }).toEqual({ body, next: stored });
      }),
      runs(500),
    );
  },
  timeoutMs,
);
