/** Explains decisions: which grants decide, and why others do not. */
import { compileFilter } from '../language/matches/matches.ts';
import type { Entity } from '../model/entity.ts';
import { isRuleKept } from './change-of-rules.ts';
import { type Decision, visibilityUnder, type Visibility } from './decision.ts';
import { filterOf } from './granted-filter.ts';
import type { Grant, OperationClass } from './grant.ts';

/** A grant, and whether it covers what was asked about. */
export interface ExplainedGrant {
  /** Absent: access is open. */
  readonly id?: string;
  readonly covers: boolean;
  /** Why it does not cover it. */
  readonly reason?: string;
}

/** What of an entity a decision gives. */
export const visibilityBy = (decision: Decision, entity: Entity): Visibility =>
  decision.extent === 'full' ? 'whole' : decision.extent === 'none' ? 'hidden' : decision.visibilityOf(entity);

/**
 * The grants that decide on an entity, for the one who has them. A grant with a condition is among them only when it gives something that the
 * others do not: otherwise it would tell whether a hidden attribute meets the condition.
 */
export function decidingGrants(decision: Decision, entity: Entity): readonly ExplainedGrant[] {
  if (decision.extent !== 'part') return grantsOfDecision(decision);
  const covering = decision.covering(entity);
  const chosen = covering.filter(({ q }) => q === undefined);
  for (const grant of covering.filter(({ q }) => q !== undefined))
    if (keyOf(visibilityUnder(chosen)) !== keyOf(visibilityUnder([...chosen, grant]))) chosen.push(grant);
  return chosen.map((grant) => ({ ...idOf(grant), covers: true }));
}

/** The grant of a full decision. */
export const grantsOfDecision = (decision: Decision): readonly ExplainedGrant[] =>
  decision.extent === 'full' && decision.by !== undefined ? [{ id: decision.by, covers: true }] : [];

const keyOf = (visibility: Visibility): string => (typeof visibility === 'string' ? visibility : visibility.key);

const idOf = ({ id }: Grant): Pick<ExplainedGrant, 'id'> => (id === undefined ? {} : { id });

/** What grants are explained for. */
export interface Explained {
  readonly operation: OperationClass;
  readonly tenant: string;
  /** Absent: the question is not about one, or it must not be known. */
  readonly entity: Entity | undefined;
}

/** All grants in the tenant, those that cover first, for whoever may see the grants and the whole entity. */
export const explainGrants = (grants: readonly Grant[], asked: Explained): readonly ExplainedGrant[] =>
  grants
    .filter(({ tenants }) => tenants?.includes(asked.tenant) ?? true)
    .map((grant) => {
      const reason = missingIn(grant, asked);
      return { ...idOf(grant), covers: reason === undefined, ...(reason === undefined ? undefined : { reason }) };
    })
    .sort((a, b) => Number(b.covers) - Number(a.covers));

/** Members of a grant that an entity must meet. */
const conditions = [
  ['types', 'The entity has none of its types.'],
  ['idPattern', 'The id of the entity does not match its idPattern.'],
  ['scopes', 'The entity has none of its scopes.'],
  ['own', 'The entity was not created by the holder of the grant, or before they had a grant for own entities.'],
  ['q', 'The entity does not meet its condition q.'],
] as const;

const only = ({ owner, ...grant }: Grant, name: (typeof conditions)[number][0]): Parameters<typeof filterOf>[0] => ({
  [name]: grant[name],
  owner,
});

function missingIn(grant: Grant, { operation, entity }: Explained): string | undefined {
  if (!grant.operations.includes(operation)) return `It does not include the operation ${operation}.`;
  const missing = entity && conditions.find(([name]) => !compileFilter(filterOf(only(grant, name)))(entity));
  if (entity && !missing && isRuleKept(grant, operation, entity))
    return 'The entity is a rule of the watch, which concerns the whole tenant, and its types do not name that of rules.';
  return missing?.[1];
}
