/** How long to wait before something that failed is tried again: longer each time, and never all at once. */

const firstMs = 1000;
const mostMs = 60_000;

/**
 * The wait after so many failures in a row: doubled each time up to a minute, of which a random half is left out.
 * `chance` is from 0 to 1.
 */
export function backoffMs(failures: number, chance: number): number {
  const wholeMs = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return wholeMs / 2 + (wholeMs / 2) * chance;
}
