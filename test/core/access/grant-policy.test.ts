/** Tests the policy of stored grants when the store fails: nothing is granted then, and the grants come back by themselves. */
import { expect, test } from '@jest/globals';
import { grantCollection } from '../../../src/core/access/grant-document.ts';
import { openGrantPolicy } from '../../../src/core/access/grant-policy.ts';
import type { Identity } from '../../../src/core/access/identity.ts';
import type { Observation } from '../../../src/core/port/observe.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';

const ana: Identity = { kind: 'key', subject: 'key:ana', roles: [] };
const now = '2026-03-01T00:00:00Z';
const grant = {
  id: 'urn:g:1',
  content: { to: 'key:ana', operations: ['read'] },
  version: 1,
  createdAt: now,
  createdBy: 'local',
  modifiedAt: now,
  modifiedBy: 'local',
};

test('grants that cannot be read grant nothing, and are read again by a retry', async () => {
  const store = await createMemoryStores().open('', true);
  if (!store) throw new Error('no store');
  const stored = store.collection(grantCollection);
  await stored.put(grant.id, grant);
  let isAway = false;
  const whenThere = <T>(read: () => Promise<T>): Promise<T> =>
    isAway ? Promise.reject(new Error('The database is away.')) : read();
  const observed: Observation[] = [];
  const tell: ((id?: string) => void)[] = [];
  const policy = await openGrantPolicy(
    {
      ...stored,
      get: (id) => whenThere(() => stored.get(id)),
      list: () => whenThere(() => stored.list()),
      follow: (listener) => {
        tell.push(listener);
        return () => undefined;
      },
    },
    (observation) => observed.push(observation),
  );
  const extent = (): string => policy.principalOf(ana).rights('read', '').extent;
  expect(extent()).toBe('full');
  isAway = true;
  await expect(policy.refresh(grant.id)).rejects.toThrow('The database is away.');
  expect(extent()).toBe('none');
  tell[0]?.(grant.id);
  await policy.retry();
  await policy.retry();
  expect([extent(), observed.length]).toEqual(['none', 1]);
  isAway = false;
  await policy.retry();
  expect(extent()).toBe('full');
  policy.close();
});
