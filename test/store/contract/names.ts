/** Tests names, ids and values that are special to a database. */
import { describe, expect, test } from '@jest/globals';
import type { Attributes } from '../../../src/core/model/attribute.ts';
import type { Json } from '../../../src/core/model/json.ts';
import {
  apply,
  type Bench,
  compare,
  create,
  exists,
  historyPlan,
  instance,
  iri,
  minute,
  now,
  path,
  plan,
  property,
  records,
  thing,
  urn,
} from './bench.ts';

const strange = [
  'a.b.c',
  '.',
  '$set',
  '$.a[0]',
  'a$b',
  "o'clock",
  'say "hello"',
  'back\\slash',
  '`tick`',
  '[0]',
  '%_*?',
  '--; DROP TABLE entity;',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '🚦/😀',
  'čšžćđ',
  'e\u0301 is not é',
  'two\nlines\tand tab',
  'NULL',
  '1',
  '',
  ' ',
  'ПриветMir',
  '\u202Eright to left',
  'x'.repeat(2000),
];

const hostile: readonly Json[] = [
  '',
  ' ',
  '\u0000',
  'nul \u0000 inside',
  '\uD83D alone',
  '"',
  "'",
  '\\',
  '`;',
  '%',
  '\u2028',
  0,
  -1,
  0.1,
  1e-300,
  1.7976931348623157e308,
  9007199254740993,
  -9007199254740991,
  12345678901234567890,
  true,
  false,
  [],
  {},
  [null],
  [[], [[]]],
  { '': '' },
  { 'a.b': 1, $c: 2, "d'e": 3, 'f"g': 4 },
  JSON.parse('{"__proto__": {"isAdmin": true}, "constructor": 1}') as Json,
  { nested: { deeper: [{ still: [{ on: null }] }] } },
  'x'.repeat(70_000),
];

