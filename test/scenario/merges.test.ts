/** Tests merges of one attribute: by PATCH and in a batch, with fragments as clients send them. */
import { problem, scenarios, type Step } from './scenario.ts';

const nil = 'urn:ngsi-ld:null';
const point = (...coordinates: readonly number[]): object => ({ type: 'Point', coordinates });
const square = {
  type: 'Polygon',
  coordinates: [
    [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 0],
    ],
  ], // prettier-ignore
};
const every = {
  property: { type: 'Property', value: 5, unitCode: 'CEL', accuracy: { type: 'Property', value: 0.1 } },
  address: { type: 'Property', value: { street: 'Glavni trg', number: 1 } },
  relationship: { type: 'Relationship', object: 'urn:b:1', since: { type: 'Property', value: 2020 } },
  place: { type: 'GeoProperty', value: point(14.35, 46.24) },
  area: { type: 'GeoProperty', value: square },
  text: { type: 'LanguageProperty', languageMap: { sl: 'dan', en: 'day' } },
  word: { type: 'VocabProperty', vocab: 'wet' },
  list: { type: 'ListProperty', valueList: [1, 2] },
  json: { type: 'JsonProperty', json: { a: 1, b: null } },
  links: { type: 'ListRelationship', objectList: [{ object: 'urn:b:1' }] },
} as const;
type Name = keyof typeof every;

/** What each attribute is before, what is merged into it, and what of it is then there; nothing more: it is refused. */
type Case = readonly [name: string, before: object, fragment: unknown, after?: unknown];

const note = { type: 'Property', value: 'x' };
const partly = (Object.keys(every) as Name[]).flatMap((name): Case[] => [
  [`${name}: a sub-attribute is added`, every[name], { note: { value: 'x' } }, { ...every[name], note }],
  [
    `${name}: a time is added`,
    every[name],
    { observedAt: '2026-01-01T00:00:00Z' },
    { ...every[name], observedAt: '2026-01-01T00:00:00Z' },
  ], // prettier-ignore
  [`${name}: nothing is said`, every[name], {}, every[name]],
]);
const kept = (Object.keys(every) as Name[])
  .filter((name) => every[name].type !== 'Property')
  .flatMap((name): Case[] => [
    [`${name}: a concise sub-attribute is added`, every[name], { note: 'x' }, { ...every[name], note }],
    [`${name}: a sub-attribute that is not there is deleted`, every[name], { note: nil }, every[name]],
    [`${name}: a number is no value of it`, every[name], 7],
    [`${name}: it does not become a Property`, every[name], { type: 'Property', value: 7 }],
    [`${name}: a value is of a Property`, every[name], { value: 7 }],
  ]);
const { property, address, relationship, place, area, text, json } = every;

