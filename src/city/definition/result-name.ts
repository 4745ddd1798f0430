/** Names the results of definitions, and keeps two definitions from writing into the same entities. */
import type { Instant } from '../../core/model/instant.ts';
import { isObject, type JsonObject } from '../../core/model/json.ts';
import { noSuchTenant, Problem } from '../../core/model/problem.ts';
import type { Stores } from '../../core/port/store.ts';

/** The last part of the id of a definition, which stands for it in the ids of its results. */
export const lastPart = (id: string): string => id.slice(id.lastIndexOf(':') + 1);

/** The definition of a tenant that writes results into another one. */
export interface ResultClaim {
  readonly tenant: string;
  readonly id: string;
  /** The tenant of the results. */
  readonly target: string;
  /** The begin of their ids, or the id. */
  readonly results: string;
}

const claimsCollection = 'result-claims';

/** Notes who writes these results. Throws Conflict when another definition does, which still exists. */
export async function claimResults(claim: ResultClaim, place: ClaimPlace): Promise<void> {
  const { tenant, id, target, results } = claim;
  const store = await place.stores.open(target, true);
  if (!store) throw noSuchTenant(target);
  const claims = store.collection(claimsCollection);
  const before = await claims.get(results);
  const known = isObject(before) ? before : undefined;
  if (known?.['tenant'] === tenant && known['id'] === id) return;
  const isTaken = known !== undefined && (await stillExists(known, place));
  if (isTaken || !(await claims.replace(results, before, { tenant, id })))
    throw new Problem(
      'Conflict',
      `Another definition writes the results ${results}. Choose an id with another last part.`,
    );
}

interface ClaimPlace {
  readonly stores: Stores;
  readonly now: Instant;
}

async function stillExists({ tenant, id }: JsonObject, { stores, now }: ClaimPlace): Promise<boolean> {
  const store = typeof tenant === 'string' ? await stores.open(tenant, false) : undefined;
  return typeof id === 'string' && (await store?.get(id, now)) !== undefined;
}
