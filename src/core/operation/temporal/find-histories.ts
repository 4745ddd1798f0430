/** Finds the histories of a temporal query: one page, with count and order (clause 5.7.4.4). */
import { compareBy } from '../../language/collation.ts';
import type { Filter } from '../../language/filter.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import type { Entity } from '../../model/entity.ts';
import { type EntityHistory, weightOf } from '../../model/history.ts';
import { Problem } from '../../model/problem.ts';
import type { HistoryPlan } from '../../port/store.ts';
import type { CallContext } from '../operation.ts';
import { withinScopes } from './scopes.ts';

/** Which histories, and which part of each. */
export interface HistorySelection {
  readonly filter: Filter;
  readonly parts: Omit<HistoryPlan, 'filter' | 'limit'>;
}

/** Which page. */
interface HistoryPage {
  readonly limit: number;
  readonly offset: number;
  readonly isCounted: boolean;
  readonly orderBy: string | undefined;
}

/** The page, and the number of histories. When the count is not wanted, counting stops one history after the page. */
export async function findHistories(
  asked: HistorySelection,
  { limit, offset, isCounted, orderBy }: HistoryPage,
  call: CallContext,
): Promise<{ readonly found: readonly EntityHistory[]; readonly count: number }> {
  const all = Number.MAX_SAFE_INTEGER;
  const end = offset + limit;
  const [first, last] = orderBy === undefined ? [offset + 1, end] : [1, all];
  const wanted = isCounted || orderBy !== undefined ? all : end + 1;
  const kept: EntityHistory[] = [];
  const collect = createCollector(kept, call);
  let count = 0;
  for await (const history of histories(asked, wanted, call)) {
    count += 1;
    if (count >= first && count <= last) collect(history);
    if (count >= wanted) break;
  }
  return { found: orderBy === undefined ? kept : inOrder(kept, orderBy, call).slice(offset, end), count };
}

/** Collects histories for the answer. Throws TooManyResults when they have more instances than one answer may be computed from. */
function createCollector(kept: EntityHistory[], { services }: CallContext): (history: EntityHistory) => void {
  let left = services.limits.instancesMax;
  return (history) => {
    for (const instances of Object.values(history.attrs)) left -= weightOf(instances);
    if (left < 0) throw tooManyInstances(services.limits.instancesMax);
    kept.push(history);
  };
}

export const tooManyInstances = (most: number): Problem =>
  new Problem(
    'TooManyResults',
    `The answer would be made of more than ${most} instances; narrow the interval, or use lastN.`,
  );

function inOrder(
  found: readonly EntityHistory[],
  orderBy: string,
  { services }: CallContext,
): readonly EntityHistory[] {
  const compare = compareBy(services.collation);
  const sorted = [...found].sort((a, b) => compare(a.id, b.id));
  return orderBy.endsWith('desc') ? sorted.reverse() : sorted;
}

/** Entities read per call when a filter on values is checked against the instances in the interval. */
const pageSize = 200;

/** All matching histories; the caller stops after `wanted`. Filters on values apply to the instances in the interval. */
async function* histories(
  { filter, parts }: HistorySelection,
  wanted: number,
  call: CallContext,
): AsyncGenerator<EntityHistory> {
  const { q, geo, scopeQ, ...rest } = filter;
  if (!q && !geo && !scopeQ) {
    for await (const page of pages({ ...parts, filter, limit: wanted }, call)) yield* page;
    return;
  }
  const matches = compileFilter({ ...(q ? { q } : undefined), ...(geo ? { geo } : undefined) });
  // Values and scopes belong to instances: rollups do not have them.
  const { attrs, rollup: _rollup, limitEach: _each, ...whole } = parts;
  for await (const page of pages({ ...whole, filter: rest, limit: pageSize }, call)) {
    const scoped = scopeQ ? await withinScopes(page, { scopeQ, temporal: parts.temporal }, call) : page;
    yield* scoped.filter((history) => matches(asEntity(history))).map((history) => narrowed(history, attrs));
  }
}

/** Pages of complete histories. When a page has too many instances, the store truncates its last history; that one is read again. */
async function* pages(plan: HistoryPlan, { store, services }: CallContext): AsyncGenerator<readonly EntityHistory[]> {
  let offset = 0;
  for (;;) {
    const found = await store.history({ ...plan, offset });
    const whole = found.filter(({ truncated }) => !truncated);
    if (whole.length === 0 && found.length > 0) throw tooManyInstances(services.limits.instancesMax);
    yield whole;
    offset += whole.length;
    if (whole.length === found.length && found.length < plan.limit) return;
  }
}

/** The instances of an interval as one entity: each of them may match. */
const asEntity = ({ id, types, attrs }: EntityHistory): Entity => ({
  id,
  types,
  attrs,
  createdAt: '1970-01-01T00:00:00Z',
});

function narrowed(history: EntityHistory, attrs: readonly string[] | undefined): EntityHistory {
  if (!attrs) return history;
  const named = new Set(attrs);
  return { ...history, attrs: Object.fromEntries(Object.entries(history.attrs).filter(([name]) => named.has(name))) };
}
