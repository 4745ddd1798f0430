/** Decides which aggregation methods apply to which values (CIM 009 clause 4.5.19.1). */
import { isRelationship, type Kind, ngsildNull } from '../model/attribute.ts';
import type { EntityHistory, HistoricInstance } from '../model/history.ts';
import { isArray, isObject, type Json } from '../model/json.ts';
import { Problem } from '../model/problem.ts';

export const aggregateMethods = ['totalCount', 'distinctCount', 'sum', 'avg', 'min', 'max', 'stddev', 'sumsq'] as const;
export type AggregateMethod = (typeof aggregateMethods)[number];

/** A value for aggregation: a number, the size of an array, or a text. Other values can only be counted. */
export type Measure =
  | { readonly sort: 'number' | 'size'; readonly number: number }
  | { readonly sort: 'text'; readonly text: string }
  | { readonly sort: 'other' };

const other: Measure = { sort: 'other' };

/** Booleans count as 0 and 1. For a typed value (`@type`, `@value`), its `@value` counts. URIs have no order. */
export function measureOf({ kind, value }: { readonly kind: Kind; readonly value: Json }): Measure {
  if (isRelationship(kind) || kind === 'VocabProperty') return other;
  const plain = isObject(value) && value['@type'] !== undefined ? (value['@value'] ?? null) : value;
  if (typeof plain === 'number' || typeof plain === 'boolean') return { sort: 'number', number: Number(plain) };
  if (typeof plain === 'string') return { sort: 'text', text: plain };
  return isArray(plain) ? { sort: 'size', number: plain.length } : other;
}

/** A time of day: the only text for which a mean is defined. */
export const timeOfDay = /^(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?Z$/;

/** True when the method has a result for this value. */
function isApplicable(method: AggregateMethod, measure: Measure): boolean {
  if (method === 'totalCount' || method === 'distinctCount') return true;
  switch (measure.sort) {
    case 'number':
      return true;
    case 'size':
      return method !== 'stddev' && method !== 'sumsq';
    case 'text':
      return method === 'min' || method === 'max' || (method === 'avg' && timeOfDay.test(measure.text));
    case 'other':
      return false;
  }
}

/** True for an instance that counts: deletions do not. */
export const isCounted = ({ value, deletedAt }: HistoricInstance): boolean =>
  deletedAt === undefined && value !== ngsildNull;

/** Throws InvalidRequest when there are instances, but none to which a method applies. */
export function checkApplies(methods: readonly AggregateMethod[], histories: readonly EntityHistory[]): void {
  let isAny = false;
  for (const { attrs } of histories)
    for (const instance of Object.values(attrs).flat()) {
      if (instance.summaries) return;
      if (!isCounted(instance)) continue;
      const measure = measureOf(instance);
      if (methods.some((method) => isApplicable(method, measure))) return;
      isAny = true;
    }
  if (isAny)
    throw new Problem(
      'InvalidRequest',
      `The parameter aggrMethods has no method that applies to the values found: ${methods.join(', ')}.`,
    );
}
