/** Finds entities in the order of the numbers of an attribute, by an index over its values. */
import type { Filter } from '../../../core/language/filter.ts';
import { orderedNumber } from '../../../core/language/order.ts';
import type { YieldToEventLoop } from '../../../core/port/clock.ts';
import { createHeldContent } from '../../../core/port/held-content.ts';
import type { Plan, Stored, ValueOrder } from '../../../core/port/store.ts';
import { type Check, compileCheck } from './check.ts';
import { createTimeBudget, type TimeBudget } from './time-budget.ts';
import { type EntityRow, lazyIn, type Rows } from './rows.ts';
import type { Placed, ReadInOrder } from './value-order.ts';

export interface OrderSources {
  readonly readInOrder: ReadInOrder;
  readonly rows: Pick<Rows, 'whole' | 'byNum' | 'total'>;
  readonly yieldToEventLoop: YieldToEventLoop;
  /** Gets the number of entities that a query read. `orderedBy`: the attribute by which they are ordered. */
  readonly onRead: (filter: Filter, entities: number, orderedBy?: string) => void;
}

/** Rows of an index that may be read beside the wanted entities. Beyond this, most entities of the order do not match the filter. */
const othersMax = 10_000;

/** The first entities in the order of a value. None when no index has it, fewer than wanted when too few of the entities in it match. */
export async function findInOrder(
  { filter, limit, now, isLazy, onDone }: Plan,
  order: ValueOrder,
  { readInOrder, rows, yieldToEventLoop, onRead }: OrderSources,
): Promise<readonly Stored[]> {
  const placed = readInOrder(filter, order);
  if (!placed) {
    onRead({}, rows.total(), order.attr);
    return [];
  }
  const budget = createTimeBudget(yieldToEventLoop);
  const check = compileCheck({ filter, now }, rows);
  const hasRoom = createHeldContent();
  const found: Stored[] = [];
  // An entity whose number changes during the read has two rows in it.
  const nums = new Set<number>();
  let read = 0;
  for await (const row of candidates(placed, { rows, budget, most: limit + othersMax })) {
    read += 1;
    const stored = nums.has(row.num) ? undefined : checked(row, check, order);
    if (!stored) continue;
    nums.add(row.num);
    found.push(isLazy !== true || hasRoom(heldBy(stored)) ? stored : { ...lazyIn(row), place: row.place });
    if (found.length === limit) break;
  }
  onDone?.({ access: 'values', index: order.attr, read });
  return found;
}

const heldBy = ({ held = 0 }: Stored): number => held;

/** The entities of the rows that fit. */
async function* candidates(
  placed: Iterable<Placed>,
  { rows, budget, most }: { readonly rows: Pick<Rows, 'byNum'>; readonly budget: TimeBudget; readonly most: number },
): AsyncGenerator<EntityRow & Pick<Placed, 'place'>> {
  let seen = 0;
  for (const { place, num, fits } of placed) {
    seen += 1;
    if (seen > most) return;
    const pause = budget();
    if (pause) await pause;
    const row = fits ? rows.byNum(num) : undefined;
    if (row) yield { ...row, place };
  }
}

/** Undefined when the row is of another number of the entity than that by which it is in this order: that has a row of its own. */
function checked(row: EntityRow & Pick<Placed, 'place'>, check: Check, { attr }: ValueOrder): Stored | undefined {
  const stored = check(row, false);
  return stored && orderedNumber(stored.entity(), attr) === row.place ? { ...stored, place: row.place } : undefined;
}
