/** One write with the condition under which the present entity may be touched: what a store is asked to apply. */
import type { Entity } from '../model/entity.ts';
import { presentAt } from '../model/expiry.ts';
import type { Instant } from '../model/instant.ts';
import { type Mutated, mutate } from '../model/mutate.ts';
import type { Mutation } from '../model/mutation.ts';
import type { Filter } from './filter.ts';
import { compileFilter } from './matches/matches.ts';

/**
 * A mutation and what the entity that is there must be like (parameter `type` of clause 6.5.3, and access grants).
 * An entity that is not like that counts as not found; it is never overwritten.
 */
export interface Write {
  readonly mutation: Mutation;
  readonly only?: Filter;
}

/** `mutate` under the condition of the write. What has expired counts as gone. */
export function carryOutWrite(stored: Entity | undefined, { mutation, only }: Write, at: Instant): Mutated {
  const current = stored && presentAt(stored, at);
  if (!current || !only || mutation.op === 'create' || compileFilter(only)(current))
    return mutate(current, mutation, at);
  return mutation.op === 'upsert' || (mutation.op === 'observe' && mutation.create)
    ? {
        outcome: {
          status: 'refused',
          problem: { type: 'Forbidden', detail: `The entity ${mutation.id} exists and is not yours to change.` },
        },
      }
    : mutate(undefined, mutation, at);
}
