/** Tests that a write under a grant that covered the entity before is decided by the entity as it is when it is written. */
import { beforeEach, expect, test } from '@jest/globals';
import { decide } from '../../../src/core/access/decision.ts';
import type { Grant } from '../../../src/core/access/grant.ts';
import { guardWrites } from '../../../src/core/access/guard-writes.ts';
import type { Mutation, Outcome } from '../../../src/core/model/mutation.ts';
import type { Store } from '../../../src/core/port/store.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';

const iri = (name: string): string => `https://example.org/${name}`;
const now = '2026-03-01T00:00:00Z';
const id = 'urn:x:1';

let store: Store;
let reads: number;
beforeEach(async () => {
  const opened = await createMemoryStores().open('', true);
  if (!opened) throw new Error('There is no default tenant.');
  store = opened;
  reads = 0;
  await create('Lamp', '/Kranj');
});

const create = (type: string, scope: string): Promise<readonly Outcome[]> => {
  const attrs = { [iri('power')]: [{ kind: 'Property' as const, value: 1 }] };
  return store.apply([{ mutation: { op: 'create', id, entity: { id, types: [iri(type)], scope, attrs } } }], now);
};
const counting = (): Store => ({
  ...store,
  get: (...about) => {
    reads += 1;
    return store.get(...about);
  },
});
/** Applies one write after the other under the same grants. */
function writer(...grants: readonly Omit<Grant, 'operations'>[]) {
  const act = decide(
    grants.map((grant) => ({ operations: ['write'], ...grant })),
    'write',
    '',
  );
  const guarded = guardWrites(counting(), { act, read: { extent: 'none' } });
  return async (mutation: Mutation): Promise<string> => {
    const [outcome] = await guarded.apply([{ mutation }], now);
    return outcome?.status === 'refused' ? outcome.problem.type : (outcome?.status ?? '');
  };
}
const set = (name: string, value: number): Mutation => {
  return { op: 'update', id, fragment: { attrs: { [iri(name)]: [{ kind: 'Property', value }] } } };
};
const valueOf = async (name: string): Promise<unknown> =>
  (await store.get(id, now))?.entity().attrs[iri(name)]?.[0]?.value;

test('the entity is read for the first write, and not for those after it', async () => {
  const write = writer({ types: [iri('Meter')] }, { types: [iri('Lamp')], attrs: [iri('power')] });
  for (const value of [2, 3, 4]) expect(await write(set('power', value))).toBe('updated');
  expect([reads, await valueOf('power')]).toEqual([1, 4]);
});

test('an entity that was moved or made anew outside of the grants is not written', async () => {
  const write = writer({ types: [iri('Lamp')], scopes: [{ levels: ['Kranj'], deep: true }] });
  expect(await write(set('power', 2))).toBe('updated');
  const moved: Mutation = { op: 'update', id, fragment: { scope: '/Ljubljana', attrs: {} } };
  await store.apply([{ mutation: moved }], now);
  expect(await write(set('power', 3))).toBe('ResourceNotFound');
  await store.apply([{ mutation: { op: 'delete', id } }], now);
  expect(await write(set('power', 3))).toBe('ResourceNotFound');
  await create('Meter', '/Kranj');
  expect(await write(set('power', 3))).toBe('ResourceNotFound');
  expect(await valueOf('power')).toBe(1);
});

test('what the known grant does not give is decided on', async () => {
  const write = writer(
    { types: [iri('Lamp')], attrs: [iri('power')] },
    { scopes: [{ levels: ['Kranj'], deep: false }], attrs: [iri('height')] },
  );
  expect(await write(set('power', 2))).toBe('updated');
  expect(await write(set('owner', 2))).toBe('Forbidden');
  expect(await write(set('height', 2))).toBe('updated');
  expect(await write({ op: 'update', id, fragment: { scope: '/Ljubljana', attrs: {} } })).toBe('Forbidden');
  expect(await write({ op: 'deleteAttr', id, attr: 'scope', which: {} })).toBe('Forbidden');
  expect(await write({ op: 'delete', id })).toBe('Forbidden');
  expect([await valueOf('owner'), await valueOf('height')]).toEqual([undefined, 2]);
});

test('a write that leaves the entity outside of a condition is refused, also after others', async () => {
  const q = {
    op: '<',
    path: { attr: iri('power'), sub: [], inside: [], text: 'power' },
    value: { kind: 'json', value: 5 },
  } as const;
  const write = writer({ types: [iri('Lamp')], q });
  expect(await write(set('power', 2))).toBe('updated');
  expect(await write(set('power', 9))).toBe('Forbidden');
  expect(await write(set('power', 4))).toBe('updated');
  expect(await valueOf('power')).toBe(4);
});
