/** Tests which tenants a first write may create, and how many. */
import { expect, test } from '@jest/globals';
import { readConfig } from '../../src/app/config/read-config.ts';
import { limitTenants } from '../../src/app/tenants.ts';
import { createMemoryStores } from '../../src/store/memory/stores.ts';

const limited = (...args: readonly string[]) =>
  limitTenants(createMemoryStores(), readConfig({ args: [...args], env: {} }));

test.each([
  [[], ['a', 'b'], ['', 'a', 'b']],
  [
    ['--tenant-creation', 'listed', '--tenants', 'a, c'],
    ['a', 'b', 'c'],
    ['', 'a', 'c'],
  ],
  [['--tenant-creation', 'none'], ['', 'a'], ['']],
])('with %j, of the tenants %j there are then %j', async (args, asked, expected) => {
  const stores = limited(...args);
  for (const tenant of asked) await stores.open(tenant, true);
  expect(await stores.tenants()).toEqual(expected);
});

test('no more are made than the option allows, also at the same time; those that are there stay open to all', async () => {
  const stores = limited('--tenants-max', '3');
  const made = await Promise.allSettled(['a', 'b', 'c', 'd'].map((tenant) => stores.open(tenant, true)));
  expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
  expect(made[2]).toMatchObject({ reason: { type: 'Forbidden', message: expect.stringContaining('--tenants-max') } });
  expect(await stores.open('a', true)).toBeDefined();
});
