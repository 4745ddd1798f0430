/** Generates random entities with every member of the standard, in the normalized representation and the core @context. */
import fc from 'fast-check';
import { type Instance, type Kind, kinds, mayHave, valueMember } from '../../src/core/model/attribute.ts';
import type { Entity } from '../../src/core/model/entity.ts';
import type { Json, JsonObject } from '../../src/core/model/json.ts';

/** How a member of the model gets into an entity. A member that the model has and this does not is an error of types. */
type Road = 'generated' | 'by the broker' | 'only of ngsildproof';

const instanceMembers: Readonly<Record<keyof Instance, Road>> = {
  kind: 'generated',
  value: 'generated',
  datasetId: 'generated',
  observedAt: 'generated',
  unitCode: 'generated',
  objectType: 'generated',
  valueType: 'generated',
  expiresAt: 'generated',
  attrs: 'generated',
  entityIdSealed: 'only of ngsildproof',
  entityTypeSealed: 'only of ngsildproof',
  createdAt: 'by the broker',
  modifiedAt: 'by the broker',
};

const entityMembers: Readonly<Record<keyof Entity, Road>> = {
  id: 'generated',
  types: 'generated',
  scope: 'generated',
  expiresAt: 'generated',
  attrs: 'generated',
  createdAt: 'by the broker',
  modifiedAt: 'by the broker',
  owner: 'by the broker',
};

const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((one) => one !== 'urn:ngsi-ld:null');
const word = fc.constantFrom('a', 'createdAt', 'type', '@type', 'value', '$set', 'a.b', '', 'constructor', '__proto__');
const number = fc.oneof(
  fc.integer(),
  fc.constantFrom(0, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 2 ** 53 - 1, 0.1 + 0.2),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => (Object.is(one, -0) ? 0 : one)),
);
const leaf = fc.oneof(text, number, fc.boolean());

/** JSON whose innermost values are these. */
const treeOf = (inner: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.letrec<{ tree: Json }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      inner,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc
        .array(fc.tuple(fc.oneof(word, text), tie('tree')), { maxLength: 3 })
        .map((members): Json => Object.fromEntries(members)),
    ),
  })).tree;

const literal = treeOf(fc.oneof(leaf, fc.constant(null))).map((value): Json => ({ '@type': '@json', '@value': value }));
const json = treeOf(leaf);
const uri = fc.oneof(
  fc.integer({ min: 0, max: 99 }).map((n) => `urn:ngsi-ld:X:${n}`),
  fc.constantFrom('https://example.org/a?b=c#d', 'urn:x:odd:$.%E2%82%AC', 'urn:x:č'),
);
const uris = fc.oneof(uri, fc.uniqueArray(uri, { minLength: 2, maxLength: 3 }));
const name = fc.constantFrom('Foo', 'https://example.org/Bar', 'urn:x:Baz');

const position = fc.tuple(
  fc.double({ min: -179, max: 179, noNaN: true }),
  fc.double({ min: -89, max: 89, noNaN: true }),
);
const plain = position.map(([east, north]) => [Number(east.toFixed(7)), Number(north.toFixed(7))]);
const square = plain.map(([east = 0, north = 0]) => {
  const [e, n] = [Math.trunc(east), Math.trunc(north)];
  return [
    [
      [e, n],
      [e + 1, n],
      [e + 1, n + 1],
      [e, n + 1],
      [e, n],
    ],
  ];
});
const geometry: fc.Arbitrary<Json> = fc.oneof(
  plain.map((coordinates) => ({ type: 'Point', coordinates })),
  fc.array(plain, { minLength: 1, maxLength: 3 }).map((coordinates) => ({ type: 'MultiPoint', coordinates })),
  fc.array(plain, { minLength: 2, maxLength: 3 }).map((coordinates) => ({ type: 'LineString', coordinates })),
  square.map((coordinates) => ({ type: 'Polygon', coordinates })),
  square.map((polygon) => ({ type: 'MultiPolygon', coordinates: [polygon] })),
);

const value: Readonly<Record<Kind, fc.Arbitrary<Json>>> = {
  Property: fc.oneof({ weight: 8, arbitrary: json }, { weight: 1, arbitrary: literal }),
  GeoProperty: geometry,
  LanguageProperty: fc.dictionary(
    fc.constantFrom('sl', 'en', 'zh-Hant', '@none'),
    fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 3 })),
    { minKeys: 1, maxKeys: 3 },
  ),
  VocabProperty: fc.oneof(name, fc.uniqueArray(name, { minLength: 2 })),
  ListProperty: fc.array(json, { maxLength: 3 }),
  JsonProperty: fc.oneof(
    fc.array(treeOf(fc.oneof(leaf, fc.constant(null))), { maxLength: 3 }),
    fc.dictionary(fc.oneof(word, text), treeOf(fc.oneof(leaf, fc.constant(null))), { maxKeys: 3 }),
  ),
  Relationship: uris,
  ListRelationship: fc.array(uri, { maxLength: 3 }).map((list) => list.map((object) => ({ object }))),
};

