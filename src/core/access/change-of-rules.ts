/**
 * Decides which grants allow to change rules of the watch. A rule concerns the whole tenant: it marks values and opens alerts of entities that
 * its author may not see. So a grant for a part of the tenant must name the type of rules, even when it covers the entity.
 */
import type { Entity } from '../model/entity.ts';
import { watchRuleTypes } from '../port/watch.ts';
import { type Decision, isUnrestricted, visibilityUnder } from './decision.ts';
import type { Grant, OperationClass } from './grant.ts';

/** Those of the grants that cover an entity which allow to change it. */
export function grantsToChange({ types }: Pick<Entity, 'types'>, covering: readonly Grant[]): readonly Grant[] {
  const ruling = types.filter((type) => watchRuleTypes.includes(type));
  if (ruling.length === 0) return covering;
  return covering.filter((grant) => isUnrestricted(grant) || ruling.every((type) => grant.types?.includes(type)));
}

/** What a decision on an operation gives of an entity, when the grants must allow to change it. */
export function decisionOn(decision: Decision, operation: OperationClass): Decision {
  if (decision.extent !== 'part' || !isChange(operation)) return decision;
  const covering = (entity: Entity): readonly Grant[] => grantsToChange(entity, decision.covering(entity));
  return { ...decision, covering, visibilityOf: (entity) => visibilityUnder(covering(entity)) };
}

/** True when a grant that covers an entity does not allow the operation on it. */
export const isRuleKept = (grant: Grant, operation: OperationClass, entity: Entity): boolean =>
  isChange(operation) && grantsToChange(entity, [grant]).length === 0;

const isChange = (operation: OperationClass): boolean => operation === 'write' || operation === 'delete';
