/** Tests how copies of one entity are merged: what was split comes together again, and the newest instance counts. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type EntityCopy, mergeEntities } from '../../../src/core/federation/merge-entities.ts';
import type { Instance } from '../../../src/core/model/attribute.ts';
import type { Entity } from '../../../src/core/model/entity.ts';

const now = '2026-03-01T08:00:00Z';
const at = (minute: number): string => `2026-03-01T07:${String(minute).padStart(2, '0')}:00Z`;
const value = (number: number, more: object = {}): Instance => ({
  kind: 'Property',
  value: number,
  createdAt: at(0),
  ...more,
});
const entity = (attrs: Entity['attrs'], more: object = {}): Entity => ({
  id: 'urn:e:1',
  types: ['urn:t:A'],
  createdAt: at(0),
  modifiedAt: at(1),
  attrs,
  ...more,
});
const copy = (attrs: Entity['attrs'], more: object = {}, isAuxiliary = false): EntityCopy => ({
  entity: entity(attrs, more),
  isAuxiliary,
});
const merged = (...copies: readonly EntityCopy[]): Entity | undefined => mergeEntities(copies, now);

const first = (found: Entity | undefined): unknown => found?.attrs['a']?.[0]?.value;

const datasets = ['', 'urn:d:1', 'urn:d:2'] as const;
interface Observed {
  readonly name: string;
  readonly dataset: string;
  readonly minute: number;
  readonly source: number;
}
const keyOf = ({ name, dataset }: Observed): string => `${name} ${dataset}`;
/** Instances of different observation times. */
const instances: fc.Arbitrary<Observed[]> = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('urn:a:a', 'urn:a:b'),
    dataset: fc.constantFrom(...datasets),
    minute: fc.nat(59),
    source: fc.nat(2),
  }),
  { selector: (one) => `${keyOf(one)} ${one.minute}` },
);
/** The newest of each attribute and dataset. */
const newestOf = (list: readonly Observed[]): readonly Observed[] => [
  ...new Map([...list].sort((a, b) => a.minute - b.minute).map((one) => [keyOf(one), one])).values(),
];
const attrsOf = (list: readonly Observed[]): Entity['attrs'] => {
  const attrs: Record<string, Instance[]> = {};
  for (const { name, dataset, minute } of newestOf(list)) {
    const named = dataset === '' ? {} : { datasetId: dataset };
    attrs[name] = [...(attrs[name] ?? []), value(minute, { observedAt: at(minute), ...named })];
  }
  return attrs;
};
const textsOf = (attrs: Entity['attrs'] = {}): readonly string[] =>
  Object.entries(attrs)
    .flatMap(([name, all]) => all.map((one) => JSON.stringify([name, one])))
    .sort();

describe('copies of an entity', () => {
  test('merge to the newest instance of each attribute and dataset, in any order', () => {
    fc.assert(
      fc.property(instances, fc.boolean(), (list, isReversed) => {
        const copies = [0, 1, 2].map((source) => copy(attrsOf(list.filter((one) => one.source === source))));
        const found = merged(...(isReversed ? copies.reverse() : copies));
        expect(textsOf(found?.attrs)).toEqual(textsOf(attrsOf(list)));
      }),
    );
  });

  test('compare by modification where nothing was observed, and the first counts where all is equal', () => {
    const [older, newer] = [value(1, { modifiedAt: at(3) }), value(2, { modifiedAt: at(4) })];
    expect(first(merged(copy({ a: [older] }), copy({ a: [newer] })))).toBe(2);
    expect(first(merged(copy({ a: [newer] }), copy({ a: [older] })))).toBe(2);
    expect(first(merged(copy({ a: [value(1)] }), copy({ a: [value(2)] })))).toBe(1);
    expect(first(merged(copy({ a: [newer] }), copy({ a: [value(3, { observedAt: at(0) })] })))).toBe(3);
  });

  test('of auxiliary sources add only what nobody else has', () => {
    const auxiliary = copy({ a: [value(9, { observedAt: at(50) })], b: [value(8)] }, {}, true);
    const found = merged(auxiliary, copy({ a: [value(1, { observedAt: at(1) })] }));
    expect([found?.attrs['a']?.[0]?.value, found?.attrs['b']?.[0]?.value]).toEqual([1, 8]);
  });

  test('unite types and scopes, and drop what has expired', () => {
    const found = merged(
      copy({ a: [value(1)] }, { scope: '/x', expiresAt: '2026-03-01T09:00:00Z' }),
      copy({ b: [value(2)] }, { types: ['urn:t:B'], scope: ['/y', '/x'] }),
      copy({ c: [value(3)] }, { expiresAt: at(58) }),
      copy({ d: [value(4, { expiresAt: at(1) })] }),
    );
    expect(found).toEqual({
      id: 'urn:e:1',
      types: ['urn:t:A', 'urn:t:B'],
      scope: ['/x', '/y'],
      createdAt: at(0),
      modifiedAt: at(1),
      attrs: { a: [value(1, { expiresAt: '2026-03-01T09:00:00Z' })], b: [value(2)] },
    });
    expect(merged(copy({}, { expiresAt: at(1) }))).toBeUndefined();
  });
});
