/** The URLs of a tenant's catalogue. */
import { badData } from '../../core/model/problem.ts';
import type { CallContext } from '../../core/operation/operation.ts';
import type { Site } from './publication.ts';

/** `publicUrl` is the URL at which the public reaches the broker; empty: that of the request. Throws BadRequestData when both are unknown. */
export function createSite({ origin, tenant, services }: CallContext, publicUrl: string): Site {
  const base = publicUrl === '' ? origin : publicUrl.replace(/\/+$/, '');
  if (base === undefined) throw badData('URLs of the catalogue need the header Host, or the option --public-url.');
  const query = tenant === '' ? '' : `?tenant=${encodeURIComponent(tenant)}`;
  return {
    urlOf: (path) => base + path + query,
    ownUrlOf: (path) => base + path,
    isDefaultTenant: tenant === '',
    name: services.identity.alias,
  };
}
