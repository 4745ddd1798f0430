/** One write with the condition under which the present entity may be touched: what a store is asked to apply. */
import type { Entity } from '../model/entity.ts';
import { presentAt } from '../model/expiry.ts';
import type { Instant } from '../model/instant.ts';
import { refuseLarger } from '../model/entity-size.ts';
import { sortMeasured } from '../model/measured.ts';
import { mutate } from '../model/mutate.ts';
import type { Mutated } from '../model/settle.ts';
import type { Mutation } from '../model/mutation.ts';
import { Problem } from '../model/problem.ts';
import type { Filter } from './filter.ts';
import { compileFilter } from './matches/matches.ts';

/**
 * A mutation and what the entity that is there must be like (parameter `type` of clause 6.5.3, and access grants).
 * An entity that is not like that counts as not found; it is never overwritten.
 */
export interface Write {
  readonly mutation: Mutation;
  readonly only?: Filter;
  /** An upsert or a merge of what was measured and may come late (`sortMeasured`), with the expanded names of what is fixed. */
  readonly measured?: { readonly fixed: readonly string[] };
  /** Most attributes that the entity may have afterwards (`refuseLarger`). */
  readonly attributesMax?: number;
}

/** `mutate` under the condition of the write. What has expired counts as gone. */
export function carryOutWrite(stored: Entity | undefined, write: Write, at: Instant): Mutated {
  const { mutation, only, measured, attributesMax } = write;
  const current = stored && presentAt(stored, at);
  if (current && only && mutation.op !== 'create' && !compileFilter(only)(current)) return refuse(mutation, at);
  const mutated =
    current && measured ? mutateMeasured(current, mutation, { ...measured, at }) : mutate(current, mutation, at);
  return attributesMax === undefined ? mutated : refuseLarger(mutated, current, attributesMax);
}

/** An entity that is there and must not be touched: to a mutation that does not create, it is not there. */
function refuse(mutation: Mutation, at: Instant): Mutated {
  if (mutation.op !== 'upsert' && !(mutation.op === 'observe' && mutation.create))
    return mutate(undefined, mutation, at);
  const detail = `The entity ${mutation.id} exists and is not yours to change.`;
  return { outcome: { status: 'refused', problem: { type: 'Forbidden', detail } } };
}

function mutateMeasured(current: Entity, mutation: Mutation, how: Parameters<typeof sortMeasured>[2]): Mutated {
  try {
    const { mutation: present, past } = sortMeasured(current, mutation, how);
    const mutated = mutate(current, present, how.at);
    return past.length === 0 || mutated.outcome.status === 'refused' ? mutated : { ...mutated, past };
  } catch (error) {
    if (error instanceof Problem) return { outcome: { status: 'refused', problem: error.report } };
    throw error;
  }
}
