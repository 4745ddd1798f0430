/** Tests every part of a filter, alone and combined, with `find` and `count`. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Filter, GeoQuery, Query, ScopePattern, ScopeQuery } from '../../../src/core/language/filter.ts';
import type { Geometry } from '../../../src/core/model/geometry.ts';
import {
  apply,
  attrs,
  type Bench,
  compare,
  create,
  exists,
  instance,
  iri,
  json,
  memberPath,
  micros,
  minute,
  namesFound,
  ofType,
  path,
  plan,
  property,
  remove,
  selecting,
  setTo,
  thing,
  typeIs,
  urn,
} from './bench.ts';

type Case = readonly [what: string, filter: Filter, found: readonly string[]];

const point = (longitude: number, latitude: number): Geometry => ({
  type: 'Point',
  coordinates: [longitude, latitude],
});
const geo = (geometry: Geometry) => instance('GeoProperty', geometry);

/** Places in and around Kranj; `line` and `park` are no points. */
const kranj = { at: point(14.3556, 46.2389), station: point(14.3497, 46.2398), ljubljana: point(14.5058, 46.0569) };
const park: Geometry = {
  type: 'Polygon',
  coordinates: [
    [
      [14.35, 46.23],
      [14.36, 46.23],
      [14.36, 46.24],
      [14.35, 46.24],
      [14.35, 46.23],
    ],
  ],
};
const line: Geometry = {
  type: 'LineString',
  coordinates: [
    [14.3, 46.2],
    [14.4, 46.3],
  ],
};

/** Fills a store with entities that differ in everything that a filter can ask. */
async function fill({ store }: Bench): Promise<void> {
  const types = (...names: readonly string[]) => ({ types: names.map(iri) });
  await apply(
    store(),
    minute(0),
    create(
      'lamp-1',
      thing(
        { level: property(1), name: property('Lamp one'), place: geo(kranj.at) },
        { ...types('Lamp'), scope: '/Kranj/Center' },
      ),
    ),
    create(
      'lamp-2',
      thing(
        { level: property(2), isOn: property(true), place: geo(kranj.station) },
        { ...types('Lamp', 'Asset'), scope: ['/Kranj', '/Lights/Old'] },
      ),
    ),
    create(
      'lamp-10',
      thing(
        { level: [property(5), property(50, { datasetId: urn('d') })], place: geo(kranj.ljubljana) },
        types('Lamp'),
      ),
    ),
    create(
      'bench-1',
      thing(
        { name: property('Bench'), owner: instance('Relationship', urn('City')), place: geo(park) },
        { ...types('Bench', 'Asset'), scope: '/Kranj/Center/Park' },
      ),
    ),
    create(
      'sensor-1',
      thing(
        {
          level: property('2'),
          reading: property(21.5, {
            observedAt: minute(5),
            unitCode: 'CEL',
            attrs: attrs({ accuracy: property(0.5) }),
          }),
          place: geo(line),
        },
        types('Sensor'),
      ),
    ),
    create(
      'sensor-2',
      thing(
        {
          reading: property({ indoor: { low: 3 }, tags: ['a', 'b'] }, { datasetId: urn('d') }),
          names: instance('LanguageProperty', { sl: 'tipalo', en: 'sensor' }),
          level: property([1, 7]),
        },
        types('Sensor'),
      ),
    ),
    create('bare', thing({}, types('Bare'))),
  );
  await apply(store(), minute(10), setTo('sensor-2', { state: instance('VocabProperty', iri('on')) }));
  await apply(
    store(),
    minute(11),
    create('gone', thing({ level: property(2), place: geo(kranj.at) }, { ...types('Lamp', 'Asset'), scope: '/Kranj' })),
    remove('gone'),
  );
}

const all = ['lamp-1', 'lamp-2', 'lamp-10', 'bench-1', 'sensor-1', 'sensor-2', 'bare'];

