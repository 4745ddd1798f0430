/** Chooses the best index for a filter. The index gives a superset of the result, in creation order. */
import type { EntitySelector, Filter, TypeSelection } from '../../../core/language/filter.ts';
import { type IndexCondition, typeTest } from './index-conditions.ts';
import { type ReadConditions, shortestList, testsOfOthers } from './index-readers.ts';
import type { AccessReport } from '../../../core/port/store.ts';
import type { NameReader } from '../names.ts';
import { entitiesBeforeFallback, listLengthMax } from './query-cost.ts';
import type { TimeBudget } from './time-budget.ts';
import { type Pager, pagerOfNums, pagerOfSeveral, type Rows } from './rows.ts';

/** How the candidates of a query are read. */
export interface AccessPath extends Pick<AccessReport, 'access' | 'index'> {
  readonly pager: Pager;
  /** True when every candidate matches, unless it has expired: no check needs its content. */
  readonly isExact: boolean;
  /** The last of `count` candidates after a number, without reading them. Undefined when there are fewer. */
  readonly skip?: (after: number, count: number) => number | undefined;
  /** A second path for when most candidates do not match: it pays off after `after` candidates. */
  readonly fallback?: { readonly after: number; readonly open: () => Promise<Pager> };
}

/** `wanted`: how many results the caller needs, a number of entities or Infinity. */
export interface SearchLimits {
  readonly wanted: number;
  readonly budget: TimeBudget;
}

export type PlanQuery = (filter: Filter, limits: SearchLimits) => Promise<AccessPath>;

interface Indexes {
  readonly names: NameReader;
  readonly rows: Rows;
  readonly conditionsOf: ReadConditions;
}

export function createQueryPlanner({ names, rows, conditionsOf }: Indexes): PlanQuery {
  const typesOf = createTypesReader(names);

  return async (filter, { budget, wanted }) => {
    const conjuncts = conjunctsOf(filter);
    const byId = conjuncts.map(({ selectors }) => selectors && idsIn(selectors)).find((ids) => ids !== undefined);
    if (byId) return { access: 'ids', pager: pagerOfIds(byId, rows), isExact: isByIdOnly(filter) };
    const types = conjuncts.map(typesOf).filter((nums) => nums !== undefined);
    const whole = inCreationOrder(types[0], rows);
    const conditions = conjuncts.flatMap(conditionsOf);
    if (conditions.length === 0) return { ...whole, isExact: isByTypeOnly(filter), ...skipOf(types, rows) };
    const [tests, ordered] = [types.map(typeTest), bestOrdered(conditions)];
    const lengthMax = listLengthMax(ordered, { wanted, total: rows.total() });
    const list = await shortestList(conditions, { budget, tests, lengthMax });
    if (list) return { access: 'list', ...indexOf(list), pager: pagerOfNums(list.nums, rows), isExact: false };
    const inOrder = ordered?.ordered?.(testsOfOthers(conditions, ordered, tests));
    const read: AccessPath = { ...(inOrder ? orderedPath(inOrder, ordered) : whole), isExact: false };
    if (inOrder && conditions.every(({ test }) => test)) return read;
    const open = async (): Promise<Pager> =>
      pagerOfNums((await shortestList(conditions, { budget, tests, lengthMax: Infinity }))?.nums ?? [], rows);
    return { ...read, fallback: { after: entitiesBeforeFallback(lengthMax), open } };
  };
}

const inCreationOrder = (types: readonly number[] | undefined, rows: Rows): Omit<AccessPath, 'isExact'> =>
  types
    ? { access: 'types', pager: pagerOfSeveral(types.map((num) => rows.ofType(num))) }
    : { access: 'all', pager: rows.all };

/** Without an attribute, an index is of places. */
const indexOf = ({ about = 'place' }: { readonly about?: string | undefined } = {}): Pick<AccessReport, 'index'> => ({
  index: about,
});

const orderedPath = (pager: Pager, index: IndexCondition | undefined): Omit<AccessPath, 'isExact'> => ({
  access: 'order',
  ...indexOf(index),
  pager,
});

/** Union of types: an entity may have several of them, and counts once. */
function skipOf(types: readonly (readonly number[])[], rows: Rows): Pick<AccessPath, 'skip'> {
  const [all, ...more] = types;
  if (more.length > 0 || (all && all.length !== 1)) return {};
  return { skip: (after, count) => rows.skip(all?.[0], after, count) };
}

/** The condition whose entities are read in creation order. With one of some values, all rows that are read satisfy it. */
function bestOrdered(conditions: readonly IndexCondition[]): IndexCondition | undefined {
  const ordered = conditions.filter((one) => one.ordered);
  return ordered.find(({ kind }) => kind === 'values') ?? ordered[0];
}

/** The filter and the nested filters that must also match. */
export const conjunctsOf = (filter: Filter): readonly Filter[] => [filter, ...(filter.also ?? []).flatMap(conjunctsOf)];

/** All ids that the selectors allow; undefined when one of them allows any. */
function idsIn(selectors: readonly EntitySelector[]): readonly string[] | undefined {
  const lists = selectors.map(({ ids }) => ids);
  return lists.includes(undefined) ? undefined : lists.flatMap((ids) => ids ?? []);
}

function pagerOfIds(ids: readonly string[], rows: Rows): Pager {
  const nums = [...new Set(ids)].flatMap((id) => rows.byId(id)?.num ?? []);
  return pagerOfNums(
    nums.sort((a, b) => a - b),
    rows,
  );
}

/** True when the filter has only selectors, and these have only ids. */
const isByIdOnly = (filter: Filter): boolean =>
  hasSelectorsOnly(filter) && (filter.selectors?.every(({ types }) => types === undefined) ?? true);

const isByTypeOnly = (filter: Filter): boolean =>
  hasSelectorsOnly(filter) &&
  (filter.selectors?.every(({ ids, idPattern, types }) => !ids && !idPattern && (!types || isUnion(types))) ?? true);

const hasSelectorsOnly = ({ attrs, q, geo, scopeQ, owner, also, anyOf }: Filter): boolean =>
  !attrs && !q && !geo && !scopeQ && owner === undefined && !also && !anyOf;

const isUnion = (types: TypeSelection): boolean =>
  types.op === 'type' || types.op === 'any' || (types.op === 'or' && types.parts.every(isUnion));

/** The types that a filter allows; undefined when it allows any. */
export function createTypesReader(names: NameReader): (filter: Filter) => readonly number[] | undefined {
  return ({ selectors }) => {
    if (!selectors) return undefined;
    const lists = selectors.map(({ types }) => types && typesIn(types));
    if (lists.includes(undefined)) return undefined;
    return [...new Set(lists.flatMap((types) => types ?? []).flatMap((type) => names.numOf(type) ?? []))];
  };
}

/** The types of which a matching entity has at least one; undefined: any type may match. */
function typesIn(selection: TypeSelection): readonly string[] | undefined {
  switch (selection.op) {
    case 'any':
      return undefined;
    case 'type':
      return [selection.type];
    case 'and':
      return selection.parts.map(typesIn).find((types) => types !== undefined);
    case 'or': {
      const lists = selection.parts.map(typesIn);
      return lists.includes(undefined) ? undefined : lists.flatMap((types) => types ?? []);
    }
  }
}
