/** Chooses the best index for a filter. The index gives a superset of the result, in creation order. */
import type { EntitySelector, Filter, TypeSelection } from '../../../core/language/filter.ts';
import { type IndexReaders, shortest } from './index-readers.ts';
import type { NameReader } from '../names.ts';
import { cheapListLength, entitiesBeforeFallback, listLengthMax } from './query-cost.ts';
import type { TimeBudget } from './time-budget.ts';
import { type Pager, pagerOfNums, pagerOfSeveral, type Rows } from './rows.ts';

/** How the candidates of a query are read. */
export interface AccessPath {
  readonly pager: Pager;
  /** True when every candidate matches, unless it has expired: no check needs its content. */
  readonly isExact: boolean;
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
  readonly lists: IndexReaders;
}

export function createQueryPlanner({ names, rows, lists }: Indexes): PlanQuery {
  const typed = createTyped({ names, rows });

  return async (filter, { budget, wanted }) => {
    const conjuncts = conjunctsOf(filter);
    const byId = conjuncts.map(({ selectors }) => selectors && idsIn(selectors)).find((ids) => ids !== undefined);
    if (byId) return { pager: pagerOfIds(byId, rows), isExact: isByIdOnly(filter) };
    const readers = conjuncts.flatMap(lists.readers);
    const ordered = conjuncts.map(lists.ordered).find((pager) => pager !== undefined);
    const lengthMax = ordered && wanted < Infinity ? cheapListLength : listLengthMax(wanted, rows.total());
    const list = await shortest(readers, { budget, lengthMax });
    if (list) return { pager: pagerOfNums(list, rows), isExact: false };
    const pager = ordered ?? conjuncts.map(typed).find((one) => one !== undefined) ?? rows.all;
    if (readers.length === 0) return { pager, isExact: isByTypeOnly(filter) };
    const open = async (): Promise<Pager> =>
      pagerOfNums((await shortest(readers, { budget, lengthMax: Infinity })) ?? [], rows);
    return { pager, isExact: false, fallback: { after: entitiesBeforeFallback(lengthMax), open } };
  };
}

/** The filter and the nested filters that must also match. */
const conjunctsOf = (filter: Filter): readonly Filter[] => [filter, ...(filter.also ?? []).flatMap(conjunctsOf)];

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

const hasSelectorsOnly = ({ attrs, q, geo, scopeQ, also, anyOf }: Filter): boolean =>
  !attrs && !q && !geo && !scopeQ && !also && !anyOf;

const isUnion = (types: TypeSelection): boolean =>
  types.op === 'type' || types.op === 'any' || (types.op === 'or' && types.parts.every(isUnion));

/** The pager of the types that a filter allows; undefined when it allows any. */
function createTyped({ names, rows }: { names: NameReader; rows: Rows }): (filter: Filter) => Pager | undefined {
  return ({ selectors }) => {
    if (!selectors) return undefined;
    const lists = selectors.map(({ types }) => types && typesIn(types));
    if (lists.includes(undefined)) return undefined;
    const nums = new Set(lists.flatMap((types) => types ?? []).flatMap((type) => names.numOf(type) ?? []));
    return pagerOfSeveral([...nums].map((num) => rows.ofType(num)));
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
