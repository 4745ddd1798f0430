/** Tests names, values and shapes that are special or too large for MongoDB: they are stored like any other data. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Filter, GeoQuery } from '../../src/core/language/filter.ts';
import type { Geometry } from '../../src/core/model/geometry.ts';
import { parseJson } from '../../src/core/model/json.ts';
import type { Mutation } from '../../src/core/model/mutation.ts';
import type { Store, Stores } from '../../src/core/port/store.ts';
import { createMemoryStores } from '../../src/store/memory/stores.ts';
import { openMongoStores } from '../../src/store/mongo/stores.ts';
import { createTestDatabases } from '../mongo/database.ts';
import {
  applyOne,
  apply,
  compare,
  create,
  historyPlan,
  iri,
  minute,
  now,
  past,
  path,
  plan,
  property,
  records,
  setTo,
  thing,
  urn,
} from './contract/bench.ts';

const databases = createTestDatabases();
afterAll(() => databases.drop());

let stores: Stores;
let mongo: Store;
let memory: Store;

const openDefault = async (all: Stores): Promise<Store> => {
  const store = await all.open('', false);
  if (!store) throw new Error('The default tenant is not there.');
  return store;
};

async function openBoth(): Promise<void> {
  await databases.clear();
  stores = await openMongoStores({ url: databases.url });
  mongo = await openDefault(stores);
  memory = await openDefault(createMemoryStores());
}

beforeEach(openBoth);
afterEach(() => stores.close());

const both = async (at: string, ...mutations: readonly Mutation[]): Promise<void> => {
  expect(await apply(mongo, at, ...mutations)).toEqual(await apply(memory, at, ...mutations));
};

async function expectSame(filter: Filter): Promise<void> {
  const found = await memory.find(plan(filter));
  expect((await mongo.find(plan(filter))).map(({ id }) => id)).toEqual(found.map(({ id }) => id));
  expect(await mongo.count(plan(filter))).toBe(found.length);
}

/** What MongoDB would take for operators, paths or code, and what its texts cannot hold. */
const nasty = [
  '$where',
  '$gt',
  '$',
  '.',
  'a.b',
  'a.$b',
  '$.a',
  '__proto__',
  'constructor',
  '{"$gt":""}',
  '{"$ne":null}',
  'a\u0000b',
  'a\ud800',
  'a\ufffd',
  '\uffff',
  '',
  ' ',
  'function(){return true}',
  '(a+)+$',
  "'; return true; //",
  'num',
  'doc',
  '_id',
  '🚦',
];
const strange = fc.constantFrom(...nasty);
// Readers let no half of a character into a name.
const name = strange.filter((text) => text.isWellFormed()).map((text) => `https://example.org/${text}`);
const value = fc.oneof(
  strange,
  fc.constantFrom(0, 1, 1e300, -1e-300, 2 ** 53, true, false),
  fc.array(fc.oneof(strange, fc.integer()), { maxLength: 3 }),
  strange.map((text) => parseJson(JSON.stringify({ [text]: { $gt: '' } }))),
);

describe('strange names and values', () => {
  test('are found as the memory store finds them', async () => {
    const entity = fc.record({
      types: fc.array(name, { minLength: 1, maxLength: 2 }),
      attrs: fc.dictionary(
        name,
        value.map((one) => [property(one)]),
        { maxKeys: 4 },
      ),
    });
    const scalar = fc.oneof(strange, fc.constantFrom(0, 1, true));
    const question = fc.record(
      {
        selectors: fc.tuple(fc.record({ types: name.map((type) => ({ op: 'type' as const, type })) })),
        attrs: fc.array(name, { minLength: 1, maxLength: 2 }),
        q: fc
          .tuple(name, fc.constantFrom('==' as const, '!=' as const, '>' as const, '<=' as const), scalar)
          .map(([attr, op, operand]) => compare({ ...path(''), attr }, op, operand)),
        scopeQ: strange.map((level) => ({ anyOf: [{ allOf: [{ levels: [level], deep: true }] }] })),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(entity, { minLength: 1, maxLength: 8 }),
        fc.array(question, { maxLength: 10 }),
        async (entities, questions) => {
          await stores.close();
          await openBoth();
          await both(
            minute(0),
            ...entities.map(
              (one, n): Mutation => ({ op: 'create', id: urn(`e${n}`), entity: { ...one, scope: '/Kranj' } }),
            ),
          );
          for (const filter of questions) await expectSame(filter);
          expect(await records(mongo)).toEqual(await records(memory));
          expect(await mongo.summary()).toEqual(await memory.summary());
        },
      ),
      { numRuns: 25 },
    );
  }, 120_000);

  test('name no operator in an id, a shelf, a tenant, a pattern or a cursor', async () => {
    await both(minute(0), create('a'), create('$where'));
    const operator = { $gt: '' } as unknown as string;
    expect(await mongo.get(operator, now).catch(() => 'refused')).not.toMatchObject({ id: urn('a') });
    for (const text of nasty) {
      expect(await mongo.get(text, now)).toBeUndefined();
      expect(await mongo.collection(text).get(text)).toBeUndefined();
      expect(await mongo.collection(text).list()).toEqual([]);
      await expectSame({ selectors: [{ ids: [text] }] });
    }
    for (const source of ['^urn:ngsi-ld:a$', '^urn:ngsi-ld:\\$w', '^urn:ngsi-ld:a*', '^urn:x|a', '(a+)+$', '^u?']) {
      await expectSame({ selectors: [{ idPattern: { source } }] });
    }
  });

  test('as deep as they may be', async () => {
    const deep = parseJson(`${'{"a":['.repeat(150)}1${']}'.repeat(150)}`);
    await both(minute(0), create('deep', thing({ level: property(deep) })));
    expect((await mongo.get(urn('deep'), now))?.entity()).toEqual((await memory.get(urn('deep'), now))?.entity());
    expect(await mongo.history(historyPlan())).toHaveLength(1);
  });
});

