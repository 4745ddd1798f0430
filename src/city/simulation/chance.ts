/** Chance that can be asked again: numbers that depend on a seed, a name and a count, and on nothing else. */

// Hashing calls these for every letter; as constants they need no look-up in the global object.
const { imul, floor, sqrt, max, min } = Math;

/** A number from 0 to below 1, the same whenever it is asked for the same name and turn. */
export type Chance = (about: string, turn?: number) => number;

/** Chance of one seed. Different seeds, names and turns give numbers that have nothing to do with each other. */
export function createChance(seed: number | string): Chance {
  const start = mixText(2_166_136_261, String(seed));
  return (about, turn = 0) => {
    const named = mixText(start, about);
    return stir(named ^ stir(turn | 0) ^ floor(turn / 4_294_967_296)) / 4_294_967_296;
  };
}

/** FNV-1a over the UTF-16 units of a text. */
function mixText(start: number, text: string): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) hash = imul(hash ^ text.charCodeAt(index), 16_777_619);
  return hash;
}

/** The finishing step of MurmurHash3: every bit of the input reaches every bit of the result. */
function stir(number: number): number {
  let hash = number;
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A number from a bell curve with mean 0 and standard deviation 1, never beyond 3.5. */
export function bell(chance: Chance, about: string, turn = 0): number {
  const sum =
    chance(`${about}/a`, turn) + chance(`${about}/b`, turn) + chance(`${about}/c`, turn) + chance(`${about}/d`, turn);
  return (sum - 2) * sqrt(3);
}

/** A curve through bell-shaped points one unit of `position` apart: what wanders without jumping. */
export function drift(chance: Chance, about: string, position: number): number {
  const turn = floor(position);
  const share = position - turn;
  const eased = share * share * (3 - 2 * share);
  return bell(chance, about, turn) * (1 - eased) + bell(chance, about, turn + 1) * eased;
}

/** A number from `low` to below `high`. */
export const between = (chance: Chance, about: string, [low, high]: readonly [number, number]): number =>
  low + (high - low) * chance(about);

/** One of several. Throws a RangeError when there is none. */
export function pick<T>(chance: Chance, about: string, choices: readonly T[]): T {
  const choice = choices[floor(chance(about) * choices.length)];
  if (choice === undefined) throw new RangeError(`There is nothing to pick for ${about}.`);
  return choice;
}

export const clamp = (value: number, low: number, high: number): number => min(high, max(low, value));

/** A number with so many decimals. */
export const round = (value: number, decimals: number): number => {
  const scale = 10 ** decimals;
  // Adding zero turns -0 into 0, which is how JSON would write it anyway.
  return Math.round(value * scale) / scale + 0;
};