const cases: readonly Case[] = [
  ...partly,
  ...kept,
  [
    'a sub-attribute is changed',
    property,
    { accuracy: { value: 0.5 } },
    { ...property, accuracy: { type: 'Property', value: 0.5 } },
  ], // prettier-ignore
  [
    'a sub-attribute is changed concisely',
    property,
    { accuracy: 0.5 },
    { ...property, accuracy: { type: 'Property', value: 0.5 } },
  ], // prettier-ignore
  ['a sub-attribute is deleted', property, { accuracy: nil }, { type: 'Property', value: 5, unitCode: 'CEL' }],
  ['a sub-attribute that is not there is deleted', property, { other: nil }, property],
  ['a sub-attribute does not change its kind', property, { accuracy: { object: 'urn:b:1' } }],
  [
    'a sub-attribute of a sub-attribute is added',
    property,
    { accuracy: { by: { object: 'urn:b:1' } } },
    { ...property, accuracy: { ...property.accuracy, by: { type: 'Relationship', object: 'urn:b:1' } } },
  ], // prettier-ignore
  [
    'a sub-attribute of a sub-Relationship is added',
    { ...property, by: relationship },
    { by: { since: 2021 } },
    { ...property, by: { ...relationship, since: { type: 'Property', value: 2021 } } },
  ], // prettier-ignore
  ['parts and members of a value are not mixed', property, { accuracy: { value: 0.5 }, street: 'Huje' }],
  ['an object is a value', property, { street: 'Huje' }, { ...property, value: { street: 'Huje' } }],
  [
    'an object is merged into an object',
    address,
    { number: 2 },
    { type: 'Property', value: { street: 'Glavni trg', number: 2 } },
  ], // prettier-ignore
  ['a member of a value is deleted', address, { number: nil }, { type: 'Property', value: { street: 'Glavni trg' } }],
  ['a Property becomes no Relationship', property, { type: 'Relationship', object: 'urn:b:1' }],
  ['a Property becomes no GeoProperty', property, point(1, 2)],
  ['a text is no Relationship', relationship, 'urn:b:2'],
  ['a Relationship leads elsewhere', relationship, { object: 'urn:b:2' }, { ...relationship, object: 'urn:b:2' }],
  ['a part of a geometry completes it', place, { value: { coordinates: [5, 6] } }, { ...place, value: point(5, 6) }],
  [
    'a part of a geometry with its type',
    place,
    { type: 'GeoProperty', value: { coordinates: [5, 6] } },
    { ...place, value: point(5, 6) },
  ], // prettier-ignore
  ['a geometry is replaced', place, square, { ...place, value: square }],
  ['half a geometry is refused', place, { value: { type: 'Polygon' } }],
  ['half a geometry of a kind that is told is refused', area, { type: 'GeoProperty', value: { coordinates: [5, 6] } }],
  ['coordinates stand in a value', place, { coordinates: [5, 6] }],
  ['what is no part of a geometry is refused', place, { value: { high: 3 } }],
  [
    'a language is added and another deleted',
    text,
    { languageMap: { de: 'Tag', en: nil } },
    { ...text, languageMap: { sl: 'dan', de: 'Tag' } },
  ], // prettier-ignore
  [
    'JSON is merged, and keeps its null',
    json,
    { json: { a: null, c: 2 } },
    { ...json, json: { a: null, b: null, c: 2 } },
  ], // prettier-ignore
  [
    'a JSON literal takes the place of an object',
    address,
    { value: { '@type': '@json', '@value': null } },
    { type: 'Property', value: { '@type': '@json', '@value': null } },
  ], // prettier-ignore
  [
    'one of several instances gets a sub-attribute',
    [relationship, { ...relationship, datasetId: 'urn:d:1' }],
    [{ datasetId: 'urn:d:1', note: { value: 'x' } }],
    [relationship, { ...relationship, datasetId: 'urn:d:1', note }],
  ],
  [
    'one of several instances gets a sub-attribute without an array',
    [relationship, { ...relationship, datasetId: 'urn:d:1' }],
    { datasetId: 'urn:d:1', note: { value: 'x' } },
    [relationship, { ...relationship, datasetId: 'urn:d:1', note }],
  ],
  ['an instance that is not there needs a value', relationship, { datasetId: 'urn:d:9', note: { value: 'x' } }],
];

const get = (id: string, a: unknown): Step => ({
  does: 'retrieveEntity',
  send: `GET /entities/${id}`,
  answers: 200,
  gives: { id, type: 'T', a },
});
const create = (id: string, a: unknown): Step => ({
  does: 'createEntity',
  send: 'POST /entities',
  body: { id, type: 'T', a },
  answers: 201,
});

const stepsOf = ([, before, fragment, after]: Case, n: number): readonly Step[] => {
  const [one, other] = [`urn:m:${n}:patch`, `urn:m:${n}:batch`];
  return [
    create(one, before),
    {
      does: 'mergeEntity',
      send: `PATCH /entities/${one}`,
      body: { a: fragment },
      ...(after ? { answers: 204 } : { answers: 400, has: problem('BadRequestData') }),
    },
    get(one, after ?? before),
    create(other, before),
    {
      does: 'mergeBatch',
      send: 'POST /entityOperations/merge',
      body: [{ id: other, a: fragment }],
      ...(after ? { answers: 204 } : { answers: 207, has: { success: [], errors: [{ entityId: other }] } }),
    },
    get(other, after ?? before),
  ];
};

scenarios('a merge', Object.fromEntries(cases.map((one, n) => [one[0], stepsOf(one, n)])));

scenarios('a merge of what is not there', {
  'adds it without what it would delete': [
    create('urn:m:new', 1),
    {
      does: 'mergeEntity',
      send: 'PATCH /entities/urn:m:new',
      body: { b: { value: { x: 1, y: nil }, sub: { value: { z: nil, w: 2 } }, gone: nil }, c: { d: { value: 1 } } },
      answers: 204,
    },
    {
      does: 'retrieveEntity',
      send: 'GET /entities/urn:m:new?attrs=b,c',
      answers: 200,
      gives: {
        id: 'urn:m:new',
        type: 'T',
        b: { type: 'Property', value: { x: 1 }, sub: { type: 'Property', value: { w: 2 } } },
        c: { type: 'Property', value: { d: { value: 1 } } },
      },
    },
  ],
  'refuses half a geometry, and a location that is none': [
    create('urn:m:half', 1),
    ...[
      ['', { g: { type: 'GeoProperty', value: { coordinates: [1, 2] } } }] as const,
      ['', { location: { note: { value: 1 } } }] as const,
      ['?format=simplified', { location: 'Kranj' }] as const,
    ].map(
      ([query, body]): Step => ({
        does: 'mergeEntity',
        send: `PATCH /entities/urn:m:half${query}`,
        body,
        answers: 400,
        has: problem('BadRequestData'),
      }),
    ),
    get('urn:m:half', { type: 'Property', value: 1 }),
  ],
});
