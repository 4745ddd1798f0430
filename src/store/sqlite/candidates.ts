/** Chooses the index that answers a filter best: a superset of what is to be found, in creation order. */
import type { Database } from 'better-sqlite3';
import type { EntitySelector, Filter, TypeSelection } from '../../core/language/filter.ts';
import { searchBox } from '../../core/language/geo-query.ts';
import type { BoundingBox } from '../../core/model/geometry.ts';
import { slots } from './box-rows.ts';
import { type IndexTerm, indexTerms } from './index-terms.ts';
import { type NameReader, noName } from './names.ts';
import type { Pace } from './pace.ts';
import { type Pager, pagerOfNums, pagerOfSeveral, type Rows } from './rows.ts';

/** What may be found. */
export interface Candidates {
  readonly pager: Pager;
  /** True when every candidate is found, but for those that have expired: nobody needs to read them. */
  readonly isExact: boolean;
}

/** Chooses among the indexes of one file. `isExhaustive`: all that is found will be asked for, not just a page. */
export type Choose = (
  filter: Filter,
  how: { readonly pace: Pace; readonly isExhaustive: boolean },
) => Promise<Candidates>;

/** Above this many numbers from an index, a page of a query is found faster by looking at entities in their order. */
const listMax = 50_000;

/** Rows of an index that are read between two looks at the clock. */
const rowsBetween = 256;

export function createChoose(database: Database, { names, rows }: { names: NameReader; rows: Rows }): Choose {
  const lists = createLists(database, names);
  const typed = createTyped({ names, rows });

  return async (filter, { pace, isExhaustive }) => {
    const conjuncts = conjunctsOf(filter);
    const byId = conjuncts.map(({ selectors }) => selectors && idsIn(selectors)).find((ids) => ids !== undefined);
    if (byId) return { pager: pagerOfIds(byId, rows), isExact: isByIdOnly(filter) };
    const list = await smallest(conjuncts.flatMap(lists.readers), { pace, most: isExhaustive ? Infinity : listMax });
    if (list) return { pager: pagerOfNums(list, rows), isExact: false };
    const pager = conjuncts.map(typed).find((one) => one !== undefined) ?? rows.all;
    return { pager, isExact: isByTypeOnly(filter) };
  };
}

/** The filter and the filters in it that must hold too. */
const conjunctsOf = (filter: Filter): readonly Filter[] => [filter, ...(filter.also ?? []).flatMap(conjunctsOf)];

/** All ids that the selectors allow; undefined when one of them allows any. */
function idsIn(selectors: readonly EntitySelector[]): readonly string[] | undefined {
  const lists = selectors.map(({ ids }) => ids);
  return lists.includes(undefined) ? undefined : lists.flatMap((ids) => ids ?? []);
}

function pagerOfIds(ids: readonly string[], rows: Rows): Pager {
  const nums = [...new Set(ids)].flatMap((id) => rows.byId(id)?.num ?? []);
  return pagerOfNums(
    nums.sort((a, b) => a - b),
    rows,
  );
}

/** True when nothing but selectors speak, and these of nothing but ids. */
const isByIdOnly = (filter: Filter): boolean =>
  hasSelectorsOnly(filter) && (filter.selectors?.every(({ types }) => types === undefined) ?? true);

const isByTypeOnly = (filter: Filter): boolean =>
  hasSelectorsOnly(filter) &&
  (filter.selectors?.every(({ ids, idPattern, types }) => !ids && !idPattern && (!types || isUnion(types))) ?? true);

const hasSelectorsOnly = ({ attrs, q, geo, scopeQ, also, anyOf }: Filter): boolean =>
  !attrs && !q && !geo && !scopeQ && !also && !anyOf;

const isUnion = (types: TypeSelection): boolean =>
  types.op === 'type' || types.op === 'any' || (types.op === 'or' && types.parts.every(isUnion));

/** The pager of the types that a filter allows; undefined when it allows any. */
function createTyped({ names, rows }: { names: NameReader; rows: Rows }): (filter: Filter) => Pager | undefined {
  return ({ selectors }) => {
    if (!selectors) return undefined;
    const lists = selectors.map(({ types }) => types && typesIn(types));
    if (lists.includes(undefined)) return undefined;
    const nums = new Set(lists.flatMap((types) => types ?? []).flatMap((type) => names.numOf(type) ?? []));
    return pagerOfSeveral([...nums].map((num) => rows.ofType(num)));
  };
}