const selections: readonly Case[] = [
  ['nothing', {}, all],
  ['no selector at all', { selectors: [] }, []],
  ['an empty selector', selecting({}), all],
  ['a type', ofType('Lamp'), ['lamp-1', 'lamp-2', 'lamp-10']],
  ['a type that is the second of an entity', ofType('Asset'), ['lamp-2', 'bench-1']],
  ['a type that nothing has', ofType('None'), []],
  ['any type', selecting({ types: { op: 'any' } }), all],
  [
    'one type or another',
    selecting({ types: { op: 'or', parts: [typeIs('Bench'), typeIs('Bare')] } }),
    ['bench-1', 'bare'],
  ],
  ['one type and another', selecting({ types: { op: 'and', parts: [typeIs('Asset'), typeIs('Lamp')] } }), ['lamp-2']],
  [
    'types within types',
    selecting({
      types: { op: 'or', parts: [{ op: 'and', parts: [typeIs('Asset'), typeIs('Bench')] }, typeIs('Sensor')] },
    }),
    ['bench-1', 'sensor-1', 'sensor-2'],
  ],
  ['ids', selecting({ ids: [urn('bare'), urn('lamp-1'), urn('none'), urn('gone'), urn('bare')] }), ['lamp-1', 'bare']],
  ['no ids', selecting({ ids: [] }), []],
  ['ids and a type', selecting({ ids: [urn('bare'), urn('lamp-1')], types: typeIs('Lamp') }), ['lamp-1']],
  ['a pattern of ids', selecting({ idPattern: { source: 'lamp-1' } }), ['lamp-1', 'lamp-10']],
  [
    'an anchored pattern',
    selecting({ idPattern: { source: '^urn:ngsi-ld:(lamp|sensor)-1$' } }),
    ['lamp-1', 'sensor-1'],
  ],
  ['a pattern and a type', selecting({ idPattern: { source: '1$' }, types: typeIs('Sensor') }), ['sensor-1']],
  [
    'several selectors',
    selecting({ ids: [urn('bare')] }, { types: typeIs('Bench') }, { idPattern: { source: 'or-2$' } }),
    ['bench-1', 'sensor-2', 'bare'],
  ],
  ['an attribute', { attrs: [iri('name')] }, ['lamp-1', 'bench-1']],
  [
    'one of several attributes',
    { attrs: [iri('name'), iri('reading'), iri('none')] },
    ['lamp-1', 'bench-1', 'sensor-1', 'sensor-2'],
  ],
  ['an attribute that nothing has', { attrs: [iri('none')] }, []],
  [
    'an attribute in a dataset',
    { attrs: [iri('level'), iri('reading')], datasetIds: [urn('d')] },
    ['lamp-10', 'sensor-2'],
  ],
  ['an attribute in the default instance', { attrs: [iri('reading')], datasetIds: ['@none'] }, ['sensor-1']],
  ['a type and an attribute', { ...ofType('Sensor'), attrs: [iri('reading')] }, ['sensor-1', 'sensor-2']],
];

const withQ = (what: string, q: Query, found: readonly string[]): Case => [what, { q }, found];
const level = path('level');

