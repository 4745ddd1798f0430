/** Compiles `subject.condition.expression` of a v2 subscription to a test of entities. */
import type { Entity, Terms } from '../../model/entity.ts';
import { V2Problem } from '../../v2/problem.ts';
import type { SubjectExpression } from '../../v2/subscription/subscription.ts';

export function compileExpression(
  expression: SubjectExpression | undefined,
  _terms: Terms,
): (entity: Entity) => boolean {
  if (!expression) return () => true;
  throw new V2Problem('NotImplemented', 'expression');
}
