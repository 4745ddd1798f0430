/** Tests revisions: deletions and corrections in a history, independent of the present entity. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { type Instance, ngsildNull } from '../../../src/core/model/attribute.ts';
import type { HistoricInstance } from '../../../src/core/model/history.ts';
import type { Revision, Store } from '../../../src/core/port/store.ts';
import {
  apply,
  type Bench,
  byObservedAt,
  create,
  entityOf,
  historyPlan,
  iri,
  minute,
  names,
  past,
  pastValues,
  property,
  records,
  remove,
  setTo,
  thing,
  urn,
} from './bench.ts';

const id = urn('a');
const level = iri('level');

/** `a` has `level` observed at the minutes 1 to 3 in two datasets, and `other` written twice at the same time. */
async function fill({ store }: Bench): Promise<void> {
  const levels = (n: number) => [
    property(n, { observedAt: minute(n) }),
    property(n * 10, { observedAt: minute(n), datasetId: urn('d') }),
  ];
  await apply(store(), minute(100), create('a', thing({ level: levels(1), other: property('x') })));
  await apply(store(), minute(100), setTo('a', { other: property('y') }), setTo('a', { other: property('z') }));
  for (const n of [2, 3]) await apply(store(), minute(100 + n), setTo('a', { level: levels(n) }));
  await apply(store(), minute(110), create('b', thing({ level: property('b', { observedAt: minute(1) }) })));
}

/** All instances of an attribute. */
async function instances(store: Store, attr: string): Promise<readonly HistoricInstance[]> {
  const [history] = await store.history(historyPlan({ selectors: [{ ids: [id] }] }));
  return history?.attrs[iri(attr)] ?? [];
}

/** The id of the instance with a value. */
async function idOf(store: Store, attr: string, value: unknown): Promise<string> {
  const found = (await instances(store, attr)).find((one) => one.value === value);
  if (!found) throw new Error('There is no such instance.');
  return found.instanceId;
}

async function allIds(store: Store): Promise<readonly string[]> {
  const histories = await store.history(historyPlan());
  return histories.flatMap(({ attrs }) =>
    Object.values(attrs)
      .flat()
      .map(({ instanceId }) => instanceId),
  );
}

