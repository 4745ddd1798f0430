/** Who may make a tenant by a first write, and how many there may be. */
import { Problem } from '../core/model/problem.ts';
import type { Stores } from '../core/port/store.ts';
import type { Config } from './config/options.ts';

/** Stores of which no more tenants are made than the options allow; those that are there are not asked about. */
export function limitTenants(stores: Stores, { tenantCreation, tenants, tenantsMax }: Config): Stores {
  const listed = new Set(tenants.split(',').map((name) => name.trim()));
  const isAllowed = (tenant: string): boolean =>
    tenantCreation === 'any' || (tenantCreation === 'listed' && listed.has(tenant));
  let turn: Promise<unknown> = Promise.resolve();
  const make: Stores['open'] = async (tenant) => {
    if ((await stores.tenants()).length >= tenantsMax)
      throw new Problem('Forbidden', `There are ${tenantsMax} tenants, and no more may be made (--tenants-max).`);
    return stores.open(tenant, true);
  };
  return {
    ...stores,
    async open(tenant, create) {
      const known = await stores.open(tenant, tenant === '' && create);
      if (known || !create || !isAllowed(tenant)) return known;
      // One after the other, so that their number is not exceeded.
      const made = turn.then(() => make(tenant, true));
      turn = made.catch(() => undefined);
      return made;
    },
  };
}
