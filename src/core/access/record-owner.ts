/** Records who creates entities, for grants that cover only what their receiver created. */
import type { EntityFragment } from '../model/entity.ts';
import type { Mutation } from '../model/mutation.ts';
import type { Store } from '../port/store.ts';

/** The store in which entities that are created belong to this owner. Those that exist keep the owner that they have. */
export const recordOwner = (store: Store, owner: string): Store => ({
  ...store,
  apply: (writes, at) =>
    store.apply(
      writes.map((write) => ({ ...write, mutation: withOwner(write.mutation, owner) })),
      at,
    ),
});

function withOwner(mutation: Mutation, owner: string): Mutation {
  const owned = (entity: EntityFragment): EntityFragment => ({ ...entity, owner });
  switch (mutation.op) {
    case 'create':
    case 'upsert':
    case 'observe':
      return { ...mutation, entity: owned(mutation.entity) };
    case 'assign':
      return mutation.creates ? { ...mutation, creates: owned(mutation.creates) } : mutation;
    default:
      return mutation;
  }
}
