/** Adds the broker's limits to every write, so that the store checks the resulting entity against them. */
import type { Store } from '../port/store.ts';
import type { Limits } from './operation.ts';

/** A store that refuses a write when the resulting entity would have more than `attributesMax` attributes. */
export const boundStore = (store: Store, { attributesMax }: Pick<Limits, 'attributesMax'>): Store => ({
  ...store,
  apply: (writes, at) =>
    store.apply(
      writes.map((write) => ({ ...write, attributesMax })),
      at,
    ),
});
