/** Tests measurements that arrive late: the newest is the current value, and all are in the history. */
import { describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../../src/core/model/mutation.ts';
import { attrs, type Bench, byObservedAt, iri, minute, pastValues, property, thing, urn } from './bench.ts';

const level = iri('level');
type Given = Parameters<typeof attrs>[0];

export function describeMeasured(bench: Bench): void {
  describe('takes measurements that come late', () => {
    const measure = async (
      given: Given,
      at: number,
      op: 'upsert' | 'merge' = 'upsert',
    ): Promise<readonly Outcome[]> => {
      const [id, measured] = [urn('a'), { fixed: [iri('name')] }];
      const mutation =
        op === 'upsert'
          ? ({ op, id, entity: { ...thing(given), id }, mode: 'update' } as const)
          : ({ op, id, fragment: { attrs: attrs(given) } } as const);
      return bench.store().apply([{ mutation, measured }], minute(at));
    };
    const reading = (value: number, at: number, more: object = {}): Given => ({
      level: property(value, { observedAt: minute(at), ...more }),
    });
    const present = async (): Promise<readonly unknown[]> =>
      ((await bench.store().get(urn('a'), minute(59)))?.entity().attrs[level] ?? []).map(({ value }) => value);
    const past = (name = 'level'): Promise<readonly unknown[]> =>
      pastValues(bench.store(), ['a', name], name === 'level' ? { temporal: byObservedAt } : {});

    test.each(['upsert', 'merge'] as const)('by %s: the newest stays present, without a change', async (op) => {
      await measure(reading(2, 20), 30);
      const position = await bench.store().log.position();
      expect(await measure(reading(1, 10), 31, op)).toMatchObject([{ status: 'unchanged' }]);
      expect([await present(), await past()]).toEqual([[2], [1, 2]]);
      expect(await bench.store().log.position()).toBe(position);
      await measure(reading(3, 25), 32, op);
      expect([await present(), await past()]).toEqual([[3], [1, 2, 3]]);
    });

    test('several at once, in any order, each data set for itself', async () => {
      const datasetId = 'urn:x:other';
      for (const [value, at] of [
        [3, 13],
        [1, 11],
        [2, 12],
      ] as const)
        await measure(reading(value, at), 30);
      await measure(reading(10, 10, { datasetId }), 31);
      expect(await present()).toEqual([3, 10]);
      expect(await past()).toEqual([10, 1, 2, 3]);
    });

    test('one of the same time takes the place of the other, in the present and in the past', async () => {
      await measure(reading(1, 10), 30);
      await measure(reading(2, 20), 30);
      await measure(reading(3, 20), 31);
      await measure(reading(4, 10), 31);
      expect([await present(), await past()]).toEqual([[3], [4, 3]]);
    });

    test('one without a time is new, and what is fixed is written only when it says something new', async () => {
      await measure({ ...reading(1, 10), name: property('x') }, 30);
      await measure({ ...reading(2, 20), name: property('x') }, 31);
      expect(await past('name')).toEqual(['x']);
      await measure({ ...reading(2, 5), name: property('y') }, 32);
      expect(await past('name')).toEqual(['x', 'y']);
      await measure({ level: property(7) }, 33);
      expect(await present()).toEqual([7]);
      await bench.store().apply([{ mutation: { op: 'delete', id: urn('a') } }], minute(34));
      await measure({ ...reading(8, 5), name: property('y') }, 35);
      expect((await bench.store().get(urn('a'), minute(59)))?.entity().attrs).toMatchObject({
        [level]: [{ value: 8 }],
        [iri('name')]: [{ value: 'y' }],
      });
    });

    test('a part of an older one is refused', async () => {
      await measure(reading(2, 20), 30);
      const id = urn('a');
      const fragment = { attrs: { [level]: [{ observedAt: minute(10), unitCode: 'CEL' }] } };
      const [outcome] = await bench
        .store()
        .apply([{ mutation: { op: 'merge', id, fragment }, measured: { fixed: [] } }], minute(31));
      expect(outcome).toMatchObject({ status: 'refused', problem: { type: 'BadRequestData' } });
    });
  });
}
