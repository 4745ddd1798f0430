/**
 * Finds entities in an order by their values (clause 4.23): those of one page when the store has an index in this order. Otherwise reads all
 * matches, but keeps only enough for one page.
 */
import {
  type Comparison,
  compileOrder,
  type Order,
  orderedNumber,
  type SortKey,
  valueOrderOf,
} from '../language/order.ts';
import type { Plan, Stored } from '../port/store.ts';
import { createContentOf } from './content.ts';
import type { CallContext } from './operation.ts';

/** The parameters that define the order. */
export const orderParameters = ['orderBy', 'collation', 'orderFrom', 'orderGeometry'] as const;

/** Entities read per call of the store. */
const pageSize = 500;

interface Candidate {
  readonly stored: Stored;
  readonly key: SortKey;
}

/** The entities up to the end of a page that are read from an index: their content is held. */
const indexedMax = 2000;

/** The page of the plan in this order. Entities that are equal in it are in the order of their creation. */
export async function findOrdered(plan: Plan, order: Order, call: CallContext): Promise<readonly Stored[]> {
  return (await findByIndex(plan, order, call)) ?? findAmongAll(plan, order, call);
}

/**
 * The page as an index has it. Undefined when no index has the whole page, or when the caller does not see the values by which it is in this
 * order.
 */
async function findByIndex(plan: Plan, order: Order, call: CallContext): Promise<readonly Stored[] | undefined> {
  const byValue = valueOrderOf(order);
  const { offset = 0, limit } = plan;
  if (!byValue || offset + limit > indexedMax) return undefined;
  const found = await call.store.find({ ...plan, byValue, offset: 0, limit: offset + limit });
  if (found.length < offset + limit) return undefined;
  const content = createContentOf(plan.filter, call);
  for (const stored of found) {
    const pause = call.services.yieldToEventLoop();
    if (pause) await pause;
    const known = stored.place === undefined ? undefined : await content(stored);
    if (!known || orderedNumber(known.entity(), byValue.attr) !== stored.place) return undefined;
  }
  return found.slice(offset);
}

async function findAmongAll(plan: Plan, order: Order, call: CallContext): Promise<readonly Stored[]> {
  const { offset = 0, limit } = plan;
  const comparison = compileOrder(order);
  const best: Candidate[] = [];
  const content = createContentOf(plan.filter, call);
  let after: number | undefined;
  for (;;) {
    const found = await call.store.find({
      ...plan,
      offset: 0,
      limit: pageSize,
      ...(after === undefined ? undefined : { after }),
    });
    for (const stored of found) {
      const pause = call.services.yieldToEventLoop();
      if (pause) await pause;
      const known = await content(stored);
      if (known) insertCandidate(best, candidateOf(known, comparison), { comparison, most: offset + limit });
    }
    after = found.at(-1)?.cursor;
    if (found.length < pageSize) return best.slice(offset).map(({ stored }) => stored);
  }
}

/** An entity in the list of the best is held without its content: the list may be long, and most of it is not of the page. */
function candidateOf(stored: Stored, comparison: Comparison): Candidate {
  const { size = stored.held } = stored;
  const key = comparison.keyOf(stored.entity());
  if (size === undefined) return { stored, key };
  const { id, version, cursor } = stored;
  const refuse = (): never => notHeld(id);
  return { key, stored: { id, version, cursor, size, types: refuse, entity: refuse } };
}

function notHeld(id: string): never {
  throw new Error(`The content of ${id} is not held; it has to be read.`);
}

/** Inserts an entity after all entities that sort before or equal to it, and drops what is beyond the page. */
function insertCandidate(
  best: Candidate[],
  placed: Candidate,
  { comparison, most }: { comparison: Comparison; most: number },
): void {
  let [low, high] = [0, best.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = best[middle];
    if (other && comparison.compare(other.key, placed.key) <= 0) low = middle + 1;
    else high = middle;
  }
  if (low >= most) return;
  best.splice(low, 0, placed);
  if (best.length > most) best.pop();
}
