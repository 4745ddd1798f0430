/** The conditions of a filter that indexes answer, as SQL. They are necessary conditions: the entities are checked anyway. */
import type { Database } from 'better-sqlite3';
import type { BoundingBox } from '../../../core/model/geometry.ts';
import { slots } from '../writer/box-rows.ts';
import type { IndexTerm } from '../writer/index-terms.ts';
import { noName } from '../names.ts';
import { type EntityRow, pageColumns, type Pager, pagerOfSeveral } from './rows.ts';

type Value = string | number;

/** SQL with its parameters. */
export interface Sql {
  readonly text: string;
  readonly values: readonly Value[];
}

/** A condition that an index answers. `tests` are further conditions on the same entities. */
export interface IndexCondition {
  /** `values`: one of some values. `range`: a number between two others. */
  readonly kind: 'values' | 'range' | 'box' | 'never';
  /** What the index is of, for reports: an attribute, or the owner. Absent: any place. */
  readonly about?: string;
  /** The condition as a test on `item.num`. Undefined: only a list answers it. */
  readonly test?: Sql;
  /** The number of its rows in the index, counted up to `most`. Undefined: not known before they are read. */
  readonly count?: (most: number) => number;
  /** Starts to read the numbers of its entities, unordered, with possible duplicates. */
  readonly nums: (tests: readonly Sql[]) => Iterable<number>;
  /** Its entities in creation order, without a list. */
  readonly ordered?: (tests: readonly Sql[]) => Pager;
}

/** No entity satisfies it. */
export const never: IndexCondition = { kind: 'never', count: () => 0, nums: () => [] };

/** For more values than this, a merge of the pages of all values costs too much. */
const valuesMax = 8;

/** The index rows of an attribute, by the primary key: in the order of the values. */
const ofName = 'FROM value AS item NOT INDEXED WHERE item.name = ?';

/** A condition on the values of an indexed attribute. */
export function valueCondition(database: Database, name: number, range: IndexTerm['range']): IndexCondition {
  const { text, values } = matching('item.value', range);
  const other = matching('other.value', range);
  return {
    kind: 'keys' in range ? 'values' : 'range',
    test: {
      text: `EXISTS (SELECT 1 FROM value AS other INDEXED BY value_num WHERE other.name = ? AND other.num = item.num AND ${other.text})`,
      values: [name, ...other.values],
    },
    count: (most) => {
      const sql = `SELECT count(*) FROM (SELECT 1 ${ofName} AND ${text} LIMIT ?)`;
      return (
        database
          .prepare<Value[], number>(sql)
          .pluck()
          .get(name, ...values, most) ?? 0
      );
    },
    nums: (tests) =>
      iterate(database, `SELECT item.num ${ofName} AND ${text}${and(tests)}`, [name, ...values, ...valuesOf(tests)]),
    ...orderedBy(database, name, range),
  };
}

function orderedBy(
  database: Database,
  name: number,
  range: IndexTerm['range'],
): Pick<IndexCondition, 'ordered'> | undefined {
  if (!('keys' in range)) {
    const all = { text: 'FROM value AS item INDEXED BY value_num WHERE item.name = ?', values: [name] };
    return { ordered: (tests) => inOrder(database, all, [matching('item.value', range), ...tests]) };
  }
  const { keys } = range;
  if (keys.length > valuesMax) return undefined;
  const text = `${ofName} AND item.value = ?`;
  return {
    ordered: (tests) => pagerOfSeveral(keys.map((key) => inOrder(database, { text, values: [name, key] }, tests))),
  };
}

const matching = (column: string, range: IndexTerm['range']): Sql =>
  'keys' in range
    ? { text: `${column} IN (SELECT value FROM json_each(?))`, values: [JSON.stringify(range.keys)] }
    : { text: `${column} BETWEEN ? AND ?`, values: [range.from, range.to] };

/** A geometry may be in the box: of this name, or of any. Boxes without a name cover GeoProperties of any name. */
export function boxCondition(
  database: Database,
  name: number | undefined,
  [west, south, east, north]: BoundingBox,
): IndexCondition {
  const sql = `SELECT num FROM (SELECT place / ${slots} AS num FROM box
    WHERE west <= ? AND east >= ? AND south <= ? AND north >= ?${name === undefined ? '' : ` AND name IN (?, ${noName})`}) AS item`;
  const bounds = [east, west, north, south, ...(name === undefined ? [] : [name])];
  return {
    kind: 'box',
    nums: (tests) => iterate(database, `${sql} WHERE TRUE${and(tests)}`, [...bounds, ...valuesOf(tests)]),
  };
}

/** The entity has one of the types. */
export const typeTest = (types: readonly number[]): Sql => ({
  text: 'EXISTS (SELECT 1 FROM entity_type WHERE type IN (SELECT value FROM json_each(?)) AND entity_type.num = item.num)',
  values: [JSON.stringify(types)],
});

const and = (tests: readonly Sql[]): string => tests.map(({ text }) => ` AND ${text}`).join('');
const valuesOf = (tests: readonly Sql[]): readonly Value[] => tests.flatMap(({ values }) => values);

/** Prepares a statement of its own: a second request cannot use a statement during its iteration. */
const iterate = (database: Database, sql: string, values: readonly Value[]): Iterable<number> =>
  database
    .prepare<Value[], number>(sql)
    .pluck()
    .iterate(...values);

/** A page scans the entities of at most this many numbers, so that others are served in between: a few milliseconds. */
const scannedMax = 20_000;

/** Pages of the entities of index rows that pass the tests. `from`: the rows, in the order of `item.num`. */
function inOrder(database: Database, from: Sql, tests: readonly Sql[]): Pager {
  const found = database.prepare<Value[], EntityRow>(
    `SELECT ${pageColumns} FROM (
       SELECT DISTINCT item.num ${from.text} AND item.num > ? AND item.num <= ?${and(tests)} ORDER BY item.num LIMIT ?
     ) AS page CROSS JOIN entity ON entity.num = page.num ORDER BY page.num`,
  );
  const next = database.prepare<Value[], number>(
    `SELECT item.num ${from.text} AND item.num > ? ORDER BY item.num LIMIT 1`,
  );
  return (after, size) => {
    const end = after + scannedMax;
    const rows = found.all(...from.values, after, end, ...valuesOf(tests), size);
    if (rows.length === size) return { rows, next: rows.at(-1)?.num };
    const first = next.pluck().get(...from.values, end);
    return { rows, next: first === undefined ? undefined : first - 1 };
  };
}
