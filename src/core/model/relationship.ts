/** Finds the targets of relationships (CIM 009 clause 4.5.3). */
import { type Instance, isRelationship } from './attribute.ts';
import { isStrings } from './json.ts';

/** The ids of the entities that an instance refers to; empty when it is not a relationship. */
export function targetsOf({ kind, value }: Pick<Instance, 'kind' | 'value'>): readonly string[] {
  if (!isRelationship(kind)) return [];
  if (typeof value === 'string') return [value];
  return isStrings(value) ? value : [];
}
