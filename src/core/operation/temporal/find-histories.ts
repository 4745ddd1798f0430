/** Finds the histories of a temporal query: one page, with count and order (clause 5.7.4.4). */
import { compareBy } from '../../language/collation.ts';
import { type EntityHistory, weightOf } from '../../model/history.ts';
import { type HistorySelection, histories, tooManyInstances } from '../../port/histories.ts';
import type { CallContext } from '../operation.ts';

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

function inOrder(
  found: readonly EntityHistory[],
  orderBy: string,
  { services }: CallContext,
): readonly EntityHistory[] {
  const compare = compareBy(services.collation);
  const sorted = [...found].sort((a, b) => compare(a.id, b.id));
  return orderBy.endsWith('desc') ? sorted.reverse() : sorted;
}
