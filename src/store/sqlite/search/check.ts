/** Checks rows with the core's predicate, and makes results of those that match. */
import type { Filter } from '../../../core/language/filter.ts';
import { compileFilter } from '../../../core/language/matches/matches.ts';
import { compilePattern } from '../../../core/language/pattern/pattern.ts';
import { beginSteps } from '../../../core/language/step-count.ts';
import type { Entity } from '../../../core/model/entity.ts';
import type { Plan, Stored } from '../../../core/port/store.ts';
import { entityAt, type EntityRow, lazyIn, type Rows, storedIn, type WholeRow } from './rows.ts';

/** The search result for a row, or undefined. An exact candidate is checked for expiry only. */
export type Check = (row: EntityRow, isExact: boolean) => Stored | undefined;

export function compileCheck({ filter, now }: Pick<Plan, 'filter' | 'now'>, rows: Pick<Rows, 'whole'>): Check {
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
export const lazily =
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
