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
      if (limit <= 0) return [];
      const pace = createPace(breathe);
      const check = compileCheck(filter, now);
      const { pager, isExact } = await choose(filter, { pace, isExhaustive: false });
      const found: Stored[] = [];
      let [toSkip, looked] = [offset, 0];
      for await (const row of rowsOf(pager, { after, pace, size: isExact ? limit + offset : pageSize })) {
        looked += 1;
        const stored = isExact ? storedIn(row, now) : check(row);
        if (!stored) continue;
        if (toSkip > 0) toSkip -= 1;
        else found.push(stored);
        if (found.length >= limit) break;
      }
      if (!isExact) onLooked(filter, looked);
      return found;
    },
    async count({ filter, now }) {
      const pace = createPace(breathe);
      const check = compileCheck(filter, now);
      const { pager, isExact } = await choose(filter, { pace, isExhaustive: true });
      const moment = microsOfInstant(now);
      let [count, looked] = [0, 0];
      for await (const row of rowsOf(pager, { after: 0, pace, size: pageSize })) {
        looked += 1;
        const isSure = isExact && (row.expires === null || row.expires > moment);
        if (isSure || (isExact ? storedIn(row, now) : check(row))) count += 1;
      }
      if (!isExact) onLooked(filter, looked);
      return count;
    },
  };
}

async function* rowsOf(
  pager: Pager,
  { after, pace, size }: { after: number; pace: Pace; size: number },
): AsyncGenerator<EntityRow, void, void> {
  let last = after;
  const wanted = Math.max(1, Math.min(size, pageSize));
  for (;;) {
    const page = pager(last, wanted);
    for (const row of page) {
      const pause = pace();
      if (pause) await pause;
      yield row;
      last = row.num;
    }
    if (page.length < wanted) return;
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
  const checks = selectors?.map(({ ids, idPattern }) => (ids || !idPattern ? () => true : compilePattern(idPattern.source)));
  return (id) => checks?.some((check) => check(id)) ?? true;
}