/** Types of which an entity must have one to be selected; undefined: it may have any. */
function typesIn(selection: TypeSelection): readonly string[] | undefined {
  switch (selection.op) {
    case 'any':
      return undefined;
    case 'type':
      return [selection.type];
    case 'and':
      return selection.parts.map(typesIn).find((types) => types !== undefined);
    case 'or': {
      const lists = selection.parts.map(typesIn);
      return lists.includes(undefined) ? undefined : lists.flatMap((types) => types ?? []);
    }
  }
}

/** Starts reading the numbers that an index gives, unordered and perhaps with repeats. */
type ListReader = () => Iterable<number>;

interface Lists {
  /** One for each condition of a filter (not of those in it) that an index answers. */
  readonly readers: (filter: Filter) => readonly ListReader[];
}

function createLists(database: Database, names: NameReader): Lists {
  const isComplete = database.prepare<[number], number>('SELECT complete FROM indexed WHERE name = ?').pluck();
  const ofTerm = ({ attr, wanted }: IndexTerm): readonly ListReader[] => {
    const name = names.numOf(attr);
    if (name === undefined) return [() => []];
    if (isComplete.get(name) !== 1) return [];
    return [
      'keys' in wanted ? () => numsWithKeys(database, name, wanted.keys) : () => numsInRange(database, name, wanted),
    ];
  };
  const ofBox = (geoproperty: string, box: BoundingBox | 'everywhere'): readonly ListReader[] => {
    if (box === 'everywhere') return [];
    const name = names.numOf(geoproperty);
    return [name === undefined ? () => [] : () => numsInBox(database, name, box)];
  };
  return {
    readers: ({ q, geo }) => [
      ...(q ? indexTerms(q).flatMap(ofTerm) : []),
      ...(geo ? ofBox(geo.geoproperty, searchBox(geo)) : []),
    ],
  };
}

// Each of these prepares its own statement: one that is being stepped through cannot be used by another request.

function numsWithKeys(database: Database, name: number, keys: readonly (string | number)[]): Iterable<number> {
  const sql = 'SELECT num FROM json_each(?) AS wanted CROSS JOIN value WHERE name = ? AND value.value = wanted.value';
  return database.prepare<[string, number], number>(sql).pluck().iterate(JSON.stringify(keys), name);
}

function numsInRange(database: Database, name: number, { from, to }: { from: number; to: number }): Iterable<number> {
  const sql = 'SELECT num FROM value WHERE name = ? AND value BETWEEN ? AND ?';
  return database.prepare<[number, number, number], number>(sql).pluck().iterate(name, from, to);
}

/** Boxes without a name are around GeoProperties of any name. */
function numsInBox(database: Database, name: number, [west, south, east, north]: BoundingBox): Iterable<number> {
  const sql = `SELECT place / ${slots} FROM box WHERE west <= ? AND east >= ? AND south <= ? AND north >= ? AND name IN (?, ${noName})`;
  const bounds = [east, west, north, south] as const;
  return database
    .prepare<[number, number, number, number, number], number>(sql)
    .pluck()
    .iterate(...bounds, name);
}

/** The numbers that an index gives, ascending; the shortest such list. Undefined when all of them are longer than `most`. */
async function smallest(
  readers: readonly ListReader[],
  { pace, most }: { pace: Pace; most: number },
): Promise<readonly number[] | undefined> {
  let best: readonly number[] | undefined;
  for (const reader of readers) {
    const nums = await collect(reader(), { pace, most: best ? best.length : most });
    if (nums && (!best || nums.length < best.length)) best = nums;
  }
  return best && [...new Set(best)].sort((a, b) => a - b);
}

async function collect(
  source: Iterable<number>,
  { pace, most }: { pace: Pace; most: number },
): Promise<readonly number[] | undefined> {
  const nums: number[] = [];
  for (const num of source) {
    nums.push(num);
    if (nums.length > most) return undefined;
    const pause = nums.length % rowsBetween === 0 ? pace() : undefined;
    if (pause) await pause;
  }
  return nums;
}