const queries: readonly Case[] = [
  withQ('an attribute that exists', exists(level), ['lamp-1', 'lamp-2', 'lamp-10', 'sensor-1', 'sensor-2']),
  withQ('equality of numbers', compare(level, '==', 2), ['lamp-2']),
  withQ('equality in any instance', compare(level, '==', 50), ['lamp-10']),
  withQ('equality in any element', compare(level, '==', 7), ['sensor-2']),
  withQ('equality of strings', compare(level, '==', '2'), ['sensor-1']),
  withQ('equality of booleans', compare(path('isOn'), '==', true), ['lamp-2']),
  withQ('greater', compare(level, '>', 2), ['lamp-10', 'sensor-2']),
  withQ('greater or equal', compare(level, '>=', 2), ['lamp-2', 'lamp-10', 'sensor-2']),
  withQ('less', compare(level, '<', 2), ['lamp-1', 'sensor-2']),
  withQ('less or equal', compare(level, '<=', 2), ['lamp-1', 'lamp-2', 'sensor-2']),
  withQ('a range', compare(level, '==', { kind: 'range', from: json(2), to: json(5) }), ['lamp-2', 'lamp-10']),
  withQ('a list', compare(level, '==', { kind: 'list', values: [json(1), json(5)] }), [
    'lamp-1',
    'lamp-10',
    'sensor-2',
  ]),
  withQ('a relationship', compare(path('owner'), '==', { kind: 'uri', uri: urn('City') }), ['bench-1']),
  withQ('a pattern', { op: '~=', path: path('name'), pattern: { source: '^[LB].*[eh]$' } }, ['lamp-1', 'bench-1']),
  withQ('a vocabulary term', compare(path('state'), '==', { kind: 'uri', uri: iri('on') }), ['sensor-2']),
  withQ('a language', compare(path('names', { inside: ['sl'] }), '==', 'tipalo'), ['sensor-2']),
  withQ('a sub-attribute', compare(path('reading', { sub: [iri('accuracy')] }), '<', 1), ['sensor-1']),
  withQ('a unit', compare(path('reading', { sub: ['unitCode'] }), '==', 'CEL'), ['sensor-1']),
  withQ(
    'a time of observation',
    compare(path('reading', { sub: ['observedAt'] }), '>', {
      kind: 'time',
      form: 'dateTime',
      text: minute(4),
      micros: micros(minute(4)),
    }),
    ['sensor-1'],
  ),
  withQ('a member of a value', compare(path('reading', { inside: ['indoor', 'low'] }), '==', 3), ['sensor-2']),
  withQ('an element of a member', compare(path('reading', { inside: ['tags'] }), '==', 'b'), ['sensor-2']),
  withQ('one thing and another', { op: 'and', parts: [exists(level), exists(path('name'))] }, ['lamp-1']),
  withQ('one thing or another', { op: 'or', parts: [compare(level, '==', 1), exists(path('owner'))] }, [
    'lamp-1',
    'bench-1',
    'sensor-2',
  ]),
  withQ(
    'both within each other',
    {
      op: 'and',
      parts: [{ op: 'or', parts: [compare(level, '==', 1), compare(level, '==', 2)] }, exists(path('isOn'))],
    },
    ['lamp-2'],
  ),
  withQ(
    'a modification',
    compare(memberPath('modifiedAt'), '>', {
      kind: 'time',
      form: 'dateTime',
      text: minute(1),
      micros: micros(minute(1)),
    }),
    ['sensor-2'],
  ),
  withQ('an id', compare(memberPath('id'), '==', urn('bare')), ['bare']),
];

const geoQuery = (relation: GeoQuery['relation'], geometry: Geometry, geoproperty = iri('place')): Filter => ({
  geo: { relation, geometry, geoproperty },
});
const kranjBox: Geometry = {
  type: 'Polygon',
  coordinates: [
    [
      [14.3, 46.2],
      [14.4, 46.2],
      [14.4, 46.3],
      [14.3, 46.3],
      [14.3, 46.2],
    ],
  ],
};
const triangle: Geometry = {
  type: 'Polygon',
  coordinates: [
    [
      [14.355, 46.23],
      [14.4, 46.23],
      [14.355, 46.3],
      [14.355, 46.23],
    ],
  ],
};

const geoQueries: readonly Case[] = [
  ['near a point', geoQuery({ georel: 'near', maxDistanceMetres: 300 }, kranj.at), ['lamp-1', 'bench-1']],
  [
    'less near a point',
    geoQuery({ georel: 'near', maxDistanceMetres: 1200 }, kranj.at),
    ['lamp-1', 'lamp-2', 'bench-1', 'sensor-1'],
  ],
  ['far from a point', geoQuery({ georel: 'near', minDistanceMetres: 10_000 }, kranj.at), ['lamp-10']],
  ['within a polygon', geoQuery({ georel: 'within' }, kranjBox), ['lamp-1', 'lamp-2', 'bench-1', 'sensor-1']],
  ['within a triangle, though its box holds more', geoQuery({ georel: 'within' }, triangle), ['lamp-1']],
  ['contains a point', geoQuery({ georel: 'contains' }, point(14.352, 46.232)), ['bench-1']],
  ['intersects', geoQuery({ georel: 'intersects' }, triangle), ['lamp-1', 'bench-1', 'sensor-1']],
  ['equals', geoQuery({ georel: 'equals' }, kranj.station), ['lamp-2']],
  ['disjoint', geoQuery({ georel: 'disjoint' }, kranjBox), ['lamp-10']],
  ['a property that nothing has', geoQuery({ georel: 'within' }, kranjBox, iri('none')), []],
  ['a property that is no GeoProperty', geoQuery({ georel: 'within' }, kranjBox, iri('level')), []],
];