export function describeNames(bench: Bench): void {
  describe('takes', () => {
    test('strange names of types, attributes, sub-attributes and datasets', async () => {
      const store = bench.store();
      const attrs = Object.fromEntries(
        strange.map((name, n) => [
          iri(name),
          [property(n, { datasetId: urn(name), attrs: { [iri(name)]: [property(n)] } })],
        ]),
      );
      await store.apply(
        [{ mutation: { op: 'create', id: urn('a'), entity: { types: strange.map(iri), attrs } } }],
        minute(0),
      );
      const stored = await store.get(urn('a'), now);
      expect(stored?.entity()).toEqual({ id: urn('a'), types: strange.map(iri), createdAt: minute(0), attrs });
      const [history] = await store.history(historyPlan());
      expect(Object.keys(history?.attrs ?? {}).sort()).toEqual(strange.map(iri).sort());
      const summary = await store.summary();
      expect(summary.types.map(({ type }) => type).sort()).toEqual(strange.map(iri).sort());
      for (const { attrs: counted } of summary.types) expect(counted).toHaveLength(strange.length);
      for (const [n, name] of strange.entries()) {
        const filters = [
          { selectors: [{ types: { op: 'type' as const, type: iri(name) } }] },
          { attrs: [iri(name)], datasetIds: [urn(name)] },
          { q: compare(path(name), '==', n) },
          { q: exists(path(name, { sub: [iri(name)] })) },
        ];
        for (const filter of filters) expect(await store.count(plan(filter))).toBe(1);
        expect(await store.count(plan({ q: compare(path(name), '==', n + 1) }))).toBe(0);
        const [past] = await store.history(historyPlan({}, { attrs: [iri(name)], datasetIds: [urn(name)] }));
        expect(past?.attrs).toEqual({ [iri(name)]: [expect.objectContaining({ value: n, datasetId: urn(name) })] });
      }
    });

    test('strange ids', async () => {
      const store = bench.store();
      await apply(store, minute(0), ...strange.map((name, n) => create(name, thing({ level: property(n) }))));
      expect((await store.find(plan())).map(({ id }) => id)).toEqual(strange.map(urn));
      for (const [n, name] of strange.entries()) {
        expect((await store.get(urn(name), now))?.entity().attrs).toEqual({ [iri('level')]: [property(n)] });
        expect((await store.find(plan({ selectors: [{ ids: [urn(name)] }] }))).map(({ id }) => id)).toEqual([
          urn(name),
        ]);
        expect((await store.history(historyPlan({ selectors: [{ ids: [urn(name)] }] }))).map(({ id }) => id)).toEqual([
          urn(name),
        ]);
      }
      expect((await records(store)).map(({ id }) => id)).toEqual(strange.map(urn));
    });

    test('ids that differ only in case or in how a letter is written', async () => {
      const store = bench.store();
      const ids = ['a', 'A', 'é', 'e\u0301', 'ß', 'ss', 'ı', 'i', 'İ', 'a ', 'a\u0000', 'ä', 'Ä'];
      await apply(store, minute(0), ...ids.map((name) => create(name, thing({}, { types: [iri(name)] }))));
      expect(await store.count(plan())).toBe(ids.length);
      for (const name of ids) {
        expect((await store.find(plan({ selectors: [{ ids: [urn(name)] }] }))).map(({ id }) => id)).toEqual([
          urn(name),
        ]);
        expect(
          (await store.find(plan({ selectors: [{ types: { op: 'type', type: iri(name) } }] }))).map(({ id }) => id),
        ).toEqual([urn(name)]);
      }
    });

    test.each(hostile.map((value) => [JSON.stringify(value).slice(0, 60), value] as const))(
      'the value %s',
      async (_text, value) => {
        const store = bench.store();
        await apply(
          store,
          minute(0),
          create(
            'a',
            thing({ level: property(value, { observedAt: minute(0) }), settings: instance('JsonProperty', { value }) }),
          ),
        );
        const [given] = await store.find(plan());
        expect(given && levelIn(given.entity().attrs)).toEqual(value);
        const [history] = await store.history(historyPlan());
        expect(history && levelIn(history.attrs)).toEqual(value);
        expect(history?.attrs[iri('settings')]).toMatchObject([{ value: { value } }]);
        const [record] = await records(store);
        expect(record?.attrs.map(({ after }) => after?.value)).toEqual([value, { value }]);
        expect(JSON.stringify(record && levelIn(record.entity.attrs))).toBe(JSON.stringify(value));
        await store.collection('values').put('a', value);
        expect(await store.collection('values').get('a')).toEqual(value);
        if (typeof value === 'object') return;
        expect(await store.count(plan({ q: compare(path('level'), '==', value) }))).toBe(1);
      },
    );

    test('an entity of 300 kB', async () => {
      const store = bench.store();
      const attrs = Object.fromEntries(
        Array.from({ length: 300 }, (_, n) => [iri(`attr-${n}`), [property(`${n} `.repeat(300))]]),
      );
      const big = { types: [iri('Big')], attrs };
      expect(JSON.stringify(big).length).toBeGreaterThan(300_000);
      await store.apply([{ mutation: { op: 'create', id: urn('a'), entity: big } }], minute(0));
      await store.apply(
        [{ mutation: { op: 'update', id: urn('a'), fragment: { attrs: { [iri('attr-7')]: [property(7)] } } } }],
        minute(1),
      );
      const expected = { ...attrs, [iri('attr-7')]: [{ ...property(7), modifiedAt: minute(1) }] };
      expect((await store.get(urn('a'), now))?.entity().attrs).toEqual(expected);
      expect((await records(store)).at(-1)?.entity.attrs).toEqual(expected);
      const [history] = await store.history(historyPlan());
      expect(Object.values(history?.attrs ?? {}).flat()).toHaveLength(301);
    });

    test('an attribute with a hundred instances', async () => {
      const store = bench.store();
      const instances = Array.from({ length: 100 }, (_, n) => property(n, { datasetId: urn(`d${n}`) }));
      await apply(store, minute(0), create('a', thing({ level: instances })));
      await apply(store, minute(1), {
        op: 'deleteAttr',
        id: urn('a'),
        attr: iri('level'),
        which: { datasetId: urn('d50') },
      });
      expect((await store.get(urn('a'), now))?.entity().attrs[iri('level')]).toEqual(
        instances.filter((one) => one.value !== 50),
      );
      const [history] = await store.history(historyPlan({}, { datasetIds: [urn('d50'), urn('d51')] }));
      expect(history?.attrs[iri('level')]).toHaveLength(3);
    });
  });
}

const levelIn = (attrs: Attributes): Json | undefined => attrs[iri('level')]?.[0]?.value;
