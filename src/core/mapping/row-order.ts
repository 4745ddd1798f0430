/** Resolves local times in the repeated hour when summer time ends, by the order of an entity's rows. */
import type { MomentRule, Row } from './row.ts';
import { hourMs } from '../model/calendar/offsets.ts';

/** For rows without an order, such as messages of devices: selects the earlier moment. */
export const earlierMoment: MomentRule = { choose: () => (earlier) => earlier, remember: () => undefined };

export interface RowOrder {
  /** For the time of a row. */
  readonly observed: MomentRule;
  /** For all other times in a row. */
  readonly others: MomentRule;
}

/** The previous row of an entity. */
interface Last {
  readonly ms: number;
  /** Positive for rows in ascending order of time, negative for rows in descending order, 0 when unknown. */
  readonly step: number;
}

/** The maximum number of entities whose previous row is kept. */
const entitiesMax = 1_000_000;

/** Rows with a greater distance in time do not help to resolve the hour. */
const nearMs = 3 * hourMs;

/**
 * The rules for rows of a file. The rows of each entity are in ascending or descending order of time; rows of different entities can
 * alternate.
 */
export function createRowOrder(idOf: (row: Row) => string | undefined): RowOrder {
  const lasts = new Map<string | undefined, Last>();
  let observed: { readonly row: Row; readonly ms: number } | undefined;
  return {
    observed: {
      choose: (row) => (earlier, later) => follow(lasts.get(idOf(row)), earlier, later),
      remember(row, ms) {
        const id = idOf(row);
        const last = lasts.get(id);
        if (lasts.size >= entitiesMax) lasts.clear();
        lasts.set(id, { ms, step: last === undefined ? 0 : ms - last.ms || last.step });
        observed = { row, ms };
      },
    },
    others: {
      choose: (row) => (earlier, later) => (observed?.row === row ? nearest(observed.ms, earlier, later) : earlier),
      remember: () => undefined,
    },
  };
}

/** The first of two moments that continues from the previous row in its direction; the earlier moment when the previous row is not near. */
function follow(last: Last | undefined, earlier: number, later: number): number {
  if (last === undefined || Math.abs(last.ms - later) > nearMs) return earlier;
  const { ms, step } = last;
  if (step > 0) return earlier > ms ? earlier : later;
  if (step < 0) return later < ms ? later : earlier;
  return earlier !== ms && (later === ms || ms - earlier < later - ms) ? earlier : later;
}

/** The moment nearer to `ms`; the earlier moment when it is not near. */
const nearest = (ms: number, earlier: number, later: number): number =>
  Math.abs(ms - earlier) > nearMs || Math.abs(ms - earlier) <= Math.abs(ms - later) ? earlier : later;
