/** Sends the bounds of the broker along with every write, so that the store holds the entity to them that comes of it. */
import type { Store } from '../port/store.ts';
import type { Limits } from './operation.ts';

/** The store, whose writes are refused when they would leave an entity with more than it may have. */
export const boundStore = (store: Store, { attributesMax }: Pick<Limits, 'attributesMax'>): Store => ({
  ...store,
  apply: (writes, at) =>
    store.apply(
      writes.map((write) => ({ ...write, attributesMax })),
      at,
    ),
});