const scope = (text: string): ScopePattern => ({
  levels: text.split('/').filter((name) => name !== '' && name !== '#'),
  deep: text.endsWith('/#'),
});
const scopes = (...anyOf: readonly (readonly string[])[]): { readonly scopeQ: ScopeQuery } => ({
  scopeQ: { anyOf: anyOf.map((allOf) => ({ allOf: allOf.map(scope) })) },
});

const scopeQueries: readonly Case[] = [
  ['a scope', scopes(['/Kranj/Center']), ['lamp-1']],
  ['a scope and all beneath', scopes(['/Kranj/Center/#']), ['lamp-1', 'bench-1']],
  ['any scope', scopes(['/#']), ['lamp-1', 'lamp-2', 'bench-1']],
  ['a level of any name', scopes(['/+/Center']), ['lamp-1']],
  ['the beginning of a scope', scopes(['/Kranj/Cent']), []],
  ['one scope or another', scopes(['/Lights/Old'], ['/Kranj/Center']), ['lamp-1', 'lamp-2']],
  ['one scope and another', scopes(['/Kranj', '/Lights/#']), ['lamp-2']],
  ['a scope that nothing has', scopes(['/Lights']), []],
];

const combined: readonly Case[] = [
  [
    'everything at once',
    {
      ...ofType('Lamp'),
      attrs: [iri('name')],
      q: compare(level, '<', 5),
      ...geoQuery({ georel: 'near', maxDistanceMetres: 600 }, kranj.at),
      ...scopes(['/Kranj/#']),
    },
    ['lamp-1'],
  ],
  [
    'further filters that must hold',
    { ...ofType('Lamp'), also: [{ q: exists(path('isOn')) }, ofType('Asset')] },
    ['lamp-2'],
  ],
  ['no further filters', { ...ofType('Lamp'), also: [] }, ['lamp-1', 'lamp-2', 'lamp-10']],
  [
    'one of several filters',
    { anyOf: [ofType('Bare'), { q: compare(level, '>', 4) }, scopes(['/Kranj/Center'])] },
    ['lamp-1', 'lamp-10', 'sensor-2', 'bare'],
  ],
  ['none of several filters', { anyOf: [] }, []],
  [
    'filters within filters',
    {
      also: [
        { anyOf: [ofType('Lamp'), ofType('Bench')] },
        { anyOf: [{ attrs: [iri('isOn')] }, { also: [ofType('Asset')] }] },
      ],
    },
    ['lamp-2', 'bench-1'],
  ],
];

