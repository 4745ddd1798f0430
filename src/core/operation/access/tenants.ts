/** The operation that lists the tenants of the broker, for administrators. */
import { isSnapshotStore } from '../../port/snapshot-store.ts';
import { readHead } from '../heads.ts';
import type { Operation } from '../operation.ts';
import { pageOf, readPaging } from '../parameters.ts';
import { requireAdministrator } from './administrator.ts';

export const listTenants: Operation = {
  ...readHead,
  name: 'listTenants',
  clause: '5.15',
  access: 'administer',
  path: '/access/tenants',
  parameters: ['limit', 'offset', 'count'],
  media: ['json'],
  unknownTenant: 'ignore',
  async run(request, call) {
    const { stores, limits } = call.services;
    requireAdministrator(call, 'see the tenants');
    const paging = readPaging(request.params, limits);
    const names = (await stores.tenants()).filter((name) => !isSnapshotStore(name)).sort();
    const rest = names.slice(paging.offset, paging.offset + paging.limit + 1);
    const shown = rest.slice(0, paging.limit).map((name) => ({ type: 'Tenant', name }));
    const page = pageOf(rest.length, paging, paging.isCounted ? names.length : undefined);
    return { kind: 'found', text: JSON.stringify(shown), page };
  },
};
