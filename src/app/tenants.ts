/** Decides which tenants a first write may create, and how many. */
import { Problem } from '../core/model/problem.ts';
import { isSnapshotStore } from '../core/port/snapshot-store.ts';
import type { Stores } from '../core/port/store.ts';
import type { Config } from './config/options.ts';

/** Wraps stores so that they create only the tenants that the options allow. Existing tenants and snapshots are not checked. */
export function limitTenants(stores: Stores, { tenantCreation, tenants, tenantsMax }: Config): Stores {
  const listed = new Set(tenants.split(',').map((name) => name.trim()));
  const isAllowed = (tenant: string): boolean =>
    tenantCreation === 'any' || (tenantCreation === 'listed' && listed.has(tenant));
  let turn: Promise<unknown> = Promise.resolve();
  const make: Stores['open'] = async (tenant) => {
    if ((await stores.tenants()).filter((name) => !isSnapshotStore(name)).length >= tenantsMax)
      throw new Problem('Forbidden', `There are ${tenantsMax} tenants, and no more may be made (--tenants-max).`);
    return stores.open(tenant, true);
  };
  return {
    ...stores,
    async open(tenant, create) {
      const known = await stores.open(tenant, tenant === '' && create);
      if (known || !create) return known;
      if (isSnapshotStore(tenant)) return stores.open(tenant, true);
      if (!isAllowed(tenant)) return undefined;
      // Tenants are created one at a time, so that the limit is not exceeded.
      const made = turn.then(() => make(tenant, true));
      turn = made.catch(() => undefined);
      return made;
    },
  };
}
