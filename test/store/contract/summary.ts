/** Tests the summary of types and attributes, which follows every write. */
import { describe, expect, test } from '@jest/globals';
import { ngsildNull } from '../../../src/core/model/attribute.ts';
import type { Store, Summary } from '../../../src/core/port/store.ts';
import {
  apply,
  type Bench,
  create,
  entityOf,
  instance,
  iri,
  minute,
  now,
  property,
  remove,
  setTo,
  thing,
  update,
  urn,
} from './bench.ts';

type Told = Readonly<
  Record<
    string,
    { readonly entities: number; readonly attrs: Readonly<Record<string, readonly [number, ...string[]]>> }
  >
>;

/** The summary without the order in which it is told. */
const told = ({ types }: Summary): Told =>
  Object.fromEntries(
    types.map(({ type, entities, attrs }) => [
      type,
      {
        entities,
        attrs: Object.fromEntries(
          attrs.map(({ name, kinds, entities: having }) => [name, [having, ...[...kinds].sort()] as const]),
        ),
      },
    ]),
  );

async function expectSummary(
  store: Store,
  entities: number,
  types: Readonly<Record<string, readonly [number, Readonly<Record<string, readonly [number, ...string[]]>>]>>,
): Promise<void> {
  const summary = await store.summary();
  expect(summary.entities).toBe(entities);
  expect(told(summary)).toEqual(
    Object.fromEntries(
      Object.entries(types).map(([type, [having, attrs]]) => [
        iri(type),
        {
          entities: having,
          attrs: Object.fromEntries(Object.entries(attrs).map(([name, counts]) => [iri(name), counts])),
        },
      ]),
    ),
  );
}

export function describeSummary(bench: Bench): void {
  describe('sums up', () => {
    const lamp = thing({ level: property(1), name: property('x') }, { types: [iri('Lamp'), iri('Asset')] });

    test('nothing', async () => {
      expect(await bench.store().summary()).toEqual({ entities: 0, types: [] });
    });

    test('types, attributes and kinds', async () => {
      await apply(
        bench.store(),
        minute(0),
        create('a', lamp),
        create('b', thing({ level: instance('Relationship', urn('x')) }, { types: [iri('Lamp')] })),
        create('c', thing({}, { types: [iri('Bare')] })),
        create(
          'd',
          thing(
            {
              level: [
                property(1),
                instance('JsonProperty', {}, { datasetId: urn('d') }),
                property(2, { datasetId: urn('e') }),
              ],
            },
            { types: [iri('Many')] },
          ),
        ),
      );
      await expectSummary(bench.store(), 4, {
        Lamp: [2, { level: [2, 'Property', 'Relationship'], name: [1, 'Property'] }],
        Asset: [1, { level: [1, 'Property'], name: [1, 'Property'] }],
        Bare: [1, {}],
        Many: [1, { level: [1, 'JsonProperty', 'Property'] }],
      });
    });

    test('more attributes than one command of a database takes', async () => {
      const store = bench.store();
      const many = Object.fromEntries(Array.from({ length: 700 }, (_, n) => [`a${n}`, property(n)]));
      await apply(store, minute(0), create('a', thing(many)));
      await apply(
        store,
        minute(1),
        setTo('a', Object.fromEntries(Object.keys(many).map((name) => [name, property(0)]))),
      );
      const [{ attrs: counted } = { attrs: [] }] = (await store.summary()).types;
      expect(counted.map(({ name }) => name).sort()).toEqual(Object.keys(many).map(iri).sort());
      expect(counted.every(({ entities, kinds }) => entities === 1 && kinds.join() === 'Property')).toBe(true);
      expect((await entityOf(store, 'a')).attrs[iri('a699')]?.[0]?.value).toBe(0);
      await apply(store, minute(2), remove('a'));
      expect(await store.summary()).toEqual({ entities: 0, types: [] });
    });

    test('what is left after updates', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', lamp), create('b', lamp));
      await apply(store, minute(1), setTo('a', { level: instance('VocabProperty', iri('x')), more: property(1) }));
      await expectSummary(store, 2, {
        Lamp: [2, { level: [2, 'Property', 'VocabProperty'], name: [2, 'Property'], more: [1, 'Property'] }],
        Asset: [2, { level: [2, 'Property', 'VocabProperty'], name: [2, 'Property'], more: [1, 'Property'] }],
      });
      await apply(
        store,
        minute(2),
        setTo('a', { more: { value: ngsildNull }, name: { value: ngsildNull } }),
        setTo('b', { level: property(5) }),
        update('b', { types: [iri('Third')], attrs: {} }),
      );
      await expectSummary(store, 2, {
        Lamp: [2, { level: [2, 'Property', 'VocabProperty'], name: [1, 'Property'] }],
        Asset: [2, { level: [2, 'Property', 'VocabProperty'], name: [1, 'Property'] }],
        Third: [1, { level: [1, 'Property'], name: [1, 'Property'] }],
      });
      await apply(store, minute(3), setTo('b', { level: instance('VocabProperty', iri('y')) }));
      await expectSummary(store, 2, {
        Lamp: [2, { level: [2, 'VocabProperty'], name: [1, 'Property'] }],
        Asset: [2, { level: [2, 'VocabProperty'], name: [1, 'Property'] }],
        Third: [1, { level: [1, 'VocabProperty'], name: [1, 'Property'] }],
      });
    });

    test('what is left after replacements', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', lamp), create('b', lamp));
      await apply(store, minute(1), {
        op: 'replace',
        id: urn('a'),
        entity: thing({ level: property(1), new: property(2) }, { types: [iri('Other')] }),
      });
      await expectSummary(store, 2, {
        Lamp: [1, { level: [1, 'Property'], name: [1, 'Property'] }],
        Asset: [1, { level: [1, 'Property'], name: [1, 'Property'] }],
        Other: [1, { level: [1, 'Property'], new: [1, 'Property'] }],
      });
    });

    test('what is left after deletions, and what came again', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', lamp), create('b', lamp), create('c', lamp));
      await apply(store, minute(1), remove('a'), remove('b'), remove('x'), create('c', lamp));
      await expectSummary(store, 1, {
        Lamp: [1, { level: [1, 'Property'], name: [1, 'Property'] }],
        Asset: [1, { level: [1, 'Property'], name: [1, 'Property'] }],
      });
      await apply(store, minute(2), remove('c'));
      expect(await store.summary()).toEqual({ entities: 0, types: [] });
      await apply(store, minute(3), create('c', lamp), remove('c'), create('c', thing({ level: property(1) })));
      await expectSummary(store, 1, { Thing: [1, { level: [1, 'Property'] }] });
    });

    test('many entities', async () => {
      const store = bench.store();
      await apply(
        store,
        minute(0),
        ...Array.from({ length: 500 }, (_, n) =>
          create(`e-${n}`, thing({ [`attr${n % 5}`]: property(n) }, { types: [iri(`T${n % 3}`)] })),
        ),
      );
      await apply(store, minute(1), ...Array.from({ length: 250 }, (_, n) => remove(`e-${n * 2}`)));
      const found = await store.find({ filter: {}, limit: 1000, now });
      const summary = await store.summary();
      expect(summary.entities).toBe(250);
      for (const { type, entities, attrs } of summary.types) {
        const ofType = found.map((stored) => stored.entity()).filter((entity) => entity.types.includes(type));
        expect(entities).toBe(ofType.length);
        expect(attrs).toHaveLength(5);
        for (const { name, entities: having } of attrs)
          expect(having).toBe(ofType.filter((entity) => name in entity.attrs).length);
      }
      expect(summary.types).toHaveLength(3);
    });
  });
}
