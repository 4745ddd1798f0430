/** Tells whether context sources are registered in the tenant of a request. */
import type { IncomingMessage } from 'node:http';
import { tenantIn } from '../../core/access/tenant-name.ts';
import { registrationCollection } from '../../core/federation/registration.ts';
import { createBoundedCache } from '../../core/jsonld/bounded-cache.ts';
import { Problem } from '../../core/model/problem.ts';
import type { DocumentCollection, Stores } from '../../core/port/store.ts';

export interface SourcesCheck {
  /** True when no context source is registered in the tenant that the headers name, or they name none. Never rejects. */
  readonly isWithout: (request: IncomingMessage) => boolean | Promise<boolean>;
}

const tenantsMax = 10_000;

export function createSourcesCheck(stores: Stores): SourcesCheck {
  const known = createBoundedCache<boolean>({ entriesMax: tenantsMax, weightMax: Number.POSITIVE_INFINITY });
  const followed = new Set<string>();
  let changes = 0;
  const follow = (tenant: string, registrations: DocumentCollection): void => {
    if (followed.has(tenant)) return;
    followed.add(tenant);
    registrations.follow(() => {
      changes += 1;
      known.delete(tenant);
    });
  };
  const look = async (tenant: string): Promise<boolean> => {
    const began = changes;
    try {
      const registrations = (await stores.open(tenant, false))?.collection(registrationCollection);
      if (!registrations) return true;
      follow(tenant, registrations);
      const isWithout = (await registrations.keys()).length === 0;
      if (began === changes) known.set(tenant, isWithout, 1);
      return isWithout;
    } catch {
      // The operation meets the same failure, and answers it.
      return true;
    }
  };
  return {
    isWithout: ({ headers }) => {
      const tenant = tenantOf(headers);
      return tenant === undefined || (known.get(tenant) ?? look(tenant));
    },
  };
}

/** Undefined when the headers are not valid: the request is refused wherever it is answered. */
function tenantOf(headers: IncomingMessage['headers']): string | undefined {
  try {
    return tenantIn(headers) ?? '';
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}
