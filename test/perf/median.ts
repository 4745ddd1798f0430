/** The middle of figures. Of an even number of them, the greater of the two in the middle. */
export const median = (all: readonly number[] = []): number =>
  all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