const digits = fc.constantFrom('', '.5', '.25', '.123', '.123456', '.000001');
const timeIn = (from: number, to: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.integer({ min: Date.UTC(from, 0) / 1000, max: Date.UTC(to, 0) / 1000 }), digits)
    .map(([seconds, fraction]) => new Date(seconds * 1000).toISOString().replace('.000Z', `${fraction}Z`));
const observedAt = timeIn(1960, 2060);
const expiresAt = timeIn(2100, 2250);

/** The members of a kind beside its value; each is there in one of three. */
const metadataOf = (kind: Kind): fc.Arbitrary<JsonObject> => {
  const isProperty = !mayHave(kind, 'objectType');
  const some = {
    observedAt,
    expiresAt,
    ...(mayHave(kind, 'unitCode') ? { unitCode: fc.constantFrom('GQ', 'CEL', 'č') } : undefined),
    ...(mayHave(kind, 'objectType')
      ? { objectType: fc.oneof(name, fc.uniqueArray(name, { minLength: 2 })) }
      : undefined),
    ...(isProperty && kind !== 'LanguageProperty'
      ? { valueType: fc.constantFrom('xsd:int', 'https://example.org/T') }
      : undefined),
  };
  return fc
    .tuple(fc.record<Record<string, Json>>(some, { requiredKeys: [] }), fc.record(some))
    .chain(([few, all]) =>
      fc.oneof({ weight: 3, arbitrary: fc.constant(few) }, { weight: 1, arbitrary: fc.constant(all) }),
    ) as fc.Arbitrary<JsonObject>;
};

const subNames = ['accuracy', 'status', 'name', 'json2', 'constructor', 'https://example.org/s', 'title'];
const names = [
  ...['temperature', 'name', 'title', 'description', 'status', 'timesSent', 'entity', 'lang', 'language', 'toString'],
  ...['https://example.org/a.b$c', 'urn:x:a', 'č', 'endpoint', 'information', 'features', 'geometry', 'properties'],
];
const geoNames = ['location', 'observationSpace', 'operationSpace'];

/** Attributes with up to three instances each, and attributes of these down to a depth. */
const attributesOf = (from: readonly string[], depth: number): fc.Arbitrary<JsonObject> =>
  fc
    .uniqueArray(fc.constantFrom(...from), { maxLength: depth === 2 ? 5 : 2 })
    .chain((chosen) =>
      fc
        .tuple(...chosen.map((one) => instancesOf(geoNames.includes(one) ? ['GeoProperty'] : kinds, depth)))
        .map((found) => Object.fromEntries(chosen.map((one, n) => [one, found[n] ?? null]))),
    );

const instancesOf = (among: readonly Kind[], depth: number): fc.Arbitrary<Json> =>
  fc.oneof(
    { weight: 4, arbitrary: instanceOf(among, depth) as fc.Arbitrary<Json> },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.boolean(), fc.array(instanceOf(among, depth), { minLength: 2, maxLength: 3 }))
        .map(([hasDefault, list]) =>
          list.map((one, n) => (hasDefault && n === 0 ? one : { ...one, datasetId: `urn:x:dataset:${n}` })),
        ),
    },
  );

const instanceOf = (among: readonly Kind[], depth: number): fc.Arbitrary<JsonObject> =>
  fc
    .constantFrom(...among)
    .chain((kind) =>
      fc
        .tuple(value[kind], metadataOf(kind), depth === 0 ? fc.constant({}) : attributesOf(subNames, depth - 1))
        .map(([one, metadata, attributes]) => ({ type: kind, [valueMember[kind]]: one, ...metadata, ...attributes })),
    );

const proof = fc.option(
  fc.record({
    type: fc.constant('Property'),
    value: fc.constant({ type: 'DataIntegrityProof', proofValue: 'z1' }),
    entityIdSealed: fc.constant('urn:x:sealed'),
    entityTypeSealed: name,
  }),
  { freq: 9, nil: undefined },
);
const scope = fc.constantFrom('/kranj', '/kranj/mlaka', '/x/y/z');
const type = fc.constantFrom('A', 'Subscription', 'ContextSourceRegistration', 'Feature', 'https://example.org/B');

/** An entity without its id: the test numbers them. */
export const entity: fc.Arbitrary<JsonObject> = fc
  .record({
    type: fc.uniqueArray(type, { minLength: 1, maxLength: 3 }),
    head: fc.record(
      { scope: fc.oneof(scope, fc.uniqueArray(scope, { minLength: 2 })), expiresAt },
      { requiredKeys: [] },
    ),
    attributes: attributesOf([...names, ...geoNames], 2),
    proof,
  })
  .map(({ type: [first = 'A', ...others], head, attributes, proof: sealed }) => ({
    type: others.length === 0 ? first : [first, ...others],
    ...(head as JsonObject),
    ...attributes,
    ...(sealed === undefined ? undefined : { ngsildproof: sealed }),
  }));

/** The members of the standard that entities get here, as they are named in JSON: each must be met by some entity. */
export const generated: readonly string[] = [
  ...Object.entries({ ...entityMembers, ...instanceMembers }).flatMap(([member, road]) =>
    road === 'by the broker' || ['kind', 'types', 'attrs', 'value'].includes(member) ? [] : [member],
  ),
  ...new Set(Object.values(valueMember)),
];
