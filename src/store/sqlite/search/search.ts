/** Finds and counts present entities: reads candidates from an index and checks them with the core's predicate. */
import { microsOfInstant } from '../../../core/model/instant.ts';
import { createHeldContent } from '../../../core/port/held-content.ts';
import type { AccessReport, Plan, Stored } from '../../../core/port/store.ts';
import { compileCheck, lazily } from './check.ts';
import { findInOrder, type OrderSources } from './find-in-order.ts';
import type { AccessPath, PlanQuery, SearchLimits } from './query-planner.ts';
import { createTimeBudget } from './time-budget.ts';
import { type EntityRow, lazyIn, type Rows } from './rows.ts';

/** Rows per page. */
const pageSize = 100;

export interface Search {
  find(plan: Plan): Promise<readonly Stored[]>;
  count(plan: Plan): Promise<number>;
}

interface Sources extends OrderSources {
  readonly planQuery: PlanQuery;
  readonly rows: Pick<Rows, 'whole' | 'hasExpired' | 'byNum' | 'total'>;
}

export function createSearch(sources: Sources): Search {
  return {
    find: (plan) => (plan.byValue ? findInOrder(plan, plan.byValue, sources) : find(plan, sources)),
    count: (plan) => count(plan, sources),
  };
}

async function find(
  { filter, limit, offset = 0, after = 0, now, isLazy = false, onDone }: Plan,
  { planQuery, rows, yieldToEventLoop, onRead }: Sources,
): Promise<readonly Stored[]> {
  const budget = createTimeBudget(yieldToEventLoop);
  const check = compileCheck({ filter, now }, rows);
  if (limit <= 0) return [];
  const wanted = limit + offset;
  const accessPath = await planQuery(filter, { budget, wanted });
  const found: Stored[] = [];
  const start = startOf(accessPath, { after, offset, hasExpired: () => rows.hasExpired(microsOfInstant(now)) });
  if (!start) return [];
  let { toSkip } = start;
  const one = isLazy ? lazily(check) : check;
  const hasRoom = createHeldContent();
  const looked = await walk(accessPath, { after: start.after, budget, wanted }, (row) => {
    const stored = one(row, accessPath.isExact);
    if (stored && toSkip > 0) toSkip -= 1;
    else if (stored) found.push(!isLazy || hasRoom(stored.held ?? 0) ? stored : lazyIn(row));
    return found.length < limit;
  });
  if (!accessPath.isExact) onRead(filter, looked);
  onDone?.(reportOf(accessPath, looked));
  return found;
}

async function count(
  { filter, now, onDone }: Plan,
  { planQuery, rows, yieldToEventLoop, onRead }: Sources,
): Promise<number> {
  const budget = createTimeBudget(yieldToEventLoop);
  const check = compileCheck({ filter, now }, rows);
  const accessPath = await planQuery(filter, { budget, wanted: Infinity });
  const { isExact } = accessPath;
  const moment = microsOfInstant(now);
  let counted = 0;
  const looked = await walk(accessPath, { after: 0, budget, wanted: Infinity }, (row) => {
    const isSure = isExact && (row.expires === null || row.expires > moment);
    if (isSure || check(row, isExact)) counted += 1;
    return true;
  });
  if (!isExact) onRead(filter, looked);
  onDone?.(reportOf(accessPath, looked));
  return counted;
}

const reportOf = ({ access, index }: AccessPath, read: number): AccessReport => ({
  access,
  ...(index === undefined ? undefined : { index }),
  read,
});

interface Start {
  readonly after: number;
  readonly toSkip: number;
}

/** Where to start, and how many results to skip there. Undefined: there are fewer. */
function startOf(
  { isExact, skip }: AccessPath,
  {
    after,
    offset,
    hasExpired,
  }: { readonly after: number; readonly offset: number; readonly hasExpired: () => boolean },
): Start | undefined {
  if (!isExact || !skip || offset === 0 || hasExpired()) return { after, toSkip: offset };
  const last = skip(after, offset);
  return last === undefined ? undefined : { after: last, toSkip: 0 };
}

const pageSizeOf = ({ isExact }: Pick<AccessPath, 'isExact'>, wanted: number): number =>
  isExact ? Math.min(wanted, pageSize) : pageSize;

/** Passes candidates to `visit` until it returns false. Returns the number of candidates. */
async function walk(
  { pager, fallback, ...accessPath }: AccessPath,
  { after, budget, wanted }: SearchLimits & { readonly after: number },
  visit: (row: EntityRow) => boolean,
): Promise<number> {
  const size = pageSizeOf(accessPath, wanted);
  let [pages, last, seen] = [pager, after, 0];
  for (;;) {
    const { rows, next } = pages(last, size);
    for (const row of rows) {
      const pause = budget();
      if (pause) await pause;
      seen += 1;
      if (!visit(row)) return seen;
    }
    if (next === undefined) return seen;
    last = next;
    // A page without rows takes time too.
    const pause = budget();
    if (pause) await pause;
    if (fallback && pages === pager && seen > fallback.after) pages = await fallback.open();
  }
}
