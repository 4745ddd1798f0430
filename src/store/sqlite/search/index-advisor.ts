/** Decides which attributes need an index over their values. */
import type { Filter } from '../../../core/language/filter.ts';
import { indexTerms } from '../writer/index-terms.ts';
import type { SendJob } from '../writer/writer.ts';

/** A query that reads at least this many entities counts as slow. */
const manyLooked = 500;

/** The number of slow queries after which the index is created. */
const manyQueries = 3;

/** The number of attributes with a count; least recently queried ones are dropped. */
const rememberedMax = 1000;

/** Requests an index for an attribute when queries that filter by it, or are ordered by it, keep reading many entities. */
export function createIndexAdvisor(send: SendJob): (filter: Filter, looked: number, orderedBy?: string) => void {
  const queries = new Map<string, number>();
  return ({ q }, looked, orderedBy) => {
    if (looked < manyLooked) return;
    const filtered = q ? indexTerms(q).map(({ attr }) => attr) : [];
    for (const attr of [...filtered, ...(orderedBy === undefined ? [] : [orderedBy])]) {
      const count = (queries.get(attr) ?? 0) + 1;
      // Keeps the map in the order of last use.
      queries.delete(attr);
      queries.set(attr, count);
      const [oldest] = queries.keys();
      if (queries.size > rememberedMax && oldest !== undefined) queries.delete(oldest);
      // Nothing waits for the index. After a refusal, the next query requests it again.
      if (count >= manyQueries && count % manyQueries === 0) send({ op: 'index', name: attr }).catch(() => undefined);
    }
  };
}
