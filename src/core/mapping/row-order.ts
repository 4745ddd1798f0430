/** Which moment a row means by a time in the hour that comes twice in autumn: the order of an entity's rows tells. */
import type { MomentRule, Row } from './row.ts';
import { hourMs } from './time-zone.ts';

/** For rows in no order, such as messages of devices: the earlier moment. */
export const earlierMoment: MomentRule = { choose: () => (earlier) => earlier, remember: () => undefined };

export interface RowOrder {
  /** For the time of a row. */
  readonly observed: MomentRule;
  /** For all other times in it. */
  readonly others: MomentRule;
}

/** The last row of an entity. */
interface Last {
  readonly ms: number;
  /** Above zero where rows come in the order of time, below where they come in the opposite one; 0: not known yet. */
  readonly step: number;
}

/** Entities whose last row is remembered. */
const entitiesMax = 1_000_000;

/** Rows that are further apart say nothing of each other's hour. */
const nearMs = 3 * hourMs;

/** The rules for rows of a file, which come in the order of time or in the opposite one, whichever entities they are of. */
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

/** The first of two moments that goes on from the last row in its direction; the earlier one where no row is near. */
function follow(last: Last | undefined, earlier: number, later: number): number {
  if (last === undefined || Math.abs(last.ms - later) > nearMs) return earlier;
  const { ms, step } = last;
  if (step > 0) return earlier > ms ? earlier : later;
  if (step < 0) return later < ms ? later : earlier;
  return earlier !== ms && (later === ms || ms - earlier < later - ms) ? earlier : later;
}

/** The moment that is nearer to another one; the earlier one where that is not near. */
const nearest = (ms: number, earlier: number, later: number): number =>
  Math.abs(ms - earlier) > nearMs || Math.abs(ms - earlier) <= Math.abs(ms - later) ? earlier : later;
