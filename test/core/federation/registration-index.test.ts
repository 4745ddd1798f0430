/** Tests the index over registrations against a test of every registration, with random registrations and requests. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readRegistration } from '../../../src/core/federation/read-registration.ts';
import type { EntityInfo, Information, Registration } from '../../../src/core/federation/registration.ts';
import { createRegistrationIndex } from '../../../src/core/federation/registration-index.ts';
import type { Demand } from '../../../src/core/federation/registration-match.ts';
import type { EntitySelector, TypeSelection } from '../../../src/core/language/filter.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';

const now = '2026-03-01T08:00:00Z';
const types = ['urn:t:A', 'urn:t:B', 'urn:t:C'];
const ids = ['urn:e:1', 'urn:e:2', 'urn:x:1'];
const patterns = ['^urn:e:', '1$'];
const attrs = ['urn:a:a', 'urn:a:b'];

const some = <T>(values: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...values], { minLength: 1 });
const entity = fc
  .record(
    { type: fc.constantFrom(...types), id: fc.constantFrom(...ids), idPattern: fc.constantFrom(...patterns) },
    { requiredKeys: [] },
  )
  .filter((one) => Object.keys(one).length > 0);
const information = fc
  .record(
    { entities: fc.array(entity, { minLength: 1, maxLength: 2 }), propertyNames: some(attrs) },
    { requiredKeys: [] },
  )
  .filter((one) => Object.keys(one).length > 0);
const registrations = fc.array(fc.array(information, { minLength: 1, maxLength: 2 }), { maxLength: 8 });
const type = (name: string) => ({ op: 'type' as const, type: name });
const selector = fc.record(
  {
    ids: some(ids),
    idPattern: fc.constantFrom(...patterns).map((source) => ({ source })),
    types: fc.oneof(
      fc.constantFrom(...types).map(type),
      fc.constant({ op: 'any' as const }),
      some(types).map((names) => ({ op: 'or' as const, parts: names.map(type) })),
    ),
  },
  { requiredKeys: [] },
);
const demand: fc.Arbitrary<Demand> = fc.record(
  { selectors: fc.array(selector, { minLength: 1, maxLength: 2 }), attrs: some(attrs) },
  { requiredKeys: [] },
);

const make = (information: readonly object[], n: number, others: object = {}): Registration =>
  readRegistration({
    id: `urn:r:${n}`,
    members: { information, endpoint: 'http://a.example', ...others } as unknown as JsonObject,
    createdAt: now,
    modifiedAt: now,
  });

/** The words of clause 5.12, tried on one element. */
function matches({ attrs: asked, selectors }: Demand, { attrs: given, entities }: Information): boolean {
  const hasAttr = !asked || !given || asked.some((name) => given.includes(name));
  return hasAttr && (!selectors || !entities || selectors.some((one) => entities.some((entity) => isOf(entity, one))));
}

function isOf(entity: EntityInfo, { ids, idPattern, types: selection }: EntitySelector): boolean {
  const isOfType =
    entity.types.length === 0 || !selection || entity.types.some((name) => namesOf(selection).includes(name));
  if (!isOfType) return false;
  const test = (pattern: string | undefined, id: string): boolean => new RegExp(pattern ?? '').test(id);
  if (ids) return ids.some((id) => (entity.id === undefined ? test(entity.idPattern, id) : id === entity.id));
  return !idPattern || entity.id === undefined || test(idPattern.source, entity.id);
}

const namesOf = (selection: TypeSelection): readonly string[] => {
  if (selection.op === 'any') return types;
  return selection.op === 'type' ? [selection.type] : selection.parts.flatMap(namesOf);
};

describe('the index over registrations', () => {
  test('finds what a test of every registration finds', () => {
    fc.assert(
      fc.property(registrations, demand, fc.array(fc.nat(7)), (given, wanted, deleted) => {
        const index = createRegistrationIndex();
        const all = given.map((one, n) => make(one, n));
        for (const one of all) index.put(one);
        for (const n of deleted) index.delete(`urn:r:${n}`);
        const kept = all.filter((_, n) => !deleted.includes(n));
        const expected = kept.filter((one) => one.information.some((info) => matches(wanted, info)));
        expect(index.matching(wanted, now).map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
      }),
    );
  });

  test('looks only at registrations that can have a part in a write when it is asked about writes', () => {
    const members = [
      {},
      { operations: ['retrieveOps'] },
      { mode: 'auxiliary' },
      { operations: ['updateOps'] },
      { operations: ['retrieveEntity', 'deleteTemporal'] },
      { mode: 'redirect' },
    ];
    fc.assert(
      fc.property(registrations, demand, fc.constantFrom(...ids), (given, wanted, id) => {
        const index = createRegistrationIndex();
        // Each replaces one that could take writes: nothing of that is left.
        for (const n of given.keys()) index.put(make([{ propertyNames: attrs }], n, { mode: 'redirect' }));
        for (const [n, one] of given.entries()) index.put(make(one, n, members[n % members.length]));
        const takes = (one: Registration): boolean => Number(one.id.split(':').at(-1)) % members.length > 2;
        expect(index.writable.matching(wanted, now)).toEqual(index.matching(wanted, now).filter(takes));
        for (const search of [index, index.writable])
          if (!search.mayConcern(id)) expect(search.matching({ selectors: [{ ids: [id] }] }, now)).toEqual([]);
        expect(index.some(takes)).toBe(index.writable.size > 0);
      }),
    );
  });

  test('tells by the id alone that no registration concerns an entity, when none names a type alone', () => {
    const index = createRegistrationIndex();
    expect(index.mayConcern('urn:e:1')).toBe(false);
    index.put(make([{ entities: [{ type: 'urn:t:A', id: 'urn:e:1' }] }], 1));
    expect([index.mayConcern('urn:e:1'), index.mayConcern('urn:e:2')]).toEqual([true, false]);
    index.put(make([{ entities: [{ type: 'urn:t:A' }] }], 2));
    expect(index.mayConcern('urn:e:2')).toBe(true);
  });

  test('forgets the former information of a registration that is replaced', () => {
    const index = createRegistrationIndex();
    index.put(make([{ entities: [{ type: 'urn:t:A' }] }], 1));
    index.put(make([{ entities: [{ type: 'urn:t:B' }] }], 1));
    expect(index.size).toBe(1);
    expect(index.matching({ selectors: [{ types: type('urn:t:A') }] }, now)).toEqual([]);
    expect(index.matching({ selectors: [{ types: type('urn:t:B') }] }, now)).toHaveLength(1);
  });

  test('leaves out what has expired', () => {
    const index = createRegistrationIndex();
    const document = { id: 'urn:r:1', createdAt: now, modifiedAt: now };
    const members = { information: [{ propertyNames: ['urn:a:a'] }], endpoint: 'http://a.example', expiresAt: now };
    index.put(readRegistration({ ...document, members }));
    expect(index.matching({}, '2026-03-01T07:59:59Z')).toHaveLength(1);
    expect(index.matching({}, now)).toEqual([]);
  });
});
