/** Reads entities in the order of the numbers of an indexed attribute. */
import type { Database } from 'better-sqlite3';
import type { Filter } from '../../../core/language/filter.ts';
import type { ValueOrder } from '../../../core/port/store.ts';
import type { NameReader } from '../names.ts';
import { isMarkedIn } from '../writer/value-index.ts';
import { type Sql, typeTest } from './index-conditions.ts';
import type { ReadConditions } from './index-readers.ts';
import { conjunctsOf, createTypesReader } from './query-planner.ts';

/** A row of the index. */
export interface Placed {
  /** The value. */
  readonly place: number;
  readonly num: number;
  /** False: the entity does not match the filter. */
  readonly fits: boolean;
}

/**
 * The rows of an order, in this order. An entity has one for each of its numbers. Undefined: there is no index, or it does not say which
 * entities come first.
 */
export type ReadInOrder = (filter: Filter, order: ValueOrder) => Iterable<Placed> | undefined;

interface Indexes {
  readonly names: NameReader;
  readonly conditionsOf: ReadConditions;
}

export function createReadInOrder(database: Database, { names, conditionsOf }: Indexes): ReadInOrder {
  const typesOf = createTypesReader(names);
  const completeness = database.prepare<[number], number>('SELECT complete FROM indexed WHERE name = ?').pluck();
  // Texts sort after numbers in the index. They stand for everything that is no number.
  const hasOthers = database.prepare<[number], number>("SELECT 1 FROM value WHERE name = ? AND value >= '' LIMIT 1");
  const isUsable = (name: number, isDescending: boolean): boolean => {
    const complete = completeness.get(name) ?? 0;
    if (complete <= 0) return false;
    // What is no number comes after the numbers; in descending order, before them.
    return !isDescending || (isMarkedIn(complete) && hasOthers.get(name) === undefined);
  };
  return (filter, { attr, isDescending }) => {
    const name = names.numOf(attr);
    if (name === undefined || !isUsable(name, isDescending)) return undefined;
    const conjuncts = conjunctsOf(filter);
    const types = conjuncts.map(typesOf).filter((nums) => nums !== undefined);
    const tests = [...types.map(typeTest), ...conjuncts.flatMap(conditionsOf).flatMap(({ test }) => test ?? [])];
    return rowsInOrder(database, { name, isDescending }, tests);
  };
}

/** Rows that one statement reads: others are served in between. */
const rowsAtOnce = 200;

/** Equal values are in creation order, in both directions: the rows of one value are read after those of another. */
function* rowsInOrder(
  database: Database,
  { name, isDescending }: { readonly name: number; readonly isDescending: boolean },
  tests: readonly Sql[],
): Iterable<Placed> {
  const next = database
    .prepare<[number, number], number>(
      isDescending
        ? 'SELECT value FROM value NOT INDEXED WHERE name = ? AND value < ? ORDER BY value DESC LIMIT 1'
        : "SELECT value FROM value NOT INDEXED WHERE name = ? AND value > ? AND value < '' ORDER BY value LIMIT 1",
    )
    .pluck();
  const fits = ['TRUE', ...tests.map(({ text }) => text)].join(' AND ');
  const ofValue = database.prepare<(number | string)[], { num: number; fits: number }>(
    `SELECT item.num, (${fits}) AS fits FROM value AS item NOT INDEXED
     WHERE item.name = ? AND item.value = ? AND item.num > ? ORDER BY item.num LIMIT ${rowsAtOnce}`,
  );
  const values = tests.flatMap((test) => test.values);
  let place: number | undefined = isDescending ? Infinity : -Infinity;
  while ((place = next.get(name, place)) !== undefined) {
    let after: number | undefined = -1;
    while (after !== undefined) {
      const rows: readonly { num: number; fits: number }[] = ofValue.all(...values, name, place, after);
      for (const row of rows) yield { place, num: row.num, fits: row.fits === 1 };
      after = rows.length < rowsAtOnce ? undefined : rows.at(-1)?.num;
    }
  }
}
