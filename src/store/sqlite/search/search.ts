/** Finds and counts present entities: reads candidates from an index and checks them with the core's predicate. */
import type { Filter } from '../../../core/language/filter.ts';
import { compileFilter } from '../../../core/language/matches/matches.ts';
import { compilePattern } from '../../../core/language/pattern/pattern.ts';
import { beginSteps } from '../../../core/language/step-count.ts';
import type { Entity } from '../../../core/model/entity.ts';
import { microsOfInstant } from '../../../core/model/instant.ts';
import type { YieldToEventLoop } from '../../../core/port/clock.ts';
import type { Plan, Stored } from '../../../core/port/store.ts';
import type { AccessPath, PlanQuery, SearchLimits } from './query-planner.ts';
import { createTimeBudget } from './time-budget.ts';
import { entityAt, type EntityRow, lazyIn, type Rows, storedIn, type WholeRow } from './rows.ts';

/** Rows per page. */
const pageSize = 100;

export interface Search {
  find(plan: Plan): Promise<readonly Stored[]>;
  count(plan: Plan): Promise<number>;
}

interface Sources {
  readonly planQuery: PlanQuery;
  readonly rows: Pick<Rows, 'whole'>;
  readonly yieldToEventLoop: YieldToEventLoop;
  /** Gets the number of entities that a query read. */
  readonly onRead: (filter: Filter, entities: number) => void;
}

export function createSearch({ planQuery, rows, yieldToEventLoop, onRead }: Sources): Search {
  return {
    async find({ filter, limit, offset = 0, after = 0, now, isLazy = false }) {
      const budget = createTimeBudget(yieldToEventLoop);
      const check = compileCheck({ filter, now }, rows);
      if (limit <= 0) return [];
      const wanted = limit + offset;
      const accessPath = await planQuery(filter, { budget, wanted });
      const found: Stored[] = [];
      let toSkip = offset;
      const find = isLazy ? lazily(check) : check;
      const looked = await walk(accessPath, { after, budget, wanted }, (row) => {
        const stored = find(row, accessPath.isExact);
        if (stored && toSkip > 0) toSkip -= 1;
        else if (stored) found.push(stored);
        return found.length < limit;
      });
      if (!accessPath.isExact) onRead(filter, looked);
      return found;
    },
    async count({ filter, now }) {
      const budget = createTimeBudget(yieldToEventLoop);
      const check = compileCheck({ filter, now }, rows);
      const accessPath = await planQuery(filter, { budget, wanted: Infinity });
      const { isExact } = accessPath;
      const moment = microsOfInstant(now);
      let count = 0;
      const looked = await walk(accessPath, { after: 0, budget, wanted: Infinity }, (row) => {
        const isSure = isExact && (row.expires === null || row.expires > moment);
        if (isSure || check(row, isExact)) count += 1;
        return true;
      });
      if (!isExact) onRead(filter, looked);
      return count;
    },
  };
}

/** Passes candidates to `visit` until it returns false. Returns the number of candidates. */
async function walk(
  { pager, isExact, fallback }: AccessPath,
  { after, budget, wanted }: SearchLimits & { readonly after: number },
  visit: (row: EntityRow) => boolean,
): Promise<number> {
  const size = isExact ? Math.min(wanted, pageSize) : pageSize;
  let [pages, last, seen] = [pager, after, 0];
  for (;;) {
    const page = pages(last, size);
    for (const row of page) {
      const pause = budget();
      if (pause) await pause;
      seen += 1;
      last = row.num;
      if (!visit(row)) return seen;
    }
    if (page.length < size) return seen;
    if (fallback && pages === pager && seen > fallback.after) pages = await fallback.open();
  }
}

/** The search result for a row, or undefined. An exact candidate is checked for expiry only. */
type Check = (row: EntityRow, isExact: boolean) => Stored | undefined;

function compileCheck({ filter, now }: Pick<Plan, 'filter' | 'now'>, rows: Pick<Rows, 'whole'>): Check {
  const matches = compileFilter(filter);
  const mayBe = compileIdCheck(filter);
  const checkWhole = (row: WholeRow): Stored | undefined => {
    const entity: Entity | undefined = entityAt(row, now);
    return entity && matches(entity) ? storedIn(row, now, entity) : undefined;
  };
  return (row, isExact) => {
    if (!isExact && !mayBe(row.id)) return undefined;
    const whole = rows.whole(row);
    return whole && (isExact ? storedIn(whole, now) : checkWhole(whole));
  };
}

/** The same check, which returns large entities without their content. */
const lazily =
  (check: Check): Check =>
  (row, isExact) => {
    if (row.doc !== null) return check(row, isExact);
    const isSure = isExact && row.expires === null;
    return isSure || check(row, isExact) ? lazyIn(row) : undefined;
  };

/** Checks the id alone. With a pattern of ids, most entities need not be read. */
function compileIdCheck({ selectors }: Filter): (id: string) => boolean {
  const checks = selectors?.map(({ ids, idPattern }) =>
    ids || !idPattern ? () => true : compilePattern(idPattern.source),
  );
  return (id) => {
    beginSteps();
    return checks?.some((check) => check(id)) ?? true;
  };
}
