/** Finds out which attributes want an index over their values. */
import type { Filter } from '../../../core/language/filter.ts';
import { indexTerms } from '../writer/index-terms.ts';
import type { SendJob } from '../writer/writer.ts';

/** So many entities a query must have looked at before it counts as one that wants an index. */
const manyLooked = 500;

/** So many such queries before the index is made. */
const manyQueries = 3;

/** How many attributes are remembered: those asked for last. */
const rememberedMax = 1000;

/** Asks for the index of an attribute when queries keep looking at many entities for want of it. */
export function createIndexAdvisor(send: SendJob): (filter: Filter, looked: number) => void {
  const queries = new Map<string, number>();
  return ({ q }, looked) => {
    if (!q || looked < manyLooked) return;
    for (const { attr } of indexTerms(q)) {
      const count = (queries.get(attr) ?? 0) + 1;
      // The last in the map is the one that was asked for last.
      queries.delete(attr);
      queries.set(attr, count);
      const [oldest] = queries.keys();
      if (queries.size > rememberedMax && oldest !== undefined) queries.delete(oldest);
      // Nobody waits for it: when it is refused now, the next query asks again.
      if (count >= manyQueries && count % manyQueries === 0) send({ op: 'index', name: attr }).catch(() => undefined);
    }
  };
}
