/** Reads from an index the numbers of the entities that match one condition. */
import type { Database } from 'better-sqlite3';
import type { Filter } from '../../../core/language/filter.ts';
import { searchBox } from '../../../core/language/geo/geo-query.ts';
import type { BoundingBox } from '../../../core/model/geometry.ts';
import { slots } from '../writer/box-rows.ts';
import { type IndexTerm, indexTerms } from '../writer/index-terms.ts';
import { type NameReader, noName } from '../names.ts';
import type { TimeBudget } from './time-budget.ts';
import { type Pager, pagerOfSeveral, type Rows } from './rows.ts';

/** Index rows per check of the time budget. */
const rowsBetween = 256;

/** Starts to read the numbers from an index, unordered, with possible duplicates. */
export type IndexReader = () => Iterable<number>;

export interface IndexReaders {
  /** One per condition of the filter itself that an index answers. Nested filters are left out. */
  readonly readers: (filter: Filter) => readonly IndexReader[];
  /** The entities with one of a few values, in creation order, without a list. Undefined when the filter has no such condition. */
  readonly ordered: (filter: Filter) => Pager | undefined;
}

/** For more values than this, a merge of the pages of all values costs too much. */
const valuesMax = 8;

export function createIndexReaders(
  database: Database,
  { names, rows }: { names: NameReader; rows: Rows },
): IndexReaders {
  const isComplete = database.prepare<[number], number>('SELECT complete FROM indexed WHERE name = ?').pluck();
  const isIndexed = (name: number): boolean => isComplete.get(name) === 1;
  const ofTerm = ({ attr, wanted }: IndexTerm): readonly IndexReader[] => {
    const name = names.numOf(attr);
    if (name === undefined) return [() => []];
    if (!isIndexed(name)) return [];
    return [
      'keys' in wanted ? () => numsWithKeys(database, name, wanted.keys) : () => numsInRange(database, name, wanted),
    ];
  };
  const orderedBy = ({ attr, wanted }: IndexTerm): Pager | undefined => {
    const name = names.numOf(attr);
    if (name === undefined || !('keys' in wanted) || wanted.keys.length > valuesMax || !isIndexed(name))
      return undefined;
    return pagerOfSeveral(wanted.keys.map((key) => rows.withValue(name, key)));
  };
  const ofBox = (geoproperty: string, box: BoundingBox | 'everywhere'): readonly IndexReader[] => {
    if (box === 'everywhere') return [];
    const name = names.numOf(geoproperty);
    return [name === undefined ? () => [] : () => numsInBox(database, name, box)];
  };
  return {
    readers: ({ q, geo }) => [
      ...(q ? indexTerms(q).flatMap(ofTerm) : []),
      ...(geo ? ofBox(geo.geoproperty, searchBox(geo)) : []),
    ],
    ordered: ({ q }) =>
      q
        ? indexTerms(q)
            .map(orderedBy)
            .find((pager) => pager !== undefined)
        : undefined,
  };
}

// Each of these prepares its own statement: a second request cannot use a statement during its iteration.

function numsWithKeys(database: Database, name: number, keys: readonly (string | number)[]): Iterable<number> {
  const sql = 'SELECT num FROM json_each(?) AS wanted CROSS JOIN value WHERE name = ? AND value.value = wanted.value';
  return database.prepare<[string, number], number>(sql).pluck().iterate(JSON.stringify(keys), name);
}

function numsInRange(database: Database, name: number, { from, to }: { from: number; to: number }): Iterable<number> {
  const sql = 'SELECT num FROM value WHERE name = ? AND value BETWEEN ? AND ?';
  return database.prepare<[number, number, number], number>(sql).pluck().iterate(name, from, to);
}

/** Boxes without a name cover GeoProperties of any name. */
function numsInBox(database: Database, name: number, [west, south, east, north]: BoundingBox): Iterable<number> {
  const sql = `SELECT place / ${slots} FROM box WHERE west <= ? AND east >= ? AND south <= ? AND north >= ? AND name IN (?, ${noName})`;
  const bounds = [east, west, north, south] as const;
  return database
    .prepare<[number, number, number, number, number], number>(sql)
    .pluck()
    .iterate(...bounds, name);
}

interface ListLimits {
  readonly budget: TimeBudget;
  /** The maximum length of a list. */
  readonly lengthMax: number;
}

/** The numbers of the shortest list, ascending. Undefined when all lists are longer than `lengthMax`. */
export async function shortest(
  readers: readonly IndexReader[],
  { budget, lengthMax }: ListLimits,
): Promise<readonly number[] | undefined> {
  let best: readonly number[] | undefined;
  for (const reader of readers) {
    const nums = await collect(reader(), { budget, lengthMax: best ? best.length : lengthMax });
    if (nums && (!best || nums.length < best.length)) best = nums;
  }
  return best && [...new Set(best)].sort((a, b) => a - b);
}

async function collect(
  source: Iterable<number>,
  { budget, lengthMax }: ListLimits,
): Promise<readonly number[] | undefined> {
  const nums: number[] = [];
  for (const num of source) {
    nums.push(num);
    if (nums.length > lengthMax) return undefined;
    const pause = nums.length % rowsBetween === 0 ? budget() : undefined;
    if (pause) await pause;
  }
  return nums;
}