export function describeFilters(bench: Bench): void {
  describe('finds by', () => {
    beforeEach(() => fill(bench));

    test.each([...selections, ...queries, ...geoQueries, ...scopeQueries, ...combined])(
      '%s',
      async (_what, filter, found) => {
        const store = bench.store();
        expect(await namesFound(store, filter)).toEqual(found);
        expect(await store.count(plan(filter))).toBe(found.length);
        expect(await namesFound(store, filter, { limit: 2 })).toEqual(found.slice(0, 2));
        expect(await namesFound(store, filter, { limit: 2, offset: 1 })).toEqual(found.slice(1, 3));
      },
    );

    test.each([...selections, ...queries, ...geoQueries, ...scopeQueries, ...combined])(
      '%s, narrowed to one id',
      async (_what, filter, found) => {
        const store = bench.store();
        for (const name of all) {
          const narrowed: Filter = { ...filter, also: [...(filter.also ?? []), selecting({ ids: [urn(name)] })] };
          expect(await namesFound(store, narrowed)).toEqual(found.filter((one) => one === name));
        }
      },
    );
  });

  describe('finds by what is there now', () => {
    test('types, values, places and scopes after changes', async () => {
      const store = bench.store();
      const here: Filter = geoQuery({ georel: 'near', maxDistanceMetres: 300 }, kranj.at);
      const there: Filter = geoQuery({ georel: 'near', maxDistanceMetres: 300 }, kranj.ljubljana);
      await apply(store, minute(0), create('a', thing({ level: property(1), place: geo(kranj.at) }, { scope: '/A' })));
      await apply(store, minute(1), {
        op: 'replace',
        id: urn('a'),
        entity: thing({ level: property(2), place: geo(kranj.ljubljana) }, { types: [iri('Other')], scope: '/B' }),
      });
      for (const before of [ofType('Thing'), { q: compare(level, '==', 1) }, here, scopes(['/A'])])
        expect(await namesFound(store, before)).toEqual([]);
      for (const after of [ofType('Other'), { q: compare(level, '==', 2) }, there, scopes(['/B'])])
        expect(await namesFound(store, after)).toEqual(['a']);
      await apply(
        store,
        minute(2),
        { op: 'deleteAttr', id: urn('a'), attr: iri('place'), which: 'all' },
        { op: 'deleteAttr', id: urn('a'), attr: iri('level'), which: 'all' },
        { op: 'deleteAttr', id: urn('a'), attr: 'scope', which: {} },
      );
      for (const gone of [{ q: exists(level) }, there, scopes(['/#']), { attrs: [iri('place')] }])
        expect(await namesFound(store, gone)).toEqual([]);
      await apply(store, minute(3), remove('a'), create('a', thing({ level: property(1), place: geo(kranj.at) })));
      for (const back of [ofType('Thing'), { q: compare(level, '==', 1) }, here])
        expect(await namesFound(store, back)).toEqual(['a']);
      expect(await namesFound(store, ofType('Other'))).toEqual([]);
    });

    test('after a query has been asked so often that an index may have been made', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(0),
        ...Array.from({ length: 300 }, (_, n) =>
          create(`e-${n}`, thing({ level: property(n % 10), name: property(`name ${n % 7}`) })),
        ),
      );
      const three: Filter = { ...ofType('Thing'), q: compare(level, '==', 3) };
      const named: Filter = { q: compare(path('name'), '==', 'name 6') };
      const above: Filter = { q: compare(level, '>', 7) };
      for (let round = 0; round < 40; round += 1) {
        expect(await store.count(plan(three))).toBe(30);
        expect(await store.count(plan(above))).toBe(60);
        expect(await store.count(plan(named))).toBe(42);
      }
      await apply(
        store,
        minute(1),
        setTo('e-3', { level: property(8) }),
        remove('e-13'),
        setTo('e-6', { name: property('other') }),
        create('last', thing({ level: property([3, 9]) })),
      );
      expect(await store.count(plan(three))).toBe(29);
      expect(await store.count(plan(above))).toBe(62);
      expect(await store.count(plan(named))).toBe(40);
      expect((await namesFound(store, three)).slice(-2)).toEqual(['e-293', 'last']);
    });

    test('of a lazy plan holds the content of few megabytes, and leaves out that of the rest', async () => {
      const store = bench.store();
      const text = property('x'.repeat(10_000));
      await apply(store, minute(0), ...Array.from({ length: 200 }, (_, n) => create(`e-${n}`, thing({ text }))));
      for (const filter of [
        ofType('Thing'),
        { q: exists(path('text')) },
        { ...ofType('Thing'), q: exists(path('text')) },
      ]) {
        const found = await store.find(plan(filter, { isLazy: true }));
        expect(found).toHaveLength(200);
        expect(found.reduce((sum, { held = 0 }) => sum + held, 0)).toBeLessThan(2 ** 20 + 1);
        for (const { size, entity } of found)
          if (size === undefined) expect(Object.keys(entity().attrs)).toHaveLength(1);
        expect((await store.find(plan(filter))).every(({ size }) => size === undefined)).toBe(true);
      }
    });
  });
}
