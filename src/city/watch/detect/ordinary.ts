/**
 * Learns what is ordinary for a series: the largest change, the longest pause and the longest run of equal values in each of its last blocks.
 * A block is a day, or 24 values when these take longer.
 */
import { dayMicros, type Micros } from '../../../core/model/instant.ts';

/** How many blocks are kept. */
const blocksMax = 15;
const valuesMin = 24;

/** The places of a block's extremes. */
export const extreme = { change: 0, pause: 1, run: 2, runAtBound: 3 } as const;
const width = 4;

export interface Ordinary {
  /** The extremes of ended blocks, `width` numbers each, in a ring. */
  readonly ended: Float32Array;
  /** How many blocks have ended. */
  count: number;
  /** The extremes of the current block, its start and its number of values. */
  readonly current: Float32Array;
  since: Micros;
  values: number;
}

export const createOrdinary = (): Ordinary => ({
  ended: new Float32Array(blocksMax * width),
  count: 0,
  current: new Float32Array(width),
  since: Number.NaN,
  values: 0,
});

/** Notes an extreme in the current block. */
export function note({ current }: Ordinary, place: number, size: number): void {
  if (size > (current[place] ?? 0)) current[place] = size;
}

/** Counts a value, and ends the block when it is long enough. Returns true when a block has ended. */
export function countValue(ordinary: Ordinary, at: Micros): boolean {
  if (Number.isNaN(ordinary.since)) ordinary.since = at;
  ordinary.values += 1;
  if (at - ordinary.since < dayMicros || ordinary.values < valuesMin) return false;
  ordinary.ended.set(ordinary.current, (ordinary.count % blocksMax) * width);
  ordinary.count += 1;
  ordinary.current.fill(0);
  ordinary.since = at;
  ordinary.values = 0;
  return true;
}

/** The extremes of the ended blocks at this place, ascending. */
function ascending({ ended, count }: Ordinary, place: number): readonly number[] {
  const length = Math.min(count, blocksMax);
  return Array.from({ length }, (_, block) => ended[block * width + place] ?? 0).sort((a, b) => a - b);
}

/** What the blocks say, computed once for each block. Undefined: too few blocks have ended. */
export interface Learnt {
  /** The largest change of an ordinary block: the median of the blocks. */
  readonly change: number | undefined;
  /** The longest pause that came twice, so that a single interruption is not learnt. */
  readonly pause: number | undefined;
  /** The longest run of equal values, apart from those at a bound, such as no rain. */
  readonly run: number | undefined;
  readonly runAtBound: number | undefined;
}

export const nothingLearnt: Learnt = { change: undefined, pause: undefined, run: undefined, runAtBound: undefined };

/** How many blocks must have ended. */
const blocksMin = { change: 5, pause: 3, run: 3 } as const;

export function learntOf(ordinary: Ordinary): Learnt {
  const { count } = ordinary;
  const [changes, pauses] = [ascending(ordinary, extreme.change), ascending(ordinary, extreme.pause)];
  const longest = (place: number): number | undefined =>
    count < blocksMin.run ? undefined : ascending(ordinary, place).at(-1);
  return {
    change: count < blocksMin.change ? undefined : changes[changes.length >> 1],
    pause: count < blocksMin.pause ? undefined : pauses.at(-2),
    run: longest(extreme.run),
    runAtBound: longest(extreme.runAtBound),
  };
}