describe('what is large', () => {
  const long = 'x'.repeat(400_000);

  test('fits into history, however often it comes', async () => {
    for (let n = 0; n < 60; n += 1) {
      await mongo.record([past(['a', 'level'], property(`${n}${long}`, { observedAt: minute(n) }))], minute(100));
    }
    const [history] = await mongo.history(historyPlan());
    expect(history?.attrs[iri('level')]?.map((one) => parseInt(String(one.value), 10))).toEqual(
      Array.from({ length: 60 }, (_, n) => n),
    );
  }, 60_000);

  test('is refused where it is too large, and takes nothing with it', async () => {
    const huge = 'x'.repeat(17_000_000);
    const small = apply(mongo, minute(0), create('small'));
    await expect(apply(mongo, minute(0), create('huge', thing({ level: property(huge) })))).rejects.toMatchObject({
      type: 'BadRequestData',
    });
    expect((await small)[0]?.status).toBe('created');
    expect((await mongo.find(plan())).map(({ id }) => id)).toEqual([urn('small')]);
    expect(await mongo.log.position()).toBe(1);
  });

  test('is found among many values', async () => {
    const values = Array.from({ length: 500 }, (_, n) => n);
    await both(
      minute(0),
      create('many', thing({ level: property(values) })),
      create('few', thing({ level: property([1, 2]) })),
    );
    for (const wanted of [1, 70, 499, 500]) await expectSame({ q: compare(path('level'), '==', wanted) });
    await expectSame({ q: compare(path('level'), '>', 400) });
    await both(minute(1), setTo('many', { level: property(3) }));
    await expectSame({ q: compare(path('level'), '>', 2) });
    expect((await applyOne(mongo, minute(2), setTo('few', { level: property(values) }))).status).toBe('updated');
  });
});

describe('places', () => {
  const degrees = (most: number) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: -10 * most, max: 10 * most }).map((n) => n / 10) },
      fc.constantFrom(-most, most, 0, most - 0.001, 45, 45.001, -45),
    );
  const position = fc.tuple(degrees(180), degrees(90)).map(([x, y]) => [x, y] as const);
  const geometry: fc.Arbitrary<Geometry> = fc.oneof(
    position.map((coordinates) => ({ type: 'Point' as const, coordinates })),
    fc
      .array(position, { minLength: 2, maxLength: 4 })
      .map((coordinates) => ({ type: 'LineString' as const, coordinates })),
    fc
      .tuple(position, fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 60 }))
      .map(([[west, south], width, height]) => {
        const [east, north] = [Math.min(180, west + width), Math.min(90, south + height)] as const;
        const ring = [
          [west, south],
          [east, south],
          [east, north],
          [west, north],
          [west, south],
        ] as const;
        return { type: 'Polygon' as const, coordinates: [ring] };
      }),
  );
  const geo = fc.record({
    relation: fc.oneof(
      fc
        .integer({ min: 1, max: 4_000_000 })
        .map((maxDistanceMetres) => ({ georel: 'near' as const, maxDistanceMetres })),
      fc
        .constantFrom(
          'within' as const,
          'intersects' as const,
          'contains' as const,
          'disjoint' as const,
          'equals' as const,
        )
        .map((georel) => ({ georel })),
    ),
    geometry,
    geoproperty: fc.constant(iri('place')),
  }) as fc.Arbitrary<GeoQuery>;

  test('are found as the memory store finds them, wherever on Earth', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(geometry, { minLength: 1, maxLength: 12 }),
        fc.array(geo, { maxLength: 12 }),
        async (shapes, questions) => {
          await stores.close();
          await openBoth();
          await both(
            minute(0),
            ...shapes.map((shape, n) => create(`${n}`, thing({ place: { kind: 'GeoProperty', value: shape } }))),
          );
          for (const one of questions) await expectSame({ geo: one });
          for (const shape of shapes)
            await expectSame({
              geo: { relation: { georel: 'intersects' }, geometry: shape, geoproperty: iri('place') },
            });
        },
      ),
      { numRuns: 30 },
    );
  }, 120_000);
});