export function describeRevisions(bench: Bench): void {
  describe('revises history', () => {
    beforeEach(() => fill(bench));

    const revised = (revision: Revision) => bench.store().revise(revision, minute(200));
    const revise = async (revision: Revision): Promise<boolean> => (await revised(revision)) === 'done';
    const levels = () => pastValues(bench.store(), ['a', 'level'], { temporal: byObservedAt, datasetIds: ['@none'] });

    test('deletes all of an entity, which stays as it is', async () => {
      const store = bench.store();
      const before = await entityOf(store, 'a');
      const position = await store.log.position();
      expect(await revise({ op: 'deleteHistory', id })).toBe(true);
      expect(names(await store.history(historyPlan()))).toEqual(['b']);
      expect(await entityOf(store, 'a')).toEqual(before);
      expect(await store.log.position()).toBe(position);
      expect(await revise({ op: 'deleteHistory', id })).toBe(false);
      await apply(store, minute(201), setTo('a', { level: property(4, { observedAt: minute(4) }) }));
      expect(await levels()).toEqual([4]);
    });

    test('deletes series', async () => {
      const store = bench.store();
      expect(await revise({ op: 'deleteSeries', id, name: level, which: { datasetId: urn('d') } })).toBe(true);
      expect(await pastValues(store, ['a', 'level'])).toEqual([1, 2, 3]);
      expect(await revise({ op: 'deleteSeries', id, name: iri('other'), which: {} })).toBe(true);
      expect(await instances(store, 'other')).toEqual([]);
      expect(await revise({ op: 'deleteSeries', id, name: level, which: 'all' })).toBe(true);
      expect(names(await store.history(historyPlan()))).toEqual(['b']);
      expect(Object.keys((await entityOf(store, 'a')).attrs).sort()).toEqual([level, iri('other')]);
    });

    test('deletes an instance', async () => {
      const store = bench.store();
      const instanceId = await idOf(store, 'level', 2);
      expect(await revise({ op: 'deleteInstance', id, name: level, instanceId })).toBe(true);
      expect(await levels()).toEqual([1, 3]);
      expect(await revise({ op: 'deleteInstance', id, name: level, instanceId })).toBe(false);
      expect(
        await revise({ op: 'deleteInstance', id, name: iri('other'), instanceId: await idOf(store, 'other', 'y') }),
      ).toBe(true);
      expect(await pastValues(store, ['a', 'other'])).toEqual(['x', 'z']);
    });

    test('has nothing more of an attribute whose last instance it deleted', async () => {
      const store = bench.store();
      for (const { instanceId } of await instances(store, 'other')) {
        expect(await revise({ op: 'deleteInstance', id, name: iri('other'), instanceId })).toBe(true);
      }
      expect(await revise({ op: 'deleteSeries', id, name: iri('other'), which: 'all' })).toBe(false);
      for (const { instanceId } of await instances(store, 'level')) {
        expect(await revise({ op: 'deleteInstance', id, name: level, instanceId })).toBe(true);
      }
      expect(await revise({ op: 'deleteHistory', id })).toBe(false);
      expect(names(await store.history(historyPlan()))).toEqual(['b']);
    });

    test('replaces an instance in its place, with its id and the time of its creation', async () => {
      const store = bench.store();
      const before = (await instances(store, 'level')).find(({ value }) => value === 20);
      const instanceId = before?.instanceId ?? '';
      const instance = property('right', { observedAt: minute(2), unitCode: 'CEL' });
      expect(await revise({ op: 'replaceInstance', id, name: level, instanceId, instance })).toBe(true);
      const after = (await instances(store, 'level')).find((one) => one.instanceId === instanceId);
      expect(after).toEqual({
        ...instance,
        datasetId: urn('d'),
        createdAt: before?.createdAt,
        modifiedAt: minute(200),
        instanceId,
      });
      expect(await pastValues(store, ['a', 'level'], { temporal: byObservedAt, datasetIds: [urn('d')] })).toEqual([
        10,
        'right',
        30,
      ]);
      expect(await levels()).toEqual([1, 2, 3]);
      expect((await entityOf(store, 'a')).attrs[level]?.[1]?.value).toBe(30);
    });

    test('replaces one that then stands at another time, again and again', async () => {
      const store = bench.store();
      const instanceId = await idOf(store, 'level', 1);
      const to = (value: string, moment: number): Revision => ({
        op: 'replaceInstance',
        id,
        name: level,
        instanceId,
        instance: property(value, { observedAt: minute(moment) }),
      });
      expect(await revise(to('moved', 9))).toBe(true);
      expect(await levels()).toEqual([2, 3, 'moved']);
      expect(await revise(to('back', 0))).toBe(true);
      expect(await levels()).toEqual(['back', 2, 3]);
      expect(await idOf(store, 'level', 'back')).toBe(instanceId);
      expect(await revise({ op: 'deleteInstance', id, name: level, instanceId })).toBe(true);
      expect(await levels()).toEqual([2, 3]);
    });

    test('replaces one by one that stands where another was, which goes', async () => {
      const store = bench.store();
      const instanceId = await idOf(store, 'level', 1);
      const gone = await idOf(store, 'level', 3);
      expect(
        await revise({
          op: 'replaceInstance',
          id,
          name: level,
          instanceId,
          instance: property('over', { observedAt: minute(3) }),
        }),
      ).toBe(true);
      expect(await levels()).toEqual([2, 'over']);
      expect(await idOf(store, 'level', 'over')).toBe(instanceId);
      expect(await revise({ op: 'deleteInstance', id, name: level, instanceId: gone })).toBe(false);
    });

    test('replaces an observed one by one without time of observation, and the other way round', async () => {
      const store = bench.store();
      const observed = await idOf(store, 'level', 2);
      expect(
        await revise({ op: 'replaceInstance', id, name: level, instanceId: observed, instance: property('unseen') }),
      ).toBe(true);
      expect(await levels()).toEqual([1, 3]);
      expect(await idOf(store, 'level', 'unseen')).toBe(observed);
      const written = await idOf(store, 'other', 'y');
      const instance = property('seen', { observedAt: minute(5) });
      expect(await revise({ op: 'replaceInstance', id, name: iri('other'), instanceId: written, instance })).toBe(true);
      expect(await pastValues(store, ['a', 'other'], { temporal: byObservedAt })).toEqual(['seen']);
      expect(await idOf(store, 'other', 'seen')).toBe(written);
    });

    test('and never gives an id twice', async () => {
      const store = bench.store();
      const moved = await idOf(store, 'level', 1);
      await revise({
        op: 'replaceInstance',
        id,
        name: level,
        instanceId: moved,
        instance: property('moved', { observedAt: minute(9) }),
      });
      await store.record([past(['a', 'level'], property('new', { observedAt: minute(1) }))], minute(201));
      await revise({ op: 'deleteInstance', id, name: iri('other'), instanceId: await idOf(store, 'other', 'x') });
      await apply(store, minute(100), setTo('a', { other: property('again') }));
      const ids = await allIds(store);
      expect(ids).toHaveLength(11);
      expect(new Set(ids).size).toBe(11);
      expect(await idOf(store, 'level', 'moved')).toBe(moved);
      expect(await revise({ op: 'deleteInstance', id, name: level, instanceId: moved })).toBe(true);
      expect(await levels()).toEqual(['new', 2, 3]);
    });

    test('of an entity that is gone, deletions too', async () => {
      const store = bench.store();
      await apply(store, minute(120), remove('a'));
      const deletion = (await instances(store, 'other')).find(({ value }) => value === ngsildNull);
      expect(
        await revise({ op: 'deleteInstance', id, name: iri('other'), instanceId: deletion?.instanceId ?? '' }),
      ).toBe(true);
      expect(await pastValues(store, ['a', 'other'])).toEqual(['x', 'y', 'z']);
      expect(await revise({ op: 'deleteHistory', id })).toBe(true);
      expect(names(await store.history(historyPlan()))).toEqual(['b']);
    });

    test('not an instance by one of another kind, or of another dataset than is named', async () => {
      const store = bench.store();
      const before = await store.history(historyPlan());
      const ofDataset = (await instances(store, 'level')).find(({ value }) => value === 20)?.instanceId ?? '';
      const replace = (instanceId: string, more: object, which?: { readonly datasetId?: string }) =>
        revised({
          op: 'replaceInstance',
          id,
          name: level,
          instanceId,
          instance: { ...property(0, { observedAt: minute(2) }), ...more },
          ...(which ? { which } : undefined),
        });
      expect(await replace(ofDataset, { kind: 'Relationship', value: urn('x') })).toBe('otherKind');
      expect(await replace(ofDataset, {}, {})).toBe('otherDataset');
      expect(await replace(ofDataset, { datasetId: urn('e') }, { datasetId: urn('e') })).toBe('otherDataset');
      expect(await replace(await idOf(store, 'level', 2), {}, { datasetId: urn('d') })).toBe('otherDataset');
      expect(await store.history(historyPlan())).toEqual(before);
      expect(await replace(ofDataset, {}, { datasetId: urn('d') })).toBe('done');
      expect(await replace(await idOf(store, 'level', 2), {}, {})).toBe('done');
    });

    test.each([
      ['replaced', true],
      ['recorded', false],
    ])('and an NGSI-LD Null that is %s is a deletion', async (_, isReplaced) => {
      const store = bench.store();
      const nil: Instance = { kind: 'ListProperty', value: ngsildNull, observedAt: minute(2) };
      await store.record(
        [past(['a', 'list'], { kind: 'ListProperty', value: [1], observedAt: minute(2) })],
        minute(150),
      );
      const instanceId = (await instances(store, 'list'))[0]?.instanceId ?? '';
      if (isReplaced) await revise({ op: 'replaceInstance', id, name: iri('list'), instanceId, instance: nil });
      else await store.record([past(['a', 'list'], nil)], minute(200));
      expect(await instances(store, 'list')).toEqual([
        expect.objectContaining({ value: [ngsildNull], observedAt: minute(2), deletedAt: minute(200) }),
      ]);
      expect(await pastValues(store, ['a', 'list'], { temporal: { timeproperty: 'any' } })).toEqual([]);
    });

    test('not where there is nothing', async () => {
      const store = bench.store();
      const before = [await store.history(historyPlan()), await records(store)];
      const instanceId = await idOf(store, 'level', 1);
      const instance = property(0, { observedAt: minute(1) });
      const none: readonly Revision[] = [
        { op: 'deleteHistory', id: urn('none') },
        { op: 'deleteSeries', id: urn('none'), name: level, which: 'all' },
        { op: 'deleteSeries', id, name: iri('none'), which: 'all' },
        { op: 'deleteSeries', id, name: level, which: { datasetId: urn('none') } },
        { op: 'deleteSeries', id, name: iri('other'), which: { datasetId: urn('d') } },
        { op: 'deleteInstance', id, name: level, instanceId: urn('none') },
        { op: 'deleteInstance', id, name: iri('other'), instanceId },
        { op: 'deleteInstance', id: urn('b'), name: level, instanceId },
        { op: 'replaceInstance', id, name: level, instanceId: urn('none'), instance },
        { op: 'replaceInstance', id, name: iri('other'), instanceId, instance },
        { op: 'replaceInstance', id: urn('b'), name: level, instanceId, instance },
      ];
      for (const revision of none) expect(await revise(revision)).toBe(false);
      expect([await store.history(historyPlan()), await records(store)]).toEqual(before);
    });
  });
}
