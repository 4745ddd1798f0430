/** Finds and counts present entities: candidates from an index, checked by the core's predicate. */
import type { Filter } from '../../core/language/filter.ts';
import { compileFilter } from '../../core/language/matches.ts';
import { compilePattern } from '../../core/language/pattern.ts';
import type { Entity } from '../../core/model/entity.ts';
import { type Instant, microsOfInstant } from '../../core/model/instant.ts';
import type { Breathe } from '../../core/port/clock.ts';
import type { Plan, Stored } from '../../core/port/store.ts';
import type { Choose } from './candidates.ts';
import { createPace, type Pace } from './pace.ts';
import { entityAt, type EntityRow, type Pager, storedIn } from './rows.ts';

/** Rows that are read at once. */
const pageSize = 100;

export interface Search {
  find(plan: Plan): Promise<readonly Stored[]>;
  count(plan: Plan): Promise<number>;
}

interface Sources {
  readonly choose: Choose;
  readonly breathe: Breathe;
  /** Told how many entities a query had to look at. */
  readonly onLooked: (filter: Filter, entities: number) => void;
}

export function createSearch({ choose, breathe, onLooked }: Sources): Search {
  return {
    async find({ filter, limit, offset = 0, after = 0, now }) {
      const pace = createPace(breathe);
      const check = compileCheck(filter, now);
      const { pager, isExact } = await choose(filter, { pace, isExhaustive: false });
      const found: Stored[] = [];
      let toSkip = offset;
      const visit = (row: EntityRow): boolean => {
        const stored = isExact ? storedIn(row, now) : check(row);
        if (stored && toSkip > 0) toSkip -= 1;
        else if (stored) found.push(stored);
        return found.length < limit;
      };
      const looked =
        limit > 0 ? await walk(pager, { after, pace, size: isExact ? limit + offset : pageSize }, visit) : 0;
      if (!isExact) onLooked(filter, looked);
      return found;
    },
    async count({ filter, now }) {
      const pace = createPace(breathe);
      const check = compileCheck(filter, now);
      const { pager, isExact } = await choose(filter, { pace, isExhaustive: true });
      const moment = microsOfInstant(now);
      let count = 0;
      const looked = await walk(pager, { after: 0, pace, size: pageSize }, (row) => {
        const isSure = isExact && (row.expires === null || row.expires > moment);
        if (isSure || (isExact ? storedIn(row, now) : check(row))) count += 1;
        return true;
      });
      if (!isExact) onLooked(filter, looked);
      return count;
    },
  };
}

/** Shows rows to `visit` until that answers false. Answers how many it has seen. */
async function walk(
  pager: Pager,
  { after, pace, size }: { after: number; pace: Pace; size: number },
  visit: (row: EntityRow) => boolean,
): Promise<number> {
  const wanted = Math.max(1, Math.min(size, pageSize));
  let last = after;
  for (let seen = 0; ; ) {
    const page = pager(last, wanted);
    for (const row of page) {
      const pause = pace();
      if (pause) await pause;
      seen += 1;
      last = row.num;
      if (!visit(row)) return seen;
    }
    if (page.length < wanted) return seen;
  }
}

/** The check of one row: the entity as found, or undefined. */
function compileCheck(filter: Filter, now: Instant): (row: EntityRow) => Stored | undefined {
  const matches = compileFilter(filter);
  const mayBe = compileIdCheck(filter);
  return (row) => {
    if (!mayBe(row.id)) return undefined;
    const entity: Entity | undefined = entityAt(row, now);
    return entity && matches(entity) ? storedIn(row, now, entity) : undefined;
  };
}

/** What the id alone tells, so that most entities need not be read when a pattern of ids is asked for. */
function compileIdCheck({ selectors }: Filter): (id: string) => boolean {
  const checks = selectors?.map(({ ids, idPattern }) =>
    ids || !idPattern ? () => true : compilePattern(idPattern.source),
  );
  return (id) => checks?.some((check) => check(id)) ?? true;
}
