/** Generates reproducible random numbers. A number depends only on a seed, a name and a counter. */

// Hashing calls these functions for every character. Constants avoid the look-up in the global object.
const { imul, floor, sqrt, max, min } = Math;

/** Returns a number from 0 (inclusive) to 1 (exclusive). The same name and turn always give the same number. */
export type Chance = (about: string, turn?: number) => number;

/** Creates the generator of a seed. Numbers of different seeds, names and turns are independent. */
export function createChance(seed: number | string): Chance {
  const start = mixText(2_166_136_261, String(seed));
  return (about, turn = 0) => {
    const named = mixText(start, about);
    return stir(named ^ stir(turn | 0) ^ floor(turn / 4_294_967_296)) / 4_294_967_296;
  };
}

/** FNV-1a over the UTF-16 units of a string. */
function mixText(start: number, text: string): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) hash = imul(hash ^ text.charCodeAt(index), 16_777_619);
  return hash;
}

/** The finalizer of MurmurHash3: every bit of the input affects every bit of the result. */
function stir(number: number): number {
  let hash = number;
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A number from a bell curve with mean 0 and standard deviation 1, limited to 3.5. */
export function bell(chance: Chance, about: string, turn = 0): number {
  const sum =
    chance(`${about}/a`, turn) + chance(`${about}/b`, turn) + chance(`${about}/c`, turn) + chance(`${about}/d`, turn);
  return (sum - 2) * sqrt(3);
}

/** A smooth curve through bell-distributed points that are one unit of `position` apart. */
export function drift(chance: Chance, about: string, position: number): number {
  const turn = floor(position);
  const share = position - turn;
  const eased = share * share * (3 - 2 * share);
  return bell(chance, about, turn) * (1 - eased) + bell(chance, about, turn + 1) * eased;
}

/** A number from `low` (inclusive) to `high` (exclusive). */
export const between = (chance: Chance, about: string, [low, high]: readonly [number, number]): number =>
  low + (high - low) * chance(about);

/** One of the choices. Throws a RangeError when there is none. */
export function pick<T>(chance: Chance, about: string, choices: readonly T[]): T {
  const choice = choices[floor(chance(about) * choices.length)];
  if (choice === undefined) throw new RangeError(`There is nothing to pick for ${about}.`);
  return choice;
}

export const clamp = (value: number, low: number, high: number): number => min(high, max(low, value));

/** Rounds a number to this many decimals. */
export const round = (value: number, decimals: number): number => {
  const scale = 10 ** decimals;
  // Adding zero turns -0 into 0, which JSON would write anyway.
  return Math.round(value * scale) / scale + 0;
};
