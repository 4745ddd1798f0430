/** Finds the WatchRule entities of a tenant. */
import { anyOfTypes } from '../../core/language/filter.ts';
import type { Instant } from '../../core/model/instant.ts';
import type { Store, Stored } from '../../core/port/store.ts';
import { watchRuleTypes } from '../../core/port/watch.ts';

/** At most `limit` rules, the oldest first. */
export const findRules = (store: Store, now: Instant, limit: number): Promise<readonly Stored[]> =>
  store.find({ filter: { selectors: [{ types: anyOfTypes(watchRuleTypes) }] }, limit, now });
