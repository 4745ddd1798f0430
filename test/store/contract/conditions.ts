/** Tests writes with the condition that the present entity matches a filter. */
import { describe, expect, test } from '@jest/globals';
import type { Filter } from '../../../src/core/language/filter.ts';
import type { Mutation } from '../../../src/core/model/mutation.ts';
import {
  apply,
  attrs,
  type Bench,
  compare,
  create,
  entityOf,
  iri,
  minute,
  ofType,
  path,
  property,
  remove,
  setTo,
  statuses,
  thing,
  urn,
} from './bench.ts';

const lamp = (level: number) => thing({ level: property(level) }, { types: [iri('Lamp')] });
const levelIs = (value: number): Filter => ({ q: compare(path('level'), '==', value) });

export function describeConditions(bench: Bench): void {
  describe('writes only to an entity that is like the condition', () => {
    test('carries out what meets it', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', lamp(1)));
      const only = { ...ofType('Lamp'), ...levelIs(1) };
      expect(statuses(await store.apply([{ mutation: setTo('a', { level: property(2) }), only }], minute(1)))).toEqual([
        'updated',
      ]);
    });

    test('counts an entity that does not meet it as not found', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', lamp(1)));
      const mutations: readonly Mutation[] = [
        setTo('a', { level: property(2) }),
        { op: 'replace', id: urn('a'), entity: lamp(2) },
        { op: 'append', id: urn('a'), fragment: { attrs: attrs({ level: property(2) }) }, overwrite: true },
        { op: 'merge', id: urn('a'), fragment: { attrs: attrs({ level: property(2) }) } },
        { op: 'partialUpdate', id: urn('a'), attr: iri('level'), fragments: [{ value: 2 }] },
        { op: 'replaceAttr', id: urn('a'), attr: iri('level'), fragments: [property(2)] },
        { op: 'deleteAttr', id: urn('a'), attr: iri('level'), which: 'all' },
        remove('a'),
      ];
      for (const only of [ofType('Thing'), levelIs(3), { also: [levelIs(1), levelIs(3)] }]) {
        const outcomes = await store.apply(
          mutations.map((mutation) => ({ mutation, only })),
          minute(1),
        );
        expect(new Set(statuses(outcomes))).toEqual(new Set(['ResourceNotFound']));
      }
      expect(await store.log.position()).toBe(1);
      expect((await entityOf(store, 'a')).attrs[iri('level')]?.[0]?.value).toBe(1);
    });

    test('refuses to upsert over it, and upserts where nothing is', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', lamp(1)));
      const upsert = (name: string): Mutation => ({ op: 'upsert', id: urn(name), entity: lamp(2), mode: 'replace' });
      const only = levelIs(3);
      const outcomes = await store.apply(
        [
          { mutation: upsert('a'), only },
          { mutation: upsert('b'), only },
        ],
        minute(1),
      );
      expect(statuses(outcomes)).toEqual(['Forbidden', 'created']);
      expect((await entityOf(store, 'a')).attrs[iri('level')]?.[0]?.value).toBe(1);
    });

    test('says of a creation that the id is taken', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', lamp(1)));
      expect(statuses(await store.apply([{ mutation: create('a', lamp(2)), only: levelIs(3) }], minute(1)))).toEqual([
        'AlreadyExists',
      ]);
    });

    test('looks at the entity as the writes before it left it', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', lamp(1)));
      const step = (from: number, to: number) => ({
        mutation: setTo('a', { level: property(to) }),
        only: levelIs(from),
      });
      const outcomes = await store.apply(
        [step(1, 2), step(1, 3), step(2, 4), { mutation: remove('a'), only: levelIs(4) }, step(4, 5)],
        minute(1),
      );
      expect(statuses(outcomes)).toEqual(['updated', 'ResourceNotFound', 'updated', 'deleted', 'ResourceNotFound']);
    });

    test('lets one of many that race for the same condition win', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', lamp(0)));
      const race = Array.from({ length: 20 }, (_, n) =>
        store.apply([{ mutation: setTo('a', { level: property(n + 1) }), only: levelIs(0) }], minute(1)),
      );
      const outcomes = (await Promise.all(race)).flatMap(statuses);
      expect(outcomes.filter((status) => status === 'updated')).toHaveLength(1);
      expect(outcomes.filter((status) => status === 'ResourceNotFound')).toHaveLength(19);
    });
  });
}
