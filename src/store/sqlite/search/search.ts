/** Finds and counts present entities: reads candidates from an index and checks them with the core's predicate. */
import type { Filter } from '../../../core/language/filter.ts';
import { compileFilter } from '../../../core/language/matches/matches.ts';
import { compilePattern } from '../../../core/language/pattern/pattern.ts';
import { beginSteps } from '../../../core/language/step-count.ts';
import type { Entity } from '../../../core/model/entity.ts';
import { microsOfInstant } from '../../../core/model/instant.ts';
import type { YieldToEventLoop } from '../../../core/port/clock.ts';
import { createHeldContent } from '../../../core/port/held-content.ts';
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
  readonly rows: Pick<Rows, 'whole' | 'hasExpired'>;
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
      const start = startOf(accessPath, { after, offset, hasExpired: () => rows.hasExpired(microsOfInstant(now)) });
      if (!start) return [];
      let { toSkip } = start;
      const find = isLazy ? lazily(check) : check;
      const hasRoom = createHeldContent();
      const looked = await walk(accessPath, { after: start.after, budget, wanted }, (row) => {
        const stored = find(row, accessPath.isExact);
        if (stored && toSkip > 0) toSkip -= 1;
        else if (stored) found.push(!isLazy || hasRoom(stored.held ?? 0) ? stored : lazyIn(row));
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
