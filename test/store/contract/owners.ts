/** Tests that a store keeps who created an entity, and finds entities by it. */
import { describe, expect, test } from '@jest/globals';
import { ngsildNull } from '../../../src/core/model/attribute.ts';
import type { Mutation } from '../../../src/core/model/mutation.ts';
import {
  apply,
  type Bench,
  create,
  entityOf,
  historyPlan,
  minute,
  names,
  namesFound,
  ofType,
  plan,
  property,
  records,
  remove,
  statuses,
  thing,
  update,
  urn,
} from './bench.ts';

const ana = 'key:ana';
const long = `token:https://login.example/realms/city#${'x'.repeat(400)}`;
const by = (owner: string) => thing({ level: property(1) }, { owner });

export function describeOwners(bench: Bench): void {
  describe('the owner of an entity', () => {
    test('is who created it, in every way to create', async () => {
      const store = bench.store();
      const creations: readonly Mutation[] = [
        create('created', by(ana)),
        { op: 'upsert', id: urn('upserted'), entity: by(ana), mode: 'update' },
        { op: 'observe', id: urn('observed'), entity: by(ana), create: true },
        { op: 'assign', id: urn('assigned'), rule: 'append', attrs: {}, creates: by(ana) },
        create('nobodys', thing({ level: property(1) })),
        create('others', by(long)),
      ];
      await apply(store, minute(0), ...creations);
      expect(await namesFound(store, { owner: ana })).toEqual(['created', 'upserted', 'observed', 'assigned']);
      expect(await store.count(plan({ owner: ana }))).toBe(4);
      expect(await namesFound(store, { owner: long })).toEqual(['others']);
      expect(await namesFound(store, { owner: `${long}x` })).toEqual([]);
      expect(await namesFound(store, { ...ofType('Other'), owner: ana })).toEqual([]);
      expect(await namesFound(store, { also: [{ owner: ana }] }, { offset: 1, limit: 2 })).toEqual([
        'upserted',
        'observed',
      ]);
      expect(await namesFound(store, { anyOf: [{ owner: long }, { owner: 'key:nobody' }] })).toEqual(['others']);
      expect(names(await store.history(historyPlan({ owner: long })))).toEqual(['others']);
      expect((await records(store)).map(({ entity }) => entity.owner)).toEqual([
        ...[ana, ana, ana, ana],
        undefined,
        long,
      ]);
    });

    test('stays whoever changes it, and ends with it', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', by(ana)), create('b'));
      const id = urn('a');
      const changes: readonly Mutation[] = [
        { op: 'replace', id, entity: by('key:bo') },
        { op: 'upsert', id, entity: by('key:bo'), mode: 'replace' },
        { op: 'upsert', id, entity: by('key:bo'), mode: 'update' },
        { op: 'merge', id, fragment: by('key:bo') },
        { op: 'append', id, fragment: by('key:bo'), overwrite: true },
        { op: 'observe', id, entity: by('key:bo'), create: true },
        { op: 'assign', id, rule: 'replace', attrs: {}, creates: by('key:bo') },
        { op: 'upsert', id: urn('b'), entity: by('key:bo'), mode: 'replace' },
      ];
      await apply(store, minute(1), ...changes);
      expect((await entityOf(store, 'a')).owner).toBe(ana);
      expect(await entityOf(store, 'b')).not.toHaveProperty('owner');
      await apply(store, minute(2), remove('a'));
      expect((await records(store)).at(-1)).toMatchObject({ event: 'deleted', entity: { owner: ana } });
      await apply(store, minute(3), create('a', by('key:bo')));
      expect(await namesFound(store, { owner: ana })).toEqual([]);
      expect(await namesFound((await bench.reopen()) ?? store, { owner: 'key:bo' })).toEqual(['a']);
    });

    test('limits a write, and can be removed', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', by(ana)));
      const mutation = update('a', { attrs: {}, owner: ngsildNull });
      expect(statuses(await store.apply([{ mutation, only: { owner: 'key:bo' } }], minute(1)))).toEqual([
        'ResourceNotFound',
      ]);
      expect(statuses(await store.apply([{ mutation, only: { owner: ana } }], minute(1)))).toEqual(['updated']);
      expect(await entityOf(store, 'a')).not.toHaveProperty('owner');
      expect(await namesFound(store, { owner: ana })).toEqual([]);
      expect(statuses(await apply(store, minute(2), mutation))).toEqual(['unchanged']);
    });

    test('is erased with the one it names', async () => {
      const store = bench.store();
      await apply(store, minute(0), create('a', by(ana)), create('b', by('key:anatol')));
      const found = (await store.subject({ id: ana, place: 'entity', erases: false })).found;
      expect(found).toMatchObject([{ place: 'entity', entity: { id: urn('a'), owner: ana } }]);
      await store.subject({ id: ana, place: 'log', erases: true });
      expect((await records(store)).map(({ entity }) => entity.owner)).toEqual([undefined, 'key:anatol']);
    });
  });
}
