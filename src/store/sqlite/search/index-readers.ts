/** Finds the conditions of a filter that indexes answer, and reads the shortest list of entities that one of them gives. */
import type { Database } from 'better-sqlite3';
import type { Filter } from '../../../core/language/filter.ts';
import { searchBox } from '../../../core/language/geo/geo-query.ts';
import { indexedText } from '../../../core/language/indexed-text.ts';
import type { BoundingBox } from '../../../core/model/geometry.ts';
import { type IndexTerm, indexTerms } from '../writer/index-terms.ts';
import { ownerName } from '../writer/value-index.ts';
import type { NameReader } from '../names.ts';
import { boxCondition, type IndexCondition, never, type Sql, valueCondition } from './index-conditions.ts';
import type { TimeBudget } from './time-budget.ts';

/** The conditions of the filter itself that an index answers. Nested filters are left out. */
export type ReadConditions = (filter: Filter) => readonly IndexCondition[];

export function createReadConditions(database: Database, names: NameReader): ReadConditions {
  const isComplete = database.prepare<[number], number>('SELECT complete FROM indexed WHERE name = ?').pluck();
  const ofTerm = ({ attr, range }: IndexTerm): readonly IndexCondition[] => {
    const name = names.numOf(attr);
    if (name === undefined) return [never];
    return (isComplete.get(name) ?? 0) > 0 ? [{ ...valueCondition(database, name, range), about: attr }] : [];
  };
  const ofBox = (geoproperty: string | undefined, box: BoundingBox | 'everywhere'): readonly IndexCondition[] => {
    if (box === 'everywhere') return [];
    if (geoproperty === undefined) return [boxCondition(database, undefined, box)];
    const name = names.numOf(geoproperty);
    return [name === undefined ? never : { ...boxCondition(database, name, box), about: geoproperty }];
  };
  const ofOwner = (owner: string): IndexCondition => {
    const name = names.numOf(ownerName);
    return name === undefined
      ? never
      : { ...valueCondition(database, name, { keys: [indexedText(owner)] }), about: ownerName };
  };
  return ({ q, geo, owner }) => [
    ...(owner === undefined ? [] : [ofOwner(owner)]),
    ...(q ? indexTerms(q).flatMap(ofTerm) : []),
    // The location of NGSI v2 may have any name.
    ...(geo ? ofBox(geo.isV2 ? undefined : geo.geoproperty, searchBox(geo)) : []),
  ];
}

/** The tests of all conditions but one. */
export const testsOfOthers = (
  conditions: readonly IndexCondition[],
  one: IndexCondition,
  tests: readonly Sql[],
): readonly Sql[] => [...tests, ...conditions.flatMap((other) => (other === one ? [] : (other.test ?? [])))];

export interface ListLimits {
  readonly budget: TimeBudget;
  /** The longest list that pays off. */
  readonly lengthMax: number;
  /** What the entities must satisfy beside the conditions. */
  readonly tests: readonly Sql[];
}

/** `about`: what the index is of (`IndexCondition`). */
export interface ListOfIndex {
  readonly nums: readonly number[];
  readonly about: string | undefined;
}

/** Counting ends here: longer lists count as equally long. */
const countMax = 100_000;

/**
 * The numbers of the entities that satisfy all conditions with a test and at least one of the others, ascending. Undefined when each list
 * is longer than `lengthMax`.
 */
export async function shortestList(
  conditions: readonly IndexCondition[],
  { budget, lengthMax, tests }: ListLimits,
): Promise<ListOfIndex | undefined> {
  const counted = conditions.flatMap((one) =>
    one.count ? [{ one, count: one.count(Math.min(lengthMax, countMax) + 1) }] : [],
  );
  const [least] = counted.sort((a, b) => a.count - b.count);
  const isShort = least !== undefined && least.count <= lengthMax;
  let best: ListOfIndex | undefined;
  const candidates = [...(isShort ? [least.one] : []), ...conditions.filter(({ count }) => !count)];
  for (const one of candidates) {
    // A test costs more than a row of a long list. A list of boxes may be long, and a page needs only its first entities.
    const source = one.nums(testsOfOthers(conditions, one, one.kind === 'box' ? [] : tests));
    const nums = await collect(source, { budget, lengthMax: best ? best.nums.length : lengthMax });
    if (nums && (!best || nums.length < best.nums.length)) best = { nums, about: one.about };
  }
  return best && { ...best, nums: [...new Set(best.nums)].sort((a, b) => a - b) };
}

/** Index rows per check of the time budget. */
const rowsBetween = 256;

async function collect(
  source: Iterable<number>,
  { budget, lengthMax }: Omit<ListLimits, 'tests'>,
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
