/** Applies a write: a mutation with a condition on the current entity. Stores call it. */
import type { Entity } from '../model/entity.ts';
import { presentAt } from '../model/expiry.ts';
import type { Instant } from '../model/instant.ts';
import { refuseGrowth } from '../model/entity-size.ts';
import { splitLateMeasurements } from '../model/late-measurements.ts';
import { alreadyExists, mutate } from '../model/mutate.ts';
import type { Mutated } from '../model/apply-draft.ts';
import type { Mutation } from '../model/mutation.ts';
import { Problem } from '../model/problem.ts';
import type { Filter } from './filter.ts';
import { compileFilter } from './matches/matches.ts';

/**
 * A mutation and a condition on the existing entity (parameter `type` of clause 6.5.3, and access grants). An entity that does not match
 * counts as not found; it is never overwritten.
 */
export interface Write {
  readonly mutation: Mutation;
  readonly only?: Filter;
  /**
   * Marks an upsert or merge of measurements that can arrive late (`splitLateMeasurements`). `fixed`: the expanded names of the fixed
   * attributes.
   */
  readonly measured?: { readonly fixed: readonly string[] };
  /** The maximum number of attributes of the entity after the write (`refuseGrowth`). */
  readonly attributesMax?: number;
  /** True: the outcome has the types of the entity. */
  readonly reportsTypes?: boolean;
  /** The correlator of the request, for the change. */
  readonly correlator?: string;
}

/** Applies `mutate` when the condition matches. Expired data counts as deleted. */
export function applyWrite(stored: Entity | undefined, write: Write, at: Instant): Mutated {
  const current = stored && presentAt(stored, at);
  const mutated = mutateCurrent(current, write, at);
  return withCorrelator(write.reportsTypes === true ? withTypes(mutated, current) : mutated, write);
}

const withCorrelator = (mutated: Mutated, { correlator }: Write): Mutated =>
  correlator === undefined || !mutated.change ? mutated : { ...mutated, change: { ...mutated.change, correlator } };

function withTypes(mutated: Mutated, current: Entity | undefined): Mutated {
  const types = (mutated.next ?? current)?.types;
  return types ? { ...mutated, outcome: { ...mutated.outcome, types } } : mutated;
}

function mutateCurrent(current: Entity | undefined, write: Write, at: Instant): Mutated {
  const { mutation, only, measured, attributesMax } = write;
  if (current && only && mutation.op !== 'create' && !compileFilter(only)(current)) return refuse(mutation, at);
  const mutated =
    current && measured ? mutateMeasured(current, mutation, { ...measured, at }) : mutate(current, mutation, at);
  return attributesMax === undefined ? mutated : refuseGrowth(mutated, current, attributesMax);
}

/** The result for an existing entity that the condition excludes. For a mutation that does not create, the entity does not exist. */
function refuse(mutation: Mutation, at: Instant): Mutated {
  if (mutation.op === 'assign' && mutation.creates)
    return { outcome: { status: 'refused', problem: alreadyExists(mutation.id).report } };
  if (mutation.op !== 'upsert' && !(mutation.op === 'observe' && mutation.create))
    return mutate(undefined, mutation, at);
  const detail = `The entity ${mutation.id} exists and is not yours to change.`;
  return { outcome: { status: 'refused', problem: { type: 'Forbidden', detail } } };
}

function mutateMeasured(
  current: Entity,
  mutation: Mutation,
  how: Parameters<typeof splitLateMeasurements>[2],
): Mutated {
  try {
    const { mutation: present, past } = splitLateMeasurements(current, mutation, how);
    const mutated = mutate(current, present, how.at);
    return past.length === 0 || mutated.outcome.status === 'refused' ? mutated : { ...mutated, past };
  } catch (error) {
    if (error instanceof Problem) return { outcome: { status: 'refused', problem: error.report } };
    throw error;
  }
}
